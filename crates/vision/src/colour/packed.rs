//! Planes one behind the other without gaps: how a decoded picture is handed to another process.

use super::format::{PictureFormat, PlaneError, Planes};

impl PictureFormat {
    /// Bytes of a picture of `width` x `height` pixels whose planes lie one behind the other.
    pub fn packed_bytes(self, width: usize, height: usize) -> usize {
        let sizes = (0..self.planes()).map(|plane| self.plane_size(plane, width, height));
        sizes.map(|(row, rows)| row * rows).sum()
    }
}

impl<'a> Planes<'a> {
    /// Looks at the picture that [`pack`](Self::pack) wrote at the beginning of `bytes`.
    ///
    /// # Errors
    /// When there are too few bytes.
    pub fn packed(
        format: PictureFormat,
        width: usize,
        height: usize,
        bytes: &'a [u8],
    ) -> Result<Self, PlaneError> {
        let (mut planes, mut strides): ([&[u8]; 3], _) = ([&[]; 3], [0; 3]);
        let mut rest = bytes;
        for plane in 0..format.planes() {
            let (row, rows) = format.plane_size(plane, width, height);
            // What is missing is found out below.
            let (here, behind) = rest.split_at(rest.len().min(row.saturating_mul(rows)));
            (planes[plane], strides[plane], rest) = (here, row, behind);
        }
        Self::new(format, width, height, planes, strides)
    }

    /// Writes the planes one behind the other to the beginning of `out`.
    ///
    /// # Panics
    /// When `out` is shorter than [`PictureFormat::packed_bytes`].
    pub fn pack(&self, out: &mut [u8]) {
        let format = self.format();
        let mut out = &mut out[..format.packed_bytes(self.width(), self.height())];
        for plane in 0..format.planes() {
            let (row, rows) = format.plane_size(plane, self.width(), self.height());
            let (here, behind) = out.split_at_mut(row * rows);
            if row == self.stride(plane) {
                here.copy_from_slice(&self.plane(plane)[..row * rows]);
            } else {
                for (y, out) in here.chunks_exact_mut(row.max(1)).enumerate() {
                    out.copy_from_slice(self.row(plane, y));
                }
            }
            out = behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::{Chroma, Converter, Depth, Range};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_picture_is_the_same(
            (width, height) in (1_usize..40, 1_usize..40),
            chroma in prop::sample::select(vec![Chroma::None, Chroma::Quarter, Chroma::Half, Chroma::Full]),
            depth in prop::sample::select(vec![Depth::Eight, Depth::Ten, Depth::TenHigh]),
            interleaved: bool,
            gap in 0_usize..9,
        ) {
            let range = Range::Full;
            let format = PictureFormat { chroma, depth, interleaved, range };
            let made: Vec<(Vec<u8>, usize)> = (0..3)
                .map(|plane| {
                    let (row, rows) = format.plane_size(plane, width, height);
                    let stride = row + gap;
                    ((0..stride * rows).map(|i| (i * 37 % 251) as u8).collect(), stride)
                })
                .collect();
            let planes = [0, 1, 2].map(|plane| &made[plane].0[..]);
            let picture = Planes::new(format, width, height, planes, [0, 1, 2].map(|p| made[p].1));
            let picture = picture.unwrap();
            let bytes = format.packed_bytes(width, height);
            let mut packed = vec![0; bytes];
            picture.pack(&mut packed);
            prop_assert!(Planes::packed(format, width, height, &packed[..bytes - 1]).is_err());
            let again = Planes::packed(format, width, height, &packed).unwrap();
            let mut converter = Converter::new(format, width, height);
            for y in 0..height {
                let pixels = converter.row(&picture, y, 0..width).to_vec();
                prop_assert_eq!(&pixels[..], converter.row(&again, y, 0..width));
            }
        }
    }
}
