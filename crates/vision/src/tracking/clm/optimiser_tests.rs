//! The optimiser on response maps whose best positions are known.

use super::*;
use crate::testing::shape_model_text;

const N: usize = 20;
const SIDE: usize = 21;

fn model() -> ShapeModel {
    ShapeModel::parse(&shape_model_text(N, 5)).unwrap()
}

/// A face some 200 px wide.
fn start(model: &ShapeModel) -> ShapeParameters {
    ShapeParameters {
        global: [1.4, 0.1, -0.2, 0.05, 300.0, 200.0],
        local: vec![0.0; model.modes()],
    }
}

fn landmarks(model: &ShapeModel, parameters: &ShapeParameters) -> Vec<f32> {
    let mut landmarks = Vec::new();
    Search::default().begin(model, parameters, &mut landmarks);
    landmarks
}

/// One position of a map is two pixels of the image, turned a little.
const REFERENCE_FROM_IMAGE: Similarity = Similarity { c: 0.5, s: 0.05 };

/// Maps around `base` whose mass is spread about where `target` lies; those of landmarks that are
/// not visible mislead.
fn maps(base: &[f32], target: &[f32], visible: [bool; N]) -> Responses {
    let mut data = Vec::new();
    for i in 0..N {
        let shift = [target[i] - base[i], target[N + i] - base[N + i]].map(f64::from);
        let [x, y] = turn(REFERENCE_FROM_IMAGE, shift).map(|v| v + 10.0);
        for at in 0..SIDE * SIDE {
            let (dx, dy) = ((at % SIDE) as f64 - x, (at / SIDE) as f64 - y);
            let value = (-(dx * dx + dy * dy) / 8.0).exp();
            let misleading = f32::from(u8::from(at == 0));
            data.push(if visible[i] { value as f32 } else { misleading });
        }
    }
    Responses::new(SIDE, visible.to_vec(), data)
}

fn weights(model: &ShapeModel, visible: [bool; N]) -> LandmarkWeights {
    LandmarkWeights::new(model, visible.map(|v| f64::from(u8::from(v))).to_vec())
}

const LOOSE: ScaleParameters = ScaleParameters {
    sigma: 3.0,
    stiffness: 0.001,
    confidence_weight: 0.0,
};

/// How far landmarks are apart at most, along an axis, leaving some out.
fn apart(a: &[f32], b: &[f32], counts: [bool; N]) -> f32 {
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let counted = differences
        .zip(counts.iter().cycle())
        .filter(|(_, counts)| **counts);
    counted
        .map(|(difference, _)| difference)
        .fold(0.0, f32::max)
}

/// Runs a rigid pass and, if asked for, one that deforms; returns landmarks and likelihood.
fn run(
    from: &ShapeParameters,
    to: &ShapeParameters,
    visible: [bool; N],
    parameters: ScaleParameters,
    deform: bool,
) -> (Vec<f32>, ShapeParameters, f32) {
    let model = model();
    let (mut search, mut base) = (Search::default(), Vec::new());
    search.begin(&model, from, &mut base);
    let guide = Guide {
        responses: &maps(&base, &landmarks(&model, to), visible),
        reference_from_image: REFERENCE_FROM_IMAGE,
        weights: &weights(&model, visible),
        parameters,
    };
    search.move_rigidly(&model, &guide);
    if deform {
        search.deform(&model, &guide);
    }
    let likelihood = search.likelihood(&guide);
    let mut end = ShapeParameters::default();
    search.parameters(&model, &mut end);
    (landmarks(&model, &end), end, likelihood)
}

