//! Tiny stand-ins for OpenFace 3.0's networks, made in code: the inputs, outputs and odd output
//! names of the real files in both styles of export, with nobody's trained weights.
//!
//! What they say depends on the brightness of their crop, so that each number in a table depends on
//! the pixels of its frame. They go with the detector of [`crate::models`].

use std::fs;
use std::path::Path;

use faceau_models::{Manifest, id};
use faceau_vision::openface3::LANDMARKS;

use crate::onnx::{Network, Size};

/// How a model was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// With an open batch size, and names given to the first three outputs that belong to others.
    First,
    /// With a fixed batch size and, of the landmark network, one name.
    Later,
}

impl Export {
    fn batch(self) -> Size {
        match self {
            Self::First => Size::Open("batch"),
            Self::Later => Size::Fixed(1),
        }
    }
}

/// Writes both networks below `folder`.
pub fn write(folder: &Path, export: Export) {
    for (id, content) in [
        (id::OPENFACE3_MTL, multi_task(export)),
        (id::OPENFACE3_STAR, landmarker(export)),
    ] {
        fs::write(folder.join(path_of(id)), content).unwrap();
    }
}

/// Where a model's file belongs in a folder of models.
pub fn path_of(id: &str) -> &'static str {
    &Manifest::embedded().file(id).expect("it is listed").path
}

/// The input, and its mean as 1 x 1.
fn input(net: &mut Network, name: &str, export: Export, side: usize) -> String {
    let sizes = [
        export.batch(),
        Size::Fixed(3),
        Size::Fixed(side),
        Size::Fixed(side),
    ];
    let input = net.input(name, &sizes);
    let mean = net.apply("ReduceMean", &[&input]);
    net.reshape(&mean, &[1, 1])
}

/// `mean` times one factor per value, plus one offset per value: 1 x values.
fn affine(net: &mut Network, mean: &str, values: &[(f32, f32)]) -> String {
    let shape = [1, values.len()];
    let factors = net.constant(&shape, values.iter().map(|v| v.0).collect());
    let offsets = net.constant(&shape, values.iter().map(|v| v.1).collect());
    let scaled = net.apply("Mul", &[mean, &factors]);
    net.apply("Add", &[&scaled, &offsets])
}

/// The multi-task network.
fn multi_task(export: Export) -> Vec<u8> {
    let names = match export {
        Export::First => ["emotion", "gaze", "au"],
        Export::Later => ["emotion_output", "gaze_output", "au_output"],
    };
    let mut net = Network::new();
    let mean = input(&mut net, "input_face", export, 224);
    let ramp = |count: usize| (0..count).map(|i| (i as f32 - 3.5, 0.1 * i as f32));
    let emotions = affine(&mut net, &mean, &ramp(8).collect::<Vec<_>>());
    let gaze = affine(&mut net, &mean, &[(0.2, 0.1), (-0.3, 0.0)]);
    let aus = affine(&mut net, &mean, &ramp(8).collect::<Vec<_>>());
    let aus = net.apply("Sigmoid", &[&aus]);
    net.output(names[0], &[export.batch(), Size::Fixed(8)], &emotions);
    net.output(names[1], &[export.batch(), Size::Fixed(2)], &gaze);
    // The real file leaves the number of its action units open.
    net.output(names[2], &[export.batch(), Size::Open("units")], &aus);
    net.encode()
}

/// The landmark network: seventeen outputs, the last of which shares its name with another. Earlier
/// stages place the points elsewhere.
fn landmarker(export: Export) -> Vec<u8> {
    let mut net = Network::new();
    let mean = input(&mut net, "input_image", export, 256);
    let sizes = |rest: &[usize]| -> Vec<Size> {
        let rest = rest.iter().map(|&side| Size::Fixed(side));
        std::iter::once(export.batch()).chain(rest).collect()
    };
    let maps = |net: &mut Network, count: usize| {
        let zeros = net.constant(&[1, count, 4, 4], vec![0.0; 16 * count]);
        let mean = net.reshape(&mean, &[1, 1, 1, 1]);
        net.apply("Add", &[&zeros, &mean])
    };
    let mut named = match export {
        Export::First => vec!["landmarks", "heatmap", "output"],
        Export::Later => vec!["output"],
    };
    let mut last = String::new();
    for stage in 0..4 {
        let shift = 0.1 * (3 - stage) as f32;
        let points = affine(&mut net, &mean, &layout(shift));
        let points = net.reshape(&points, &[1, LANDMARKS, 2]);
        let (heat, edges) = (maps(&mut net, LANDMARKS), maps(&mut net, 9));
        for (kind, (value, rest)) in [
            (points, vec![LANDMARKS, 2]),
            (heat, vec![LANDMARKS, 4, 4]),
            (edges, vec![9, 4, 4]),
        ]
        .into_iter()
        .enumerate()
        {
            let generated = format!("{}", 2000 + 10 * stage + kind);
            let name = named.pop().map_or(generated, str::to_owned);
            net.output(&name, &sizes(&rest), &value);
            if kind == 0 {
                last = name;
            }
        }
    }
    for stage in 0..4 {
        let fused = maps(&mut net, LANDMARKS);
        net.output(
            &format!("{}", 3000 + stage),
            &sizes(&[LANDMARKS, 4, 4]),
            &fused,
        );
    }
    net.output_again(&last, &sizes(&[LANDMARKS, 2]));
    net.encode()
}

/// x and y of every landmark in turn: how much each moves with the brightness, and where it is.
fn layout(shift: f32) -> Vec<(f32, f32)> {
    let mut points = Vec::new();
    for i in 0..LANDMARKS {
        let angle = 0.37 * i as f32;
        // The lids come together as the crop gets brighter.
        let eye = [60, 68]
            .into_iter()
            .find(|first| (*first..first + 8).contains(&i));
        let (x, y) = match eye {
            Some(first) => {
                let around = std::f32::consts::PI * (1.0 - (i - first) as f32 / 4.0);
                let centre = if first == 60 { -0.3 } else { 0.3 };
                let (x, height) = (centre + 0.15 * around.cos(), -around.sin());
                ((0.0, x), (-0.05 * height, -0.2))
            }
            None => ((0.05, 0.8 * angle.cos()), (0.02, 0.8 * angle.sin())),
        };
        points.extend([(x.0, x.1 + shift), y]);
    }
    points
}
