//! How decoded pictures lie in memory: which formats are known, and planes of one that fit it.

use super::values::{self, Packing, Scale, Turn};

/// How many rows and columns of the picture share one value of each chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// There is none: a grey picture. Only of full range.
    None,
    /// Two by two pixels share one (4:2:0).
    Quarter,
    /// Two neighbours of a row share one (4:2:2).
    Half,
    /// Each pixel has its own (4:4:4).
    Full,
}

/// Bits of a value, and where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// 8 bits in a byte.
    Eight,
    /// 10 bits, the lower ones of two bytes, the low byte first.
    Ten,
    /// 10 bits, the upper ones of two bytes, the low byte first, as hardware gives them.
    TenHigh,
}

/// Which values stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// 16 and 235 of 255.
    Limited,
    /// 0 and 255 of 255.
    Full,
}

/// A format that can be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureFormat {
    /// The chroma there is.
    pub chroma: Chroma,
    /// Bits of each value.
    pub depth: Depth,
    /// Whether the two chromas take turns in one plane (NV12, P010) and not a plane each.
    pub interleaved: bool,
    /// Which values stand for black and white.
    pub range: Range,
}

impl PictureFormat {
    /// A number that stands for it in messages between processes.
    pub fn code(self) -> u16 {
        let Self {
            chroma,
            depth,
            interleaved,
            range,
        } = self;
        chroma as u16 | (depth as u16) << 4 | u16::from(interleaved) << 8 | (range as u16) << 12
    }

    /// The format with this [`code`](Self::code).
    pub fn from_code(code: u16) -> Option<Self> {
        let chromas = [Chroma::None, Chroma::Quarter, Chroma::Half, Chroma::Full];
        let format = Self {
            chroma: *chromas.get(usize::from(code & 15))?,
            depth: *[Depth::Eight, Depth::Ten, Depth::TenHigh].get(usize::from(code >> 4 & 15))?,
            interleaved: code >> 8 & 1 == 1,
            range: *[Range::Limited, Range::Full].get(usize::from(code >> 12))?,
        };
        (format.code() == code).then_some(format)
    }

    /// Bits of one value.
    pub fn bits(self) -> u32 {
        match self.depth {
            Depth::Eight => 8,
            Depth::Ten | Depth::TenHigh => 10,
        }
    }

    /// Bytes of one value.
    pub fn sample_bytes(self) -> usize {
        match self.depth {
            Depth::Eight => 1,
            Depth::Ten | Depth::TenHigh => 2,
        }
    }

    /// Number of planes.
    pub fn planes(self) -> usize {
        match (self.chroma, self.interleaved) {
            (Chroma::None, _) => 1,
            (_, true) => 2,
            (_, false) => 3,
        }
    }

    /// Columns and rows of a chroma plane's values for a picture of `width` x `height`.
    pub fn chroma_size(self, width: usize, height: usize) -> (usize, usize) {
        match self.chroma {
            Chroma::None => (0, 0),
            Chroma::Quarter => (width.div_ceil(2), height.div_ceil(2)),
            Chroma::Half => (width.div_ceil(2), height),
            Chroma::Full => (width, height),
        }
    }

    /// Bytes of a row, and rows, of plane `plane` of a picture of `width` x `height`.
    pub fn plane_size(self, plane: usize, width: usize, height: usize) -> (usize, usize) {
        let (columns, rows) = match plane {
            0 => (width, height),
            _ => {
                let (columns, rows) = self.chroma_size(width, height);
                (columns * if self.interleaved { 2 } else { 1 }, rows)
            }
        };
        (columns * self.sample_bytes(), rows)
    }
}

/// The planes do not hold a picture of the size and format that they claim.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("plane {plane} has {bytes} bytes in rows of {stride}; it should have {rows} rows of {row}")]
pub struct PlaneError {
    plane: usize,
    bytes: usize,
    stride: usize,
    rows: usize,
    row: usize,
}

/// A decoded picture, looked at where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    format: PictureFormat,
    width: usize,
    height: usize,
    planes: [&'a [u8]; 3],
    strides: [usize; 3],
}

