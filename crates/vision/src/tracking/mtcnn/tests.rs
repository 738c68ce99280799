//! The cascade and its files, on three networks that take anything white for a face.

use super::*;
use proptest::prelude::*;

fn words(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

fn matrix(rows: usize, cols: usize, values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    [words(&[rows as i32, cols as i32, 5]), floats(values)].concat()
}

/// Weights of output `o` on each of `count` inputs: the face's output is their mean.
fn weight(o: usize, count: usize) -> f32 {
    if o == 1 { 1.0 / count as f32 } else { 0.0 }
}

/// Biases: the face's output is negative unless its inputs, -1 to 1, are nearly all 1.
const BIAS: [f32; 6] = [0.0, -0.9, 0.0, 0.0, 0.0, 0.0];

/// Says how white a window of 12 x 12 is.
fn proposal_file() -> Vec<u8> {
    let kernels = (0..3).flat_map(|_| (0..6).flat_map(|o| matrix(6, 6, [weight(o, 108); 36])));
    [
        words(&[4, 1, 2, 2, 2, 2]),
        words(&[0, 3, 6]),
        floats(BIAS),
        kernels.collect(),
        // Ten times as sure.
        words(&[2]),
        matrix(6, 1, [0.0; 6]),
        matrix(6, 6, (0..36).map(|i| if i % 7 == 0 { 10.0 } else { 0.0 })),
        words(&[3]),
        matrix(6, 1, [1.0; 6]),
    ]
    .concat()
}

/// Says how white an image of `side` x `side` is, and wants the corrections given.
fn rating_file(side: usize, corrections: [f32; 4]) -> Vec<u8> {
    let count = 3 * side * side;
    let [a, b, c, d] = corrections;
    [
        words(&[1, 2]),
        matrix(6, 1, [0.0, 1.0, a, b, c, d]),
        matrix(count, 6, (0..6 * count).map(|i| weight(i % 6, count))),
    ]
    .concat()
}

const INDEX: &str = "PNet first.dat\r\nRNet second.dat\nONet third.dat";

fn file(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "first.dat" => Ok(proposal_file()),
        "second.dat" => Ok(rating_file(24, [0.0; 4])),
        "third.dat" => Ok(rating_file(48, [0.0, 0.0, 0.0, 0.5])),
        other => Err(format!("there is no {other}")),
    }
}

fn detector() -> Mtcnn {
    Mtcnn::new(MtcnnNetworks::load(INDEX, &mut file).unwrap())
}

/// A black frame with a white square.
fn frame_with(width: usize, height: usize, square: (usize, usize, usize)) -> Vec<u8> {
    let (left, top, side) = square;
    let level = |x: usize, y: usize| {
        let inside = (left..left + side).contains(&x) && (top..top + side).contains(&y);
        if inside { 255 } else { 0 }
    };
    (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [level(x, y); 3]))
        .collect()
}

#[test]
fn a_white_square_is_found_where_it_is() {
    let mut detector = detector();
    for square in [(100, 60, 80), (5, 20, 110), (60, 95, 140)] {
        let data = frame_with(240, 260, square);
        let frame = BgrView::new(&data, 240, 260, 720).unwrap();
        let faces = detector.detect(&frame).to_vec();
        assert!(!faces.is_empty(), "{square:?}");
        let (left, top, side) = (square.0 as f32, square.1 as f32, square.2 as f32);
        for face in faces {
            // Undo the last network's wish for half as much height again, and what follows it.
            let width = face.width / 1.0323;
            let x = face.left + 0.0075 * width;
            let y = face.top - 0.2459 * face.height / 0.7751;
            // A window is a tenth black at most, so a box juts out by no more than that.
            assert!(x > left - 0.15 * side && y > top - 0.15 * side, "{face:?}");
            assert!(x + width < left + 1.15 * side, "{face:?} {square:?}");
            assert!(
                (face.height / 0.7751 / width - 1.5).abs() < 0.02,
                "{face:?}"
            );
            assert!((0.7..=1.0).contains(&face.confidence));
        }
    }
}

