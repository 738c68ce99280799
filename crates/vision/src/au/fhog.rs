//! The FHOG descriptor of the aligned face (Felzenszwalb et al. 2010), as dlib computes it.
//!
//! Cells of 8 x 8 pixels hold histograms of gradient directions, normalised by the energy of their
//! neighbourhoods. The AU models were trained on these very numbers, so the details are dlib's:
//! which channel wins a tie, which bin a border case goes to, single precision.

use super::alignment::ALIGNED_SIZE;
use crate::analysis::FHOG_LEN;

/// Side of a cell in pixels.
const CELL: usize = 8;
/// Cells along a side of the face.
const CELLS: usize = ALIGNED_SIZE / CELL;
/// Cells along a side of the descriptor: those with neighbours all around.
const INNER_CELLS: usize = CELLS - 2;
/// Values per cell: 18 signed and 9 unsigned directions, 4 neighbourhoods.
const PLANES: usize = 31;
/// Signed directions.
const DIRECTIONS: usize = 18;
/// Unsigned directions.
const HALF: usize = DIRECTIONS / 2;
/// The histogram grid has one more cell on every side, for votes that fall off the edge.
const GRID: usize = CELLS + 2;
/// dlib treats columns in blocks of eight from 1 on, and the rest one by one; the two kinds
/// prefer different channels when gradients tie.
const FIRST_SINGLE_COLUMN: usize = 105;

const _: () = assert!(INNER_CELLS * INNER_CELLS * PLANES == FHOG_LEN);

/// Directions 0 to 8 as unit vectors, with dlib's digits.
const UNIT_VECTORS: [[f32; 2]; HALF] = [
    [1.0, 0.0],
    [0.9397, 0.3420],
    [0.7660, 0.6428],
    [0.5, 0.8660],
    [0.1736, 0.9848],
    [-0.1736, 0.9848],
    [-0.5, 0.8660],
    [-0.7660, 0.6428],
    [-0.9397, 0.3420],
];

/// Differences of two bytes lie between -255 and 255.
const GRADIENTS: usize = 511;

/// Computes FHOG descriptors; keeps its tables and its histogram.
#[derive(Debug, Clone)]
pub struct Fhog {
    /// Direction of every possible gradient, gy by gx.
    direction: Vec<u8>,
    /// Per pixel column or row: the cell (counted in the grid) that gets the smaller share of
    /// index, and the share of the one after it.
    shares: Vec<(usize, f32)>,
    /// GRID x GRID cells of DIRECTIONS votes.
    histogram: Vec<[f32; DIRECTIONS]>,
}

impl Default for Fhog {
    fn default() -> Self {
        Self::new()
    }
}

impl Fhog {
    /// Prepares the tables.
    pub fn new() -> Self {
        let components = || -255_i16..=255;
        let direction = components()
            .flat_map(|gy| components().map(move |gx| direction(gx.into(), gy.into())))
            .collect();
        let shares = (0..ALIGNED_SIZE)
            .map(|x| {
                // In units of cells from the middle of cell 0; the grid starts at cell -1.
                let position = (x as f32 + 0.5) / CELL as f32 + 0.5;
                (position as usize, position.fract())
            })
            .collect();
        Self {
            direction,
            shares,
            histogram: vec![[0.0; DIRECTIONS]; GRID * GRID],
        }
    }

    /// Describes `face`, ALIGNED_SIZE rows of as many B, G, R pixels. Value
    /// `(row * 12 + column) * 31 + plane` of the descriptor belongs to the cell (row, column).
    ///
    /// # Panics
    /// When `face` has another size.
    pub fn describe(&mut self, face: &[u8], descriptor: &mut [f32; FHOG_LEN]) {
        assert_eq!(face.len(), 3 * ALIGNED_SIZE * ALIGNED_SIZE);
        self.vote(face);
        let energy = self.energy();
        let (cells, _) = descriptor.as_chunks_mut::<PLANES>();
        for (i, out) in cells.iter_mut().enumerate() {
            let (row, column) = (i / INNER_CELLS, i % INNER_CELLS);
            // The four blocks of 2 x 2 cells that the cell is part of.
            let block = |down: usize, right: usize| {
                let corner = (row + down) * CELLS + column + right;
                energy[corner]
                    + energy[corner + 1]
                    + energy[corner + CELLS]
                    + energy[corner + CELLS + 1]
            };
            let blocks = [block(1, 1), block(0, 1), block(1, 0), block(0, 0)];
            normalise(&self.histogram[(row + 2) * GRID + column + 2], blocks, out);
        }
    }

    fn vote(&mut self, face: &[u8]) {
        self.histogram.fill([0.0; DIRECTIONS]);
        let row = |y: usize| {
            face[3 * ALIGNED_SIZE * y..][..3 * ALIGNED_SIZE]
                .as_chunks::<3>()
                .0
        };
        for y in 1..ALIGNED_SIZE - 1 {
            let (above, here, below) = (row(y - 1), row(y), row(y + 1));
            let (cell_y, share_y) = self.shares[y];
            let (upper, lower) = self.histogram[cell_y * GRID..][..2 * GRID].split_at_mut(GRID);
            for x in 1..ALIGNED_SIZE - 1 {
                let gradients = [0, 1, 2].map(|c| {
                    Gradient::new(here[x - 1][c], here[x + 1][c], above[x][c], below[x][c])
                });
                let Gradient { gx, gy, square } = strongest(gradients, x);
                if square == 0 {
                    continue;
                }
                let magnitude = (square as f32).sqrt();
                let bin = usize::from(
                    self.direction[(gy + 255) as usize * GRADIENTS + (gx + 255) as usize],
                );
                let (cell_x, share_x) = self.shares[x];
                let cells = cell_x..cell_x + 2;
                let shares = [1.0 - share_x, share_x];
                for (cell, share) in upper[cells.clone()].iter_mut().zip(shares) {
                    cell[bin] += (1.0 - share_y) * share * magnitude;
                }
                for (cell, share) in lower[cells].iter_mut().zip(shares) {
                    cell[bin] += share_y * share * magnitude;
                }
            }
        }
    }

