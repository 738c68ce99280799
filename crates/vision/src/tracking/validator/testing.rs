//! A small validator file for tests.

use super::warp::SIDE;

/// A whole file with one view whose network finds a face wherever it is light: two bins, the first
/// (certainty 0.75) wins when the middle between landmarks 1 and 2 is light, the second (0.25)
/// when it is black.
///
/// Two pixels of the face are looked at, that middle and a place far outside, which always counts
/// as black; normalised to mean 0 and variance 1 they are 1 and -1 where the face is light, and 0
/// where it is black.
pub(crate) fn light_validator_file() -> Vec<u8> {
    let mut mask = [0; SIDE * SIDE];
    let mut triangle_ids = [-1; SIDE * SIDE];
    let mut kernel = [0.0_f32; SIDE * SIDE];
    for (row, triangle) in [(0, 0), (1, 1)] {
        mask[row * SIDE] = 1;
        triangle_ids[row * SIDE] = triangle;
    }
    kernel[0] = 1.0;
    let side = SIDE as i32;
    [
        // Kind, number of views, the view's orientation, training mean and deviation.
        ints(&[3, 1]),
        matrix(3, 1, 6, doubles(&[0.0; 3])),
        matrix(1, 2, 6, doubles(&[0.5, 0.0])),
        matrix(1, 2, 6, doubles(&[1.0; 2])),
        // Three layers: a convolution of one kernel, rectification, and a fully connected one.
        ints(&[3]),
        ints(&[0, 1, 1]),
        floats(&[0.5]),
        matrix(side, side, 5, floats(&kernel)),
        ints(&[3]),
        ints(&[2]),
        matrix(2, 1, 5, floats(&[0.0, 0.5])),
        matrix(1, 2, 5, floats(&[1.0, 0.0])),
        // The mesh: number of pixels, origin, reference landmarks, triangles and where they are,
        // and their coefficients, which are the same for every pixel of a triangle.
        ints(&[2]),
        doubles(&[0.0; 2]),
        matrix(136, 1, 6, doubles(&[0.0; 136])),
        matrix(2, 3, 4, ints(&[0, 1, 2, 0, 1, 2])),
        matrix(side, side, 4, ints(&triangle_ids)),
        matrix(side, side, 4, ints(&mask)),
        matrix(2, 3, 6, doubles(&[0.5, 0.0, 0.0, 1000.0, 0.0, 0.0])),
        matrix(2, 3, 6, doubles(&[0.5, 0.0, 0.0, 1000.0, 0.0, 0.0])),
    ]
    .concat()
}

fn matrix(rows: i32, cols: i32, element_type: i32, data: Vec<u8>) -> Vec<u8> {
    [ints(&[rows, cols, element_type]), data].concat()
}

fn ints(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
