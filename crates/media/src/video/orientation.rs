//! How the camera was held: the display matrix of a track, and pictures turned upright by it.

use ffmpeg_next as ffmpeg;

pub use faceau_vision::colour::Orientation;

use super::super::Geometry;

/// Reads the display matrix of a track; without one the picture is upright.
pub(super) fn of_track(stream: &ffmpeg::Stream<'_>) -> Orientation {
    stream
        .side_data()
        .find(|data| data.kind() == ffmpeg::codec::packet::side_data::Type::DisplayMatrix)
        .and_then(|data| from_matrix(data.data()))
        .unwrap_or_default()
}

/// Interprets a display matrix: nine 32-bit numbers in native order, row by row, the upper
/// left 2x2 part of which maps stored to shown coordinates (ISO 14496-12, 16.16 fixed point).
fn from_matrix(bytes: &[u8]) -> Option<Orientation> {
    let (words, _) = bytes.as_chunks::<4>();
    let at = |i: usize| words.get(i).map(|w| f64::from(i32::from_ne_bytes(*w)));
    let (a, b, c, d) = (at(0)?, at(1)?, at(3)?, at(4)?);
    let flipped = a * d - b * c < 0.0;
    // Undo the flip, then see where the stored x axis points on the screen (y down, so a
    // positive angle is clockwise).
    let (a, b) = if flipped { (-a, -b) } else { (a, b) };
    if a == 0.0 && b == 0.0 {
        return None;
    }
    let quarters = (b.atan2(a) / std::f64::consts::FRAC_PI_2).round() as i32;
    Some(Orientation {
        quarter_turns: quarters.rem_euclid(4) as u8,
        flipped,
    })
}

/// Size of a picture once it is upright.
pub(super) fn upright(orientation: Orientation, stored: Geometry) -> Geometry {
    let (width, height) = orientation.apply_to((stored.width, stored.height));
    Geometry { width, height }
}

/// What was done, for the user.
pub fn describe(orientation: Orientation) -> Option<String> {
    let turn = match orientation.quarter_turns {
        1 => Some("turned 90° clockwise"),
        2 => Some("turned upside down"),
        3 => Some("turned 90° counter-clockwise"),
        _ => None,
    };
    match (turn, orientation.flipped) {
        (None, false) => None,
        (Some(turn), false) => Some(turn.to_owned()),
        (None, true) => Some("mirrored".to_owned()),
        (Some(turn), true) => Some(format!("mirrored and {turn}")),
    }
}

/// Copies a stored picture (B, G, R) upright.
///
/// Works in square blocks, so that reading down columns does not miss the cache on every
/// pixel.
pub(super) fn turn(
    orientation: Orientation,
    stored: &[u8],
    stored_stride: usize,
    size: Geometry,
    turned: &mut [u8],
    turned_stride: usize,
) {
    const BLOCK: usize = 32;
    let target = upright(orientation, size);
    let source = orientation.source((size.width, size.height), 3, stored_stride as isize);
    for block_y in (0..target.height).step_by(BLOCK) {
        let rows = block_y..(block_y + BLOCK).min(target.height);
        for block_x in (0..target.width).step_by(BLOCK) {
            let columns = block_x..(block_x + BLOCK).min(target.width);
            for y in rows.clone() {
                let row = &mut turned[y * turned_stride..][..3 * target.width];
                let block = &mut row[3 * columns.start..3 * columns.end];
                let mut from = source.at(columns.start, y);
                for pixel in block.as_chunks_mut::<3>().0 {
                    let [blue, green, red] = pixel;
                    let stored = &stored[from as usize..from as usize + 3];
                    (*blue, *green, *red) = (stored[0], stored[1], stored[2]);
                    from += source.per_column;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Vec<u8> {
        let one = 1 << 16;
        [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
            .iter()
            .flat_map(|v: &i32| v.to_ne_bytes())
            .collect()
    }

    fn turned(orientation: Orientation) -> Vec<u8> {
        // A picture of 3 x 2 pixels, numbered row by row.
        let stored: Vec<u8> = (0..6_u8).flat_map(|v| [v; 3]).collect();
        let size = Geometry {
            width: 3,
            height: 2,
        };
        let target = upright(orientation, size);
        let mut turned = vec![99; 18];
        turn(orientation, &stored, 9, size, &mut turned, 3 * target.width);
        turned.chunks(3).map(|p| p[0]).collect()
    }

    #[test]
    fn phone_portrait_is_a_quarter_turn_clockwise() {
        // The matrix that phones write for portrait: x goes down, y goes left.
        let orientation = from_matrix(&matrix(0, 1, -1, 0)).unwrap();
        assert_eq!(orientation.quarter_turns, 1);
        assert!(!orientation.flipped);
        assert_eq!(turned(orientation), [3, 0, 4, 1, 5, 2]);
    }

    #[test]
    fn the_other_turns() {
        let half = from_matrix(&matrix(-1, 0, 0, -1)).unwrap();
        assert_eq!(turned(half), [5, 4, 3, 2, 1, 0]);
        let left = from_matrix(&matrix(0, -1, 1, 0)).unwrap();
        assert_eq!(left.quarter_turns, 3);
        assert_eq!(turned(left), [2, 5, 1, 4, 0, 3]);
        let none = from_matrix(&matrix(1, 0, 0, 1)).unwrap();
        assert!(none.is_upright());
        let mirror = from_matrix(&matrix(-1, 0, 0, 1)).unwrap();
        assert_eq!(turned(mirror), [2, 1, 0, 5, 4, 3]);
    }

    #[test]
    fn a_flip_with_a_turn_follows_the_matrix() {
        // Every matrix of signs and axes: the picture must land where the matrix sends it.
        for (a, b, c, d) in [
            (1, 0, 0, 1),
            (-1, 0, 0, 1),
            (1, 0, 0, -1),
            (-1, 0, 0, -1),
            (0, 1, 1, 0),
            (0, 1, -1, 0),
            (0, -1, 1, 0),
            (0, -1, -1, 0),
        ] {
            let orientation = from_matrix(&matrix(a, b, c, d)).unwrap();
            let size = Geometry {
                width: 3,
                height: 2,
            };
            let target = upright(orientation, size);
            let mut expected = vec![0; 6];
            for y in 0..2_i32 {
                for x in 0..3_i32 {
                    // Centred coordinates in half pixels: (x', y') = (a x + c y, b x + d y).
                    let (cx, cy) = (2 * x - 2, 2 * y - 1);
                    let (tx, ty) = (a * cx + c * cy, b * cx + d * cy);
                    let to_x = (tx + target.width as i32 - 1) / 2;
                    let to_y = (ty + target.height as i32 - 1) / 2;
                    expected[(to_y * target.width as i32 + to_x) as usize] = (3 * y + x) as u8;
                }
            }
            assert_eq!(turned(orientation), expected, "{a} {b} {c} {d}");
        }
    }

    #[test]
    fn a_short_matrix_is_no_matrix() {
        assert_eq!(from_matrix(&[1, 2, 3]), None);
    }
}
