//! Mean and length of every patch of an area: what experts take out of the pixels before they look
//! at them, so that lighting and contrast make no difference.

use super::SUPPORT;
use super::area::Area;

/// Statistics of the 11x11 patches at all positions of a window, row after row.
#[derive(Debug, Clone, Default)]
pub(super) struct PatchStatistics {
    /// Sum and sum of squares of the 11 pixels below each other, per column.
    columns: Vec<[f64; 2]>,
    means: Vec<f32>,
    inverse_lengths: Vec<f32>,
}

impl PatchStatistics {
    /// The mean of each patch.
    pub(super) fn means(&self) -> &[f32] {
        &self.means
    }

    /// One over the length (root of the sum of squares) of each patch without its mean; 1 for a
    /// patch of one colour.
    pub(super) fn inverse_lengths(&self) -> &[f32] {
        &self.inverse_lengths
    }

    /// Measures all patches of `area`, from sums of columns that slide down it.
    ///
    /// The pixels are multiples of 1/1024 up to 255, so that in `f64` all sums are exact, even
    /// that of the squares times 121.
    #[inline(always)]
    pub(super) fn measure(&mut self, area: &Area) {
        let side = area.side();
        let window = side - (SUPPORT - 1);
        self.columns.clear();
        self.columns.resize(side, [0.0; 2]);
        self.means.resize(window * window, 0.0);
        self.inverse_lengths.resize(window * window, 0.0);
        let rows = || area.values().chunks_exact(side);
        for row in rows().take(SUPPORT - 1) {
            slide(&mut self.columns, row, &[]);
        }
        let means = self.means.chunks_exact_mut(window);
        let lengths = self.inverse_lengths.chunks_exact_mut(window);
        let mut above: &[f32] = &[];
        let entering = rows().skip(SUPPORT - 1);
        for (((means, lengths), row), leaving) in means.zip(lengths).zip(entering).zip(rows()) {
            slide(&mut self.columns, row, above);
            above = leaving;
            let positions = self.columns.windows(SUPPORT).zip(means).zip(lengths);
            for ((columns, mean), inverse_length) in positions {
                let [sum, squares] = columns
                    .iter()
                    .fold([0.0; 2], |[s, q], column| [s + column[0], q + column[1]]);
                let count = (SUPPORT * SUPPORT) as f64;
                *mean = (sum / count) as f32;
                let square = (count * squares - sum * sum) / count;
                *inverse_length = if square > 0.0 {
                    (1.0 / square.sqrt()) as f32
                } else {
                    1.0
                };
            }
        }
    }
}

/// Takes one row of pixels into the columns' sums and another one out of them.
#[inline(always)]
fn slide(columns: &mut [[f64; 2]], entering: &[f32], leaving: &[f32]) {
    for (column, &value) in columns.iter_mut().zip(entering) {
        let value = f64::from(value);
        column[0] += value;
        column[1] += value * value;
    }
    for (column, &value) in columns.iter_mut().zip(leaving) {
        let value = f64::from(value);
        column[0] -= value;
        column[1] -= value * value;
    }
}
