//! Small experts of all three kinds against evaluations that follow the definitions word by word,
//! and damaged files.

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

use super::area::Area;
use super::testing::*;
use super::{
    ExpertKind, MOST_WINDOW, PatchExperts, Request, ResponseScratch, Responses, Similarity,
};
use crate::grey::{GreyBuffer, GreyImage, Region};
use crate::image::BgrView;

const SIDE: usize = 64;
const POSITIONS: [f32; 2 * LANDMARKS] = [20.0, 40.25, 33.0, 30.5, 28.0, 44.0];
const MAP: Similarity = Similarity { c: 1.25, s: 0.25 };

/// Runs `test` on a textured frame.
fn with_frame<T>(test: impl FnOnce(&GreyImage<'_>) -> T) -> T {
    let pixels: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|i| {
            let (x, y) = ((i % SIDE) as f64, (i / SIDE) as f64);
            let value = 120.0 + 60.0 * (0.4 * x).sin() + 50.0 * (0.3 * y + 0.05 * x).cos();
            [
                value as u8,
                (value * 0.9) as u8,
                (i * 7 % 50) as u8 + value as u8 / 2,
            ]
        })
        .collect();
    let frame = BgrView::new(&pixels, SIDE, SIDE, 3 * SIDE).unwrap();
    let mut buffer = GreyBuffer::default();
    test(&buffer.convert(&frame, Region::whole(&frame)))
}

fn respond(experts: &PatchExperts, grey: &GreyImage<'_>, view: usize, window: usize) -> Responses {
    let request = Request {
        scale: 0,
        view,
        window,
        landmarks: &POSITIONS,
        image_from_reference: MAP,
    };
    let mut responses = Responses::default();
    // What an earlier, larger request leaves behind must not be seen.
    let mut scratch = ResponseScratch::default();
    let larger = Request {
        view: 0,
        window: window + 2,
        ..request
    };
    experts.respond(&mut scratch, grey, &larger, &mut responses);
    experts.respond(&mut scratch, grey, &request, &mut responses);
    responses
}

/// The 11x11 pixels from (x, y) on.
fn patch(area: &[f64], side: usize, x: usize, y: usize) -> Vec<f64> {
    (0..121)
        .map(|i| area[(y + i / 11) * side + x + i % 11])
        .collect()
}

