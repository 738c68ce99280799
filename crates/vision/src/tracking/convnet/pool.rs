//! The largest of the values in a window, for every window of a map.

use super::{Maps, MapsShape};

/// Takes the largest value of every window of every map. Windows that reach over the border are
/// cut off there.
#[derive(Debug, Clone, Copy)]
pub struct MaxPool {
    /// Rows and columns of a window.
    pub window: (usize, usize),
    /// Rows and columns from one window to the next.
    pub stride: (usize, usize),
}

impl MaxPool {
    /// What comes out for maps of `shape`; `None` when a window does not fit into them.
    ///
    /// A side becomes `floor((side - window) / stride + 1/2) + 1`.
    pub fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        let side = |side: usize, window: usize, stride: usize| {
            if window == 0 || stride == 0 {
                return None;
            }
            Some((2 * side.checked_sub(window)? + stride) / (2 * stride) + 1)
        };
        Some(MapsShape {
            channels: shape.channels,
            height: side(shape.height, self.window.0, self.stride.0)?,
            width: side(shape.width, self.window.1, self.stride.1)?,
        })
    }

    /// Pools `input` into `output`.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for the shape of `input`.
    pub fn apply(&self, input: &Maps, output: &mut Maps) {
        let shape = self
            .output_shape(input.shape())
            .expect("the layer fits the maps");
        output.reshape(shape);
        let maps = input.data.chunks_exact(input.height * input.width);
        let pooled = output.data.chunks_exact_mut(shape.height * shape.width);
        for (map, pooled) in maps.zip(pooled) {
            for (y, row) in pooled.chunks_exact_mut(shape.width).enumerate() {
                let rows = &map[y * self.stride.0 * input.width..];
                match rows.get(..2 * input.width) {
                    Some(rows) if self.pairs_up(input.width) => pool_pairs(rows, row),
                    _ => self.pool_row(rows, input.width, row),
                }
            }
        }
    }

    /// Whether windows are squares of 2 that lie side by side and fill rows of `width`; these are
    /// common, and worth a loop of their own that processors can do many steps of at once.
    fn pairs_up(&self, width: usize) -> bool {
        (self.window, self.stride) == ((2, 2), (2, 2)) && width.is_multiple_of(2)
    }

    /// One row of results from the `rows` of a map that start with the windows' first.
    fn pool_row(&self, rows: &[f32], width: usize, row: &mut [f32]) {
        row.fill(f32::NEG_INFINITY);
        for source in rows.chunks_exact(width).take(self.window.0) {
            for offset in 0..self.window.1 {
                let source = source.get(offset..).unwrap_or_default();
                if self.stride.1 == 2 {
                    enlarge_by_every_second(row, source);
                } else {
                    for (largest, &value) in
                        row.iter_mut().zip(source.iter().step_by(self.stride.1))
                    {
                        *largest = larger(*largest, value);
                    }
                }
            }
        }
    }
}

/// One row of results from two rows of a map, for windows of 2x2 that lie side by side.
fn pool_pairs(rows: &[f32], row: &mut [f32]) {
    let (upper, lower) = rows.split_at(rows.len() / 2);
    let pairs = upper
        .as_chunks::<2>()
        .0
        .iter()
        .zip(lower.as_chunks::<2>().0);
    for (largest, (upper, lower)) in row.iter_mut().zip(pairs) {
        *largest = larger(larger(upper[0], upper[1]), larger(lower[0], lower[1]));
    }
}

/// Raises each element of `row` to every second of `source`; worth a function because processors
/// can do many steps of it at once.
fn enlarge_by_every_second(row: &mut [f32], source: &[f32]) {
    let (pairs, rest) = source.as_chunks::<2>();
    for (largest, pair) in row.iter_mut().zip(pairs) {
        *largest = larger(*largest, pair[0]);
    }
    if let (Some(largest), Some(&value)) = (row.get_mut(pairs.len()), rest.first()) {
        *largest = larger(*largest, value);
    }
}

/// The larger one; unlike `f32::max` without a rule for values that are not numbers, which costs.
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}
