//! Any part of a picture into B, G, R pixels: which rule it follows, and which values it is made of.

use std::ops::Range;

use super::chroma::{BITS, COLUMNS_SUM, Mix, Plane, ROWS_SUM, Scratch};
use super::format::{Chroma, Depth, PictureFormat, Planes};
use super::rules::{self, BLOCK, Factors, Row, Tables};
use super::values::Scale;
use super::weights::Weights;

/// Converts pictures of one format and size.
#[derive(Debug)]
pub struct Converter {
    format: PictureFormat,
    width: usize,
    height: usize,
    factors: Factors,
    rule: Rule,
    row: Row,
    own: [Vec<i32>; 2],
    scratch: Scratch,
    pixels: Vec<[u8; 3 * BLOCK]>,
}

#[derive(Debug)]
enum Rule {
    /// There is no chroma.
    Grey,
    /// Two neighbours share chroma, which is that of the plane's nearest row.
    Nearest,
    /// Two neighbours share chroma, which is weighted.
    Weighted { rows: Weights, tables: Box<Tables> },
    /// Each pixel has chroma of its own.
    Own { rows: Weights, columns: Weights },
}

impl Rule {
    fn of(format: PictureFormat, width: usize, height: usize) -> Self {
        let (columns, rows) = format.chroma_size(width, height);
        let is_shared = matches!(format.chroma, Chroma::Quarter | Chroma::Half);
        if format.chroma == Chroma::None {
            Self::Grey
        } else if is_shared
            && format.depth == Depth::Eight
            && !format.interleaved
            && height.is_multiple_of(2)
        {
            // The usual pictures, for which libswscale has vector code of their own.
            Self::Nearest
        } else if is_shared && width.is_multiple_of(2) {
            Self::Weighted {
                rows: Weights::new(rows, height, ROWS_SUM),
                tables: Box::new(Tables::of(format.range)),
            }
        } else {
            Self::Own {
                rows: Weights::new(rows, height, ROWS_SUM),
                columns: Weights::new(columns, width, COLUMNS_SUM),
            }
        }
    }
}

impl Converter {
    /// For pictures of `format`, `width` x `height` pixels.
    pub fn new(format: PictureFormat, width: usize, height: usize) -> Self {
        Self {
            format,
            width,
            height,
            factors: Factors::of(format.range),
            rule: Rule::of(format, width, height),
            row: Row::default(),
            own: [Vec::new(), Vec::new()],
            scratch: Scratch::default(),
            pixels: Vec::new(),
        }
    }

    /// Whether it converts such pictures.
    pub fn fits(&self, planes: &Planes<'_>) -> bool {
        (self.format, self.width, self.height) == (planes.format(), planes.width(), planes.height())
    }

    /// Columns `columns` of row `y` of a picture, three bytes each: blue, green, red.
    ///
    /// # Panics
    /// When the picture does not [fit](Self::fits), or the columns or the row are outside of it.
    pub fn row(&mut self, planes: &Planes<'_>, y: usize, columns: Range<usize>) -> &[u8] {
        assert!(self.fits(planes), "another picture than was said");
        assert!(y < self.height && columns.start <= columns.end && columns.end <= self.width);
        // Where two neighbours share chroma, from the first of them on.
        let first = columns.start & !1;
        let width = columns.end - first;
        let blocks = width.div_ceil(BLOCK);
        self.pixels.resize(blocks, [0; 3 * BLOCK]);
        // Moved out and back, so that what follows can borrow the rest.
        let rule = std::mem::replace(&mut self.rule, Rule::Grey);
        match &rule {
            Rule::Grey => self.grey(planes, y, first, width),
            Rule::Nearest => {
                let row = match self.format.chroma {
                    Chroma::Quarter => y / 2,
                    _ => y,
                };
                self.shared(planes, y, first, width, Mix::One(row));
            }
            // The last two rows are beyond the reach of libswscale's vector code.
            Rule::Weighted { rows, tables } if y + 2 >= self.height => {
                self.by_tables(planes, y, first, width, Mix::of(rows, y), tables);
            }
            Rule::Weighted { rows, .. } => {
                self.shared(planes, y, first, width, Mix::of(rows, y));
            }
            Rule::Own { rows, columns } => {
                self.own(planes, y, first, width, Mix::of(rows, y), columns);
            }
        }
        self.rule = rule;
        &self.pixels.as_flattened()[3 * (columns.start - first)..3 * width]
    }

    /// Into 15 bits.
    fn scale(&self) -> Scale {
        Scale {
            factor: 1 << (BITS - self.format.bits()),
            plus: 0,
        }
    }

    fn grey(&mut self, planes: &Planes<'_>, y: usize, first: usize, width: usize) {
        self.row.luma.resize(width, 0);
        let as_it_is = Scale { factor: 1, plus: 0 };
        planes.luma(y, first, as_it_is, &mut self.row.luma);
        for (pixel, &luma) in by_pixel(&mut self.pixels).iter_mut().zip(&self.row.luma) {
            *pixel = [luma as u8; 3];
        }
    }

    fn shared(&mut self, planes: &Planes<'_>, y: usize, first: usize, width: usize, mix: Mix<'_>) {
        self.row.resize(self.pixels.len());
        let rounding = if mix.is_sum() { 4 } else { 0 };
        let scale = Scale {
            factor: self.scale().factor >> 4,
            plus: rounding - (self.factors.black << 3),
        };
        planes.luma(y, first, scale, &mut self.row.luma[..width]);
        for (which, out) in [&mut self.row.u, &mut self.row.v].into_iter().enumerate() {
            let out = &mut out[..width.div_ceil(2)];
            Plane { planes, which }.eighths(mix, first / 2, &mut self.scratch, out);
        }
        rules::eighths(&self.row, &self.factors, &mut self.pixels);
    }

    fn by_tables(
        &mut self,
        planes: &Planes<'_>,
        y: usize,
        first: usize,
        width: usize,
        mix: Mix<'_>,
        tables: &Tables,
    ) {
        self.row.resize(self.pixels.len());
        let scale = self.scale();
        let luma = &mut self.row.luma[..width];
        planes.luma(y, first, scale, luma);
        for value in luma {
            *value = ((i32::from(*value) + 64) >> 7) as i16;
        }
        for (which, out) in [&mut self.row.u, &mut self.row.v].into_iter().enumerate() {
            let out = &mut out[..width.div_ceil(2)];
            Plane { planes, which }.whole(mix, first / 2, &mut self.scratch, out);
        }
        tables.convert(&self.row, &mut by_pixel(&mut self.pixels)[..width]);
    }

    fn own(
        &mut self,
        planes: &Planes<'_>,
        y: usize,
        first: usize,
        width: usize,
        mix: Mix<'_>,
        across: &Weights,
    ) {
        self.row.luma.resize(width, 0);
        let scale = self.scale();
        planes.luma(y, first, scale, &mut self.row.luma[..width]);
        for (which, out) in self.own.iter_mut().enumerate() {
            out.resize(width, 0);
            Plane { planes, which }.own(mix, across, first, &mut self.scratch, out);
        }
        let [u, v] = &self.own;
        let pixels = &mut by_pixel(&mut self.pixels)[..width];
        rules::each_its_own(&self.factors, &self.row.luma, [u, v], pixels);
    }
}

fn by_pixel(blocks: &mut [[u8; 3 * BLOCK]]) -> &mut [[u8; 3]] {
    blocks.as_flattened_mut().as_chunks_mut::<3>().0
}
