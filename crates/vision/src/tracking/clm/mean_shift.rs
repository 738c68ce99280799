//! Where the mass of a response map lies, seen from a position in it: one step of mean shift with
//! a Gaussian kernel, and how likely the position is (Saragih et al. 2011).
//!
//! Kernels are tabulated on a grid of 1/10 of a position, as in OpenFace: the grid is coarse
//! enough to show in the landmarks' third decimal.

/// Positions per unit that the kernel is tabulated for.
const GRID: f64 = 10.0;

/// A Gaussian centred on every grid position of a square map, along one axis.
///
/// The two-dimensional kernel is the product of two of these.
#[derive(Debug, Clone)]
pub struct Kernel {
    side: usize,
    sigma: f64,
    /// For each of 10 * side centres, `side` values.
    values: Vec<f32>,
}

impl Kernel {
    /// The kernel of width `sigma` for maps of `side` x `side` positions.
    pub fn new(side: usize, sigma: f64) -> Self {
        let centres = 0..side * GRID as usize;
        let values = centres.flat_map(|k| along_axis(side, k as f64 / GRID, sigma));
        Self {
            side,
            sigma,
            values: values.collect(),
        }
    }

    /// From `position` (x, y in the map, (0, 0) is the first value) to the weighted mean of all
    /// positions, the weights being `map` (row after row) times the kernel around `position`.
    ///
    /// Around a position outside the map, the nearest one inside counts. No shift where no
    /// position has any weight.
    ///
    /// # Panics
    /// When `map` is not of the kernel's size.
    pub fn shift(&self, map: &[f32], position: [f64; 2]) -> [f64; 2] {
        assert_eq!(map.len(), self.side * self.side);
        let inside = position.map(|d| d.clamp(0.0, self.side as f64 - 1.0 / GRID));
        let [across, down] = inside.map(|d| {
            // Rounded for the kernel, but not where the mean's distance is taken.
            let centre = ((GRID * d + 0.5).floor() as usize).min(self.side * GRID as usize - 1);
            &self.values[centre * self.side..][..self.side]
        });
        let [mut mass, mut x, mut y] = [0.0_f32; 3];
        for (row, (values, &down)) in map.chunks_exact(self.side).zip(down).enumerate() {
            let [mut row_mass, mut row_x] = [0.0_f32; 2];
            for (column, (&value, &across)) in values.iter().zip(across).enumerate() {
                let weight = value * across;
                row_mass += weight;
                row_x += weight * column as f32;
            }
            mass += down * row_mass;
            x += down * row_x;
            y += down * row_mass * row as f32;
        }
        let shift = [x, y].map(|sum| f64::from(sum / mass));
        if shift.iter().all(|v| v.is_finite()) {
            [shift[0] - inside[0], shift[1] - inside[1]]
        } else {
            [0.0; 2]
        }
    }

    /// The mass of `map` under the kernel centred at `position` exactly, in or outside the map.
    ///
    /// # Panics
    /// When `map` is not of the kernel's size.
    pub fn mass(&self, map: &[f32], [x, y]: [f64; 2]) -> f64 {
        assert_eq!(map.len(), self.side * self.side);
        let down = along_axis(self.side, y, self.sigma);
        let rows = map.chunks_exact(self.side).zip(down);
        rows.map(|(values, down)| {
            let across = along_axis(self.side, x, self.sigma);
            let row = values.iter().zip(across).map(|(&value, w)| value * w);
            f64::from(down * row.sum::<f32>())
        })
        .sum()
    }
}

/// The Gaussian around `centre` at the positions 0 to side - 1.
fn along_axis(side: usize, centre: f64, sigma: f64) -> impl Iterator<Item = f32> {
    let factor = -0.5 / (sigma * sigma);
    (0..side).map(move |position| (factor * (centre - position as f64).powi(2)).exp() as f32)
}