/// Mean zero, length one.
fn normalised(mut patch: Vec<f64>) -> Vec<f64> {
    let mean = patch.iter().sum::<f64>() / 121.0;
    patch.iter_mut().for_each(|v| *v -= mean);
    let length = patch.iter().map(|v| v * v).sum::<f64>().sqrt();
    patch.iter_mut().for_each(|v| *v /= length);
    patch
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

type Naive = fn(view: usize, landmark: usize, area: &[f64], window: usize) -> Vec<f64>;

/// Compares all maps of all views with what `naive` makes of each landmark's area.
fn compare(kind: ExpertKind, file: &[u8], windows: &[usize], naive: Naive) {
    let experts = load(kind, file).unwrap();
    assert_eq!(
        (experts.scales(), experts.landmarks()),
        (&[0.5][..], LANDMARKS)
    );
    with_frame(|grey| {
        for (view, &window) in (0..YAWS.len()).flat_map(|v| windows.iter().map(move |w| (v, w))) {
            assert_eq!(experts.visible(0, view), visible(view));
            let responses = respond(&experts, grey, view, window);
            assert_eq!(responses.window(), window);
            assert_eq!(responses.visible(), visible(view));
            for (landmark, visible) in visible(view).into_iter().enumerate() {
                let mut area = Area::default();
                let position = [POSITIONS[landmark], POSITIONS[LANDMARKS + landmark]];
                area.sample(grey, position, MAP, window);
                let area: Vec<f64> = area.values().iter().map(|&v| v.into()).collect();
                let expected = match visible {
                    true => naive(view, landmark, &area, window),
                    false => vec![0.0; window * window],
                };
                for (ours, expected) in responses.map(landmark).iter().zip(&expected) {
                    let error = (f64::from(*ours) - expected).abs();
                    assert!(
                        error < 2e-6,
                        "{kind:?} {view} {landmark} {window}: {error:e}"
                    );
                }
            }
        }
    });
}

#[test]
fn conditional_neural_fields_are_their_definition() {
    compare(
        ExpertKind::Ccnf,
        &ccnf_file(),
        &[3, 5, 7, 9, 11, 13, 15],
        |view, landmark, area, window| {
            let neurons = neurons(LANDMARKS * view + landmark);
            let size = window * window;
            let sums = DVector::from_fn(size, |p, _| {
                let patch = normalised(patch(area, window + 10, p % window, p / window));
                let respond = |(norm, bias, alpha, kernel): &(f64, f64, f64, Vec<f64>)| {
                    2.0 * alpha * sigmoid(norm * dot(kernel, &patch) + bias)
                };
                neurons.iter().filter(|n| n.2 > 1e-4).map(respond).sum()
            });
            let alpha_sum: f64 = neurons.iter().map(|n| n.2).sum();
            let mut precision = DMatrix::from_diagonal_element(size, size, 2.0 * alpha_sum);
            if window == SIMILAR_WINDOW {
                for (reach, beta) in (1..).zip(BETAS) {
                    let matrix = laplacian(window, reach);
                    precision += DMatrix::from_row_slice(size, size, &matrix.data) * (2.0 * beta);
                }
            }
            let response = precision.try_inverse().unwrap() * sums;
            let least = response.min().min(0.0);
            response.iter().map(|v| v - least).collect()
        },
    );
}

#[test]
fn expert_networks_are_their_definition() {
    compare(
        ExpertKind::Cen,
        &cen_file(),
        &[3, 5, 7, 9, 11],
        |view, landmark, area, window| {
            let side = window + 10;
            let mirrored = !has_network(view, landmark);
            let (view, landmark) = match (mirrored, view) {
                (false, _) => (view, landmark),
                (true, 0) => (0, MIRROR_LANDMARKS[landmark]),
                (true, _) => (MIRROR_VIEWS[view], MIRROR_LANDMARKS[landmark]),
            };
            let flip = |map: &[f64], side: usize| -> Vec<f64> {
                let rows = map.chunks_exact(side);
                rows.flat_map(|row| row.iter().rev().copied()).collect()
            };
            let area = if mirrored {
                flip(area, side)
            } else {
                area.to_vec()
            };
            let layers = layers(LANDMARKS * view + landmark);
            let evaluate = |x: usize, y: usize| {
                let patch = normalised(patch(&area, side, x, y));
                let mut values = vec![1.0];
                values.extend((0..121).map(|i| patch[i % 11 * 11 + i / 11]));
                for (activation, bias, weights) in &layers {
                    let rows = weights.chunks_exact(values.len()).zip(bias);
                    let sums = rows.map(|(row, bias)| dot(row, &values) + bias);
                    values = sums
                        .map(|sum| match activation {
                            0 => sigmoid(sum),
                            2 => sum.max(0.0),
                            _ => sum,
                        })
                        .collect();
                }
                values[0]
            };
            let mut map = vec![0.0; window * window];
            for x in 0..window {
                for y in 0..window {
                    // Column by column, every other position.
                    if (x * window + y) % 2 == 1 {
                        map[y * window + x] = evaluate(x, y);
                    }
                }
            }
            let sparse = map.clone();
            for y in 0..window as isize {
                for x in (0..window as isize).filter(|x| (x + y) % 2 == 0) {
                    let inside = 0..window as isize;
                    let neighbours: Vec<f64> = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
                        .into_iter()
                        .filter(|(x, y)| inside.contains(x) && inside.contains(y))
                        .map(|(x, y)| sparse[y as usize * window + x as usize])
                        .collect();
                    map[y as usize * window + x as usize] =
                        neighbours.iter().sum::<f64>() / neighbours.len() as f64;
                }
            }
            if mirrored { flip(&map, window) } else { map }
        },
    );
}

#[test]
fn regressors_are_their_definition() {
    compare(
        ExpertKind::Svr,
        svr_file().as_bytes(),
        &[3, 9],
        |view, landmark, area, window| {
            let side = window + 10;
            let mut gradient = vec![0.0; side * side];
            for y in 1..side - 1 {
                for x in 1..side - 1 {
                    let at = y * side + x;
                    gradient[at] = (area[at + 1] - area[at - 1]).powi(2)
                        + (area[at + side] - area[at - side]).powi(2);
                }
            }
            let regressors = regressors(LANDMARKS * view + landmark);
            (0..window * window)
                .map(|p| {
                    let respond =
                        |(modality, scaling, bias, template): &(usize, f64, f64, Vec<f64>)| {
                            let area = [area, &gradient[..]][*modality];
                            let patch = normalised(patch(area, side, p % window, p / window));
                            sigmoid(scaling * dot(&patch, &normalised(template.clone())) + bias)
                        };
                    regressors.iter().map(respond).product()
                })
                .collect()
        },
    );
}

#[test]
fn confidences_follow_the_expert() {
    let ccnf = load(ExpertKind::Ccnf, &ccnf_file()).unwrap();
    assert_eq!(ccnf.confidences(0, 1), [0.25, 0.5, 0.75]);
    assert_eq!(ccnf.confidences(0, 2), [0.25, 0.5, 0.0]);
    let svr = load(ExpertKind::Svr, svr_file().as_bytes()).unwrap();
    assert_eq!(svr.confidences(0, 0), [0.25, 0.5, 0.75]);
    let cen = load(ExpertKind::Cen, &cen_file()).unwrap();
    assert_eq!(cen.confidences(0, 0), [0.25, 0.25, 0.75]);
    assert_eq!(cen.confidences(0, 2), [0.5, 0.25, 0.0]);
}

#[test]
fn a_frame_of_one_colour_gives_finite_responses() {
    let pixels = vec![77; 3 * SIDE * SIDE];
    let frame = BgrView::new(&pixels, SIDE, SIDE, 3 * SIDE).unwrap();
    let mut buffer = GreyBuffer::default();
    let grey = buffer.convert(&frame, Region::whole(&frame));
    for (kind, file) in files() {
        let responses = respond(&load(kind, &file).unwrap(), &grey, 0, 5);
        for landmark in 0..LANDMARKS {
            let map = responses.map(landmark);
            assert!(
                map.iter().all(|v| (v - map[12]).abs() < 1e-5),
                "{kind:?}: {map:?}"
            );
        }
    }
}

fn files() -> [(ExpertKind, Vec<u8>); 3] {
    [
        (ExpertKind::Ccnf, ccnf_file()),
        (ExpertKind::Cen, cen_file()),
        (ExpertKind::Svr, svr_file().into_bytes()),
    ]
}

#[test]
fn every_truncation_is_an_error() {
    for (kind, file) in files() {
        // Of a text, the blank end and digits of the last number may go.
        let whole = if kind == ExpertKind::Svr {
            file.len() - 30
        } else {
            file.len()
        };
        for length in (0..whole).step_by(7).chain([whole - 1]) {
            assert!(
                load(kind, &file[..length]).is_err(),
                "{kind:?}, {length} bytes"
            );
        }
        let longer = [&file[..], b"1"].concat();
        assert!(load(kind, &longer).is_err(), "{kind:?}");
    }
}

#[test]
fn a_visible_landmark_needs_an_expert() {
    // Hidden landmarks that are declared visible.
    for (kind, file) in files() {
        let hidden = visible(YAWS.len() - 1).map(i32::from);
        let mut pattern = Bytes::default();
        pattern.column(&hidden);
        let at = file
            .windows(pattern.0.len())
            .position(|bytes| bytes == pattern.0);
        let Some(at) = at else { continue };
        let mut file = file;
        let last = at + pattern.0.len() - 4;
        file[last] = 1;
        // The mirrored network of the other view serves the landmark.
        assert_eq!(load(kind, &file).is_err(), kind == ExpertKind::Ccnf);
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes: Vec<u8>) {
        for kind in [ExpertKind::Svr, ExpertKind::Ccnf, ExpertKind::Cen] {
            let _ = load(kind, &bytes);
        }
    }

    /// A file with a few changed bytes is either refused or a model that can be asked.
    #[test]
    fn a_damaged_file_does_no_harm(
        which in 0_usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let [(kind, mut file), ..] = { let mut files = files(); files.rotate_left(which); files };
        // Most of a file are numbers, which may be anything; the beginning is more interesting.
        for (at, value) in changes {
            let length = if value % 2 == 0 { file.len() } else { file.len().min(400) };
            let at = at.index(length);
            file[at] = value;
        }
        if let Ok(experts) = load(kind, &file)
            && experts.landmarks() == LANDMARKS
            && experts.views(0) == YAWS.len()
        {
            with_frame(|grey| {
                respond(&experts, grey, 1, 5);
            });
        }
    }

    #[test]
    fn any_landmarks_give_a_response(
        landmarks in prop::array::uniform6(any::<f32>()),
        (c, s) in (any::<f32>(), any::<f32>()),
    ) {
        for (kind, file) in files() {
            let experts = load(kind, &file).unwrap();
            let request = Request {
                scale: 0,
                view: 0,
                window: 5,
                landmarks: &landmarks,
                image_from_reference: Similarity { c, s },
            };
            let mut responses = Responses::default();
            with_frame(|grey| {
                experts.respond(&mut ResponseScratch::default(), grey, &request, &mut responses);
            });
            for landmark in 0..LANDMARKS {
                prop_assert!(responses.map(landmark).iter().all(|v| v.is_finite()));
            }
        }
    }
}

#[test]
#[should_panic(expected = "window")]
fn a_window_that_is_too_large_is_a_mistake() {
    let experts = load(ExpertKind::Ccnf, &ccnf_file()).unwrap();
    with_frame(|grey| {
        respond(&experts, grey, 0, MOST_WINDOW);
    });
}