#[test]
fn what_is_black_or_small_has_no_face() {
    let mut detector = detector();
    let none = frame_with(200, 100, (0, 0, 0));
    let small = frame_with(200, 59, (0, 0, 200));
    let smallest = frame_with(60, 60, (0, 0, 60));
    for (data, width, height, faces) in [
        (&none, 200, 100, 0),
        (&small, 200, 59, 0),
        (&smallest, 60, 60, 1),
        (&vec![], 0, 0, 0),
        (&vec![], 0, 70, 0),
        (&vec![], 70, 0, 0),
    ] {
        let frame = BgrView::new(data, width, height, 3 * width).unwrap();
        let found = FaceDetector::faces(&mut detector, &frame).unwrap();
        assert_eq!(found.len(), faces, "{width}x{height}");
    }
}

#[test]
fn the_pyramid_ends_where_the_window_fills_the_frame() {
    let sizes: Vec<f64> = pyramid(640, 480).collect();
    assert_eq!(sizes.len(), 7);
    assert_eq!(sizes[0], 0.2);
    assert!(sizes.iter().all(|scale| scale * 480.0 >= 12.0));
    assert!(sizes[6] * SHRINKAGE * 480.0 < 12.0);
    assert_eq!(pyramid(60, 1000).count(), 1);
    assert_eq!(pyramid(59, 1000).count(), 0);
    assert_eq!(pyramid(0, 1000).count(), 0);
}

#[test]
fn the_index_must_name_each_network_once() {
    for index in [
        "",
        "PNet a\nRNet b\n",
        "PNet a\nPNet b\nRNet c\nONet d",
        "PNet\nRNet b\nONet c",
    ] {
        let error = MtcnnNetworks::load(index, &mut file).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let swapped = "PNet first.dat\nRNet third.dat\nONet second.dat";
    assert!(matches!(
        MtcnnNetworks::load(swapped, &mut file),
        Err(ModelLoadError::Format(_))
    ));
    let missing = "PNet first.dat\nRNet second.dat\nONet fourth.dat";
    let error = MtcnnNetworks::load(missing, &mut file).unwrap_err();
    assert!(error.to_string().contains("fourth.dat"), "{error}");
}

fn parse_proposal(bytes: &[u8]) -> Result<Chain, ModelFileError> {
    Chain::parse(bytes, "test", PROPOSAL_SIDE, OUTPUTS, true)
}

#[test]
fn every_truncation_and_every_addition_is_an_error() {
    let mut whole = proposal_file();
    for length in 0..whole.len() {
        assert!(parse_proposal(&whole[..length]).is_err(), "{length} bytes");
    }
    assert!(parse_proposal(&whole).is_ok());
    whole.push(0);
    assert!(parse_proposal(&whole).is_err());
}

#[test]
fn a_network_for_images_of_one_size_cannot_look_at_frames() {
    let fixed = rating_file(12, [0.0; 4]);
    assert!(Chain::parse(&fixed, "test", 12, OUTPUTS, false).is_ok());
    assert!(parse_proposal(&fixed).is_err());
}

#[test]
fn windows_that_leave_gaps_are_refused() {
    let mut file = proposal_file();
    file[16..20].copy_from_slice(&3_i32.to_le_bytes());
    assert!(parse_proposal(&file).is_err());
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_network_or_an_error(bytes: Vec<u8>) {
        let _ = parse_proposal(&bytes);
    }

    /// A file with one changed byte is refused, or can be used on frames without harm.
    #[test]
    fn a_damaged_file_does_no_harm(at in 0..proposal_file().len(), value: u8) {
        let mut bytes = proposal_file();
        bytes[at] = value;
        let damaged = |path: &str| if path == "first.dat" { Ok(bytes.clone()) } else { file(path) };
        if let Ok(networks) = MtcnnNetworks::load(INDEX, &mut { damaged }) {
            let data = frame_with(75, 64, (0, 0, 64));
            let frame = BgrView::new(&data, 75, 64, 225).unwrap();
            for face in Mtcnn::new(networks).detect(&frame) {
                prop_assert!(face.left.is_finite() && face.width > 0.0);
            }
        }
    }
}
