//! Numbers as little-endian bytes: what records of pipelines are written and read with.

/// Appends numbers to bytes.
pub trait PutFields {
    /// A whole number of four bytes.
    fn put_u32(&mut self, value: u32);
    /// Whole numbers of four bytes.
    fn put_u32s(&mut self, values: &[u32]);
    /// Whole numbers of two bytes.
    fn put_u16s(&mut self, values: &[u16]);
    /// Single-precision numbers.
    fn put_f32s(&mut self, values: &[f32]);
    /// Double-precision numbers.
    fn put_f64s(&mut self, values: &[f64]);
}

/// Makes room once and fills it, which compiles to a copy on machines that are little-endian.
macro_rules! put_all {
    ($bytes:ident, $values:ident, $size:literal) => {{
        let start = $bytes.len();
        $bytes.resize(start + $size * $values.len(), 0);
        let places = $bytes[start..].as_chunks_mut::<$size>().0;
        for (place, value) in places.iter_mut().zip($values) {
            *place = value.to_le_bytes();
        }
    }};
}

impl PutFields for Vec<u8> {
    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u32s(&mut self, values: &[u32]) {
        put_all!(self, values, 4);
    }

    fn put_u16s(&mut self, values: &[u16]) {
        put_all!(self, values, 2);
    }

    fn put_f32s(&mut self, values: &[f32]) {
        put_all!(self, values, 4);
    }

    fn put_f64s(&mut self, values: &[f64]) {
        put_all!(self, values, 8);
    }
}

/// Takes numbers from the front of bytes. Each method is `None` when there are too few.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Will take from these.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A whole number of two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*taken))
    }

    /// A whole number of four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*taken))
    }

    /// A whole number of eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*taken))
    }

    /// A single-precision number.
    pub fn f32(&mut self) -> Option<f32> {
        self.u32().map(f32::from_bits)
    }

    /// A double-precision number.
    pub fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }

    /// So many whole numbers of two bytes.
    pub fn u16s(&mut self, count: usize) -> Option<impl ExactSizeIterator<Item = u16> + 'a> {
        let words = self.bytes(2 * count)?.as_chunks::<2>().0;
        Some(words.iter().map(|word| u16::from_le_bytes(*word)))
    }

    /// So many whole numbers of four bytes.
    pub fn u32s(&mut self, count: usize) -> Option<impl ExactSizeIterator<Item = u32> + 'a> {
        let words = self.bytes(4 * count)?.as_chunks::<4>().0;
        Some(words.iter().map(|word| u32::from_le_bytes(*word)))
    }

    /// So many single-precision numbers.
    pub fn f32s(&mut self, count: usize) -> Option<impl ExactSizeIterator<Item = f32> + 'a> {
        let words = self.bytes(4 * count)?.as_chunks::<4>().0;
        Some(words.iter().map(|word| f32::from_le_bytes(*word)))
    }

    /// So many double-precision numbers.
    pub fn f64s(&mut self, count: usize) -> Option<impl ExactSizeIterator<Item = f64> + 'a> {
        let words = self.bytes(8 * count)?.as_chunks::<8>().0;
        Some(words.iter().map(|word| f64::from_le_bytes(*word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken_and_no_more() {
        let mut bytes = Vec::new();
        bytes.put_u32(7);
        bytes.put_u16s(&[1, 65_535]);
        bytes.put_f32s(&[0.5, -0.0]);
        bytes.put_f64s(&[1e300]);
        bytes.put_u32s(&[9]);
        assert_eq!(bytes.len(), 4 + 4 + 8 + 8 + 4);
        let mut fields = Fields::of(&bytes);
        assert_eq!(fields.u32(), Some(7));
        assert_eq!(fields.u16s(2).unwrap().collect::<Vec<_>>(), [1, 65_535]);
        let singles: Vec<u32> = fields.f32s(2).unwrap().map(f32::to_bits).collect();
        assert_eq!(singles, [0.5_f32, -0.0].map(f32::to_bits));
        assert_eq!(fields.f64s(1).unwrap().collect::<Vec<_>>(), [1e300]);
        assert!(fields.f64s(1).is_none());
        assert_eq!(fields.u32s(1).unwrap().collect::<Vec<_>>(), [9]);
        assert!(fields.is_empty() && fields.u16().is_none());
    }
}