impl<'a> Planes<'a> {
    /// Looks at `planes`, whose rows are `strides` bytes apart, as a picture of `width` x `height`
    /// pixels. Planes that the format has not are not looked at.
    ///
    /// # Errors
    /// When a plane is too short.
    pub fn new(
        format: PictureFormat,
        width: usize,
        height: usize,
        planes: [&'a [u8]; 3],
        strides: [usize; 3],
    ) -> Result<Self, PlaneError> {
        for plane in 0..format.planes() {
            let (row, rows) = format.plane_size(plane, width, height);
            let (bytes, stride) = (planes[plane].len(), strides[plane]);
            let needed = stride
                .checked_mul(rows.saturating_sub(1))
                .and_then(|before| before.checked_add(row));
            if row > stride || needed.is_none_or(|needed| needed > bytes) {
                return Err(PlaneError {
                    plane,
                    bytes,
                    stride,
                    rows,
                    row,
                });
            }
        }
        Ok(Self {
            format,
            width,
            height,
            planes,
            strides,
        })
    }

    /// The format.
    pub fn format(&self) -> PictureFormat {
        self.format
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns and rows of a chroma plane's values.
    pub(super) fn chroma_size(&self) -> (usize, usize) {
        self.format.chroma_size(self.width, self.height)
    }

    /// Plane `plane`.
    pub(super) fn plane(&self, plane: usize) -> &'a [u8] {
        self.planes[plane]
    }

    /// Bytes from one row of plane `plane` to the next.
    pub(super) fn stride(&self, plane: usize) -> usize {
        self.strides[plane]
    }

    /// Row `row` of plane `plane`.
    pub(super) fn row(&self, plane: usize, row: usize) -> &'a [u8] {
        let (bytes, _) = self.format.plane_size(plane, self.width, self.height);
        let start = self.strides[plane] * row;
        &self.planes[plane][start..start + bytes]
    }

    /// Luma of row `row` from column `first` on, one value for each place of `out`.
    pub(super) fn luma(&self, row: usize, first: usize, scale: Scale, out: &mut [i16]) {
        let packing = Packing {
            depth: self.format.depth,
            turn: None,
        };
        let bytes = &self.row(0, row)[first * packing.step()..];
        values::read(bytes, packing, scale, out);
    }

    /// The first (`which` 0) or second chroma of row `row` of the chroma planes, likewise.
    pub(super) fn chroma(
        &self,
        which: usize,
        row: usize,
        first: usize,
        scale: Scale,
        out: &mut [i16],
    ) {
        let turns = [Turn::First, Turn::Second];
        let (plane, turn) = match self.format.interleaved {
            true => (1, Some(turns[which])),
            false => (1 + which, None),
        };
        let packing = Packing {
            depth: self.format.depth,
            turn,
        };
        let bytes = &self.row(plane, row)[first * packing.step()..];
        values::read(bytes, packing, scale, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NV12: PictureFormat = PictureFormat {
        chroma: Chroma::Quarter,
        depth: Depth::Eight,
        interleaved: true,
        range: Range::Limited,
    };

    #[test]
    fn planes_that_are_too_short_are_refused() {
        let luma = [0; 15];
        let chroma = [0; 12];
        let planes = |luma, stride| Planes::new(NV12, 5, 3, [luma, &chroma, &[]], [stride, 6, 0]);
        assert!(planes(&luma[..], 5).is_ok());
        assert!(planes(&luma[..14], 5).is_err());
        assert!(planes(&luma[..], 4).is_err());
        assert!(planes(&luma[..], usize::MAX).is_err());
        let short = Planes::new(NV12, 5, 3, [&luma, &chroma[..11], &[]], [5, 6, 0]);
        let text = short.unwrap_err().to_string();
        assert_eq!(
            text,
            "plane 1 has 11 bytes in rows of 6; it should have 2 rows of 6"
        );
    }

    #[test]
    fn a_code_stands_for_one_format() {
        let known = (0..=u16::MAX).filter_map(|code| Some((code, PictureFormat::from_code(code)?)));
        let known: Vec<_> = known.collect();
        assert_eq!(known.len(), 4 * 3 * 2 * 2);
        assert!(known.iter().all(|(code, format)| format.code() == *code));
        assert_eq!(PictureFormat::from_code(NV12.code()), Some(NV12));
    }

    #[test]
    fn interleaved_chromas_are_told_apart() {
        let chroma = [1, 2, 3, 4, 5, 6];
        let planes = Planes::new(NV12, 5, 2, [&[9; 10], &chroma, &[]], [5, 6, 0]).unwrap();
        let mut out = [0; 2];
        planes.chroma(
            1,
            0,
            1,
            Scale {
                factor: 8,
                plus: -1,
            },
            &mut out,
        );
        assert_eq!(out, [31, 47]);
    }
}