/// The kernels that were asked for so far.
#[derive(Debug, Clone, Default)]
pub struct Kernels(Vec<Kernel>);

impl Kernels {
    /// The kernel of this size and width.
    pub fn get(&mut self, side: usize, sigma: f64) -> &Kernel {
        let known = self
            .0
            .iter()
            .position(|k| k.side == side && k.sigma == sigma);
        let at = known.unwrap_or_else(|| {
            self.0.push(Kernel::new(side, sigma));
            self.0.len() - 1
        });
        &self.0[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A map with all its mass at one position.
    fn peak(side: usize, x: usize, y: usize) -> Vec<f32> {
        let mut map = vec![0.0; side * side];
        map[y * side + x] = 0.4;
        map
    }

    #[test]
    fn the_shift_leads_to_a_single_peak() {
        let kernel = Kernel::new(9, 1.5);
        let [x, y] = kernel.shift(&peak(9, 6, 2), [4.03, 4.0]);
        assert!((x - 1.97).abs() < 1e-5 && (y + 2.0).abs() < 1e-5, "{x} {y}");
    }

    #[test]
    fn a_position_outside_counts_as_the_nearest_inside() {
        let kernel = Kernel::new(5, 2.0);
        let [x, y] = kernel.shift(&peak(5, 2, 2), [-3.0, 99.0]);
        assert!((x - 2.0).abs() < 1e-5 && (y + 2.9).abs() < 1e-5, "{x} {y}");
    }

    #[test]
    fn an_empty_map_shifts_nowhere() {
        let kernel = Kernel::new(5, 2.0);
        assert_eq!(kernel.shift(&[0.0; 25], [1.0, 2.0]), [0.0; 2]);
        assert_eq!(kernel.shift(&[f32::NAN; 25], [1.0, 2.0]), [0.0; 2]);
        assert_eq!(kernel.mass(&[0.0; 25], [1.0, 2.0]), 0.0);
    }

    #[test]
    fn kernels_are_made_once() {
        let mut kernels = Kernels::default();
        for (side, sigma) in [(5, 1.0), (7, 1.0), (5, 2.0), (5, 1.0), (7, 1.0)] {
            let kernel = kernels.get(side, sigma);
            assert_eq!((kernel.side, kernel.sigma), (side, sigma));
        }
        assert_eq!(kernels.0.len(), 3);
    }

    proptest! {
        /// Against the definition in two dimensions.
        #[test]
        fn the_tables_are_a_gaussian_on_a_grid(
            map in prop::collection::vec(0.0_f32..1.0, 49),
            x in 0.0_f64..6.9, y in 0.0_f64..6.9, sigma in 0.5_f64..3.0,
        ) {
            let gaussian = |cx: f64, cy: f64, i: usize| {
                let (dx, dy) = (cx - (i % 7) as f64, cy - (i / 7) as f64);
                (-(dx * dx + dy * dy) / (2.0 * sigma * sigma)).exp()
            };
            let on_grid = |d: f64| (d * 10.0 + 0.5).floor() / 10.0;
            let weigh = |i: usize| f64::from(map[i]) * gaussian(on_grid(x), on_grid(y), i);
            let mass: f64 = (0..49).map(weigh).sum();
            let mean_x = (0..49).map(|i| weigh(i) * (i % 7) as f64).sum::<f64>() / mass;
            let mean_y = (0..49).map(|i| weigh(i) * (i / 7) as f64).sum::<f64>() / mass;
            let kernel = Kernel::new(7, sigma);
            let [dx, dy] = kernel.shift(&map, [x, y]);
            prop_assert!((dx - (mean_x - x)).abs() < 1e-4 && (dy - (mean_y - y)).abs() < 1e-4);
            let exact: f64 = (0..49).map(|i| f64::from(map[i]) * gaussian(x, y, i)).sum();
            prop_assert!((kernel.mass(&map, [x, y]) - exact).abs() < 1e-4);
        }
    }
}