#[test]
fn a_rigid_pass_follows_a_rigid_motion() {
    let model = model();
    let from = start(&model);
    let mut to = from.clone();
    to.global = [1.43, 0.13, -0.16, 0.08, 303.0, 197.0];
    let (ours, end, likelihood) = run(&from, &to, [true; N], LOOSE, false);
    let truth = landmarks(&model, &to);
    // Each mean shift goes 9/13 of the way (kernel and peak have variances 9 and 4): five leave
    // 0.3 %, but turning a shape is not linear.
    let before = apart(&landmarks(&model, &from), &truth, [true; N]);
    let after = apart(&ours, &truth, [true; N]);
    assert!(before > 5.0 && after < 0.05 * before, "{before} -> {after}");
    assert_eq!(end.local, from.local);
    let (.., further) = run(&from, &from, [true; N], LOOSE, false);
    assert!(
        (likelihood - further).abs() < 0.05,
        "{likelihood} {further}"
    );
}

#[test]
fn a_deformation_is_followed_but_held_by_the_stiffness() {
    let model = model();
    let from = start(&model);
    let mut to = from.clone();
    to.local = vec![8.0, -6.0, 5.0, 4.0, -4.0];
    let truth = landmarks(&model, &to);
    let (loose, ..) = run(&from, &to, [true; N], LOOSE, true);
    let stiff = ScaleParameters {
        stiffness: 1e9,
        ..LOOSE
    };
    let (_, stiff, _) = run(&from, &to, [true; N], stiff, true);
    let before = apart(&landmarks(&model, &from), &truth, [true; N]);
    let after = apart(&loose, &truth, [true; N]);
    assert!(before > 3.0 && after < 0.1 * before, "{before} -> {after}");
    assert!(stiff.local.iter().all(|p| p.abs() < 1e-3), "{stiff:?}");
}

#[test]
fn unseen_landmarks_have_no_say() {
    let model = model();
    let from = start(&model);
    let mut to = from.clone();
    to.global[4] += 4.0;
    let mut visible = [true; N];
    visible[3] = false;
    visible[11] = false;
    let (ours, ..) = run(&from, &to, visible, LOOSE, true);
    assert!(apart(&ours, &landmarks(&model, &to), visible) < 0.2);
}

#[test]
fn a_shape_that_fits_stays() {
    let from = start(&model());
    let (_, end, likelihood) = run(&from, &from, [true; N], LOOSE, true);
    for (a, b) in end.global.iter().zip(from.global) {
        assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{end:?}");
    }
    // Σ exp(-d²/8) exp(-d²/18) over the map is 2π·36/13, but for its border.
    let expected = (2.0 * std::f32::consts::PI * 36.0 / 13.0).ln();
    assert!(
        (likelihood - expected).abs() < 0.02,
        "{likelihood} {expected}"
    );
}

#[test]
fn weights_in_modes_stay_within_three_deviations() {
    let model = model();
    let from = start(&model);
    let mut to = from.clone();
    let limit = 3.0 * model.variances()[4].sqrt() as f32;
    to.local[4] = 3.0 * limit;
    let wide = ScaleParameters {
        sigma: 10.0,
        ..LOOSE
    };
    let (_, end, _) = run(&from, &to, [true; N], wide, true);
    assert!(end.local[4] <= limit * 1.0001, "{:?} {limit}", end.local);
    assert!(end.local[4] > 0.9 * limit, "{:?} {limit}", end.local);
}

#[test]
fn maps_without_mass_move_nothing() {
    let from = start(&model());
    let model = model();
    let (mut search, mut base) = (Search::default(), Vec::new());
    search.begin(&model, &from, &mut base);
    for value in [0.0, f32::NAN] {
        let guide = Guide {
            responses: &Responses::new(3, vec![true; N], vec![value; 9 * N]),
            reference_from_image: REFERENCE_FROM_IMAGE,
            weights: &weights(&model, [true; N]),
            parameters: LOOSE,
        };
        search.move_rigidly(&model, &guide);
        search.deform(&model, &guide);
    }
    let mut end = ShapeParameters::default();
    search.parameters(&model, &mut end);
    for (a, b) in end.global.iter().zip(from.global) {
        assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{end:?}");
    }
}