    /// Energy of every cell of the face: unsigned directions squared.
    fn energy(&self) -> [f32; CELLS * CELLS] {
        std::array::from_fn(|i| {
            let cell = &self.histogram[(i / CELLS + 1) * GRID + i % CELLS + 1];
            let (there, back) = cell.split_at(HALF);
            there.iter().zip(back).map(|(a, b)| (a + b) * (a + b)).sum()
        })
    }
}

/// The 31 values of one cell from its votes and the energies of its four neighbourhoods.
fn normalise(votes: &[f32; DIRECTIONS], blocks: [f32; 4], out: &mut [f32; PLANES]) {
    let limits = blocks.map(|energy| 0.2 * (energy + 0.0001).sqrt());
    let factors = limits.map(|limit| 0.1 / limit);
    let parts =
        |value: f32| -> [f32; 4] { std::array::from_fn(|k| value.min(limits[k]) * factors[k]) };
    let sum = |[a, b, c, d]: [f32; 4]| a + b + c + d;
    let mut texture = [0.0; 4];
    for (out, &vote) in out.iter_mut().zip(votes) {
        let parts = parts(vote);
        *out = sum(parts);
        for k in 0..4 {
            texture[k] += parts[k];
        }
    }
    for o in 0..HALF {
        out[DIRECTIONS + o] = sum(parts(votes[o] + votes[HALF + o]));
    }
    for (out, texture) in out[DIRECTIONS + HALF..].iter_mut().zip(texture) {
        *out = 0.4714 * texture;
    }
}

#[derive(Clone, Copy)]
struct Gradient {
    gx: i32,
    gy: i32,
    square: i32,
}

impl Gradient {
    #[inline]
    fn new(left: u8, right: u8, above: u8, below: u8) -> Self {
        let gx = i32::from(right) - i32::from(left);
        let gy = i32::from(below) - i32::from(above);
        Self {
            gx,
            gy,
            square: gx * gx + gy * gy,
        }
    }

    /// The stronger of two, `self` when they tie.
    #[inline]
    fn or_stronger(self, other: Self) -> Self {
        if other.square > self.square {
            other
        } else {
            self
        }
    }
}

/// The strongest of the gradients of B, G and R in column `x`.
#[inline]
fn strongest([b, g, r]: [Gradient; 3], x: usize) -> Gradient {
    if x < FIRST_SINGLE_COLUMN {
        b.or_stronger(g.or_stronger(r))
    } else {
        r.or_stronger(g).or_stronger(b)
    }
}

/// The direction (0 to 17) that a gradient is closest to; of two equally close, the first.
fn direction(gx: f32, gy: f32) -> u8 {
    let (mut best, mut direction) = (0.0, 0);
    for (o, [ux, uy]) in (0..).zip(UNIT_VECTORS) {
        let along = gx * ux + gy * uy;
        if along > best {
            (best, direction) = (along, o);
        } else if -along > best {
            (best, direction) = (-along, o + HALF as u8);
        }
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<f32> {
        let face: Vec<u8> = (0..ALIGNED_SIZE * ALIGNED_SIZE)
            .flat_map(|i| pixel(i % ALIGNED_SIZE, i / ALIGNED_SIZE))
            .collect();
        let mut descriptor = [1.0; FHOG_LEN];
        Fhog::new().describe(&face, &mut descriptor);
        descriptor.to_vec()
    }

    #[test]
    fn an_even_image_has_no_directions() {
        assert!(describe(|_, _| [80, 90, 100]).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn directions_are_the_nearest_ones() {
        for o in 0..18_u8 {
            let angle = f32::from(o) * 20.0_f32.to_radians();
            assert_eq!(direction(200.0 * angle.cos(), 200.0 * angle.sin()), o);
        }
        // As near to 80 as to 100 degrees.
        assert_eq!(direction(0.0, 1.0), 4);
        assert_eq!(direction(0.0, -1.0), 13);
    }

    #[test]
    fn a_slope_votes_for_its_direction_only() {
        let descriptor = describe(|_, y| [2 * y as u8; 3]);
        for cell in descriptor.chunks_exact(PLANES) {
            for (plane, &value) in cell.iter().enumerate() {
                // Straight down: direction 4, signed and unsigned. One direction alone is cut
                // at 0.2 by each of the four neighbourhoods, halved.
                let expected = match plane {
                    4 | 22 => 0.4,
                    27.. => 0.4714 * 0.1,
                    _ => 0.0,
                };
                assert!((value - expected).abs() < 1e-6, "{plane}: {value}");
            }
        }
    }

    #[test]
    fn ties_go_to_another_channel_in_the_last_columns() {
        let rising = Gradient::new(0, 10, 0, 0);
        let falling = Gradient::new(10, 0, 0, 0);
        let flat = Gradient::new(0, 0, 0, 0);
        assert_eq!(strongest([rising, falling, falling], 104).gx, 10);
        assert_eq!(strongest([rising, rising, falling], 105).gx, -10);
        assert_eq!(strongest([flat, rising, falling], 104).gx, 10);
        assert_eq!(strongest([falling, rising, flat], 105).gx, 10);
    }
}
