//! Small models made in code, for tests here and in the other crates: nobody's trained weights.
//!
//! Everything is made from a fixed pseudo-random sequence, so that a test sees the same model on
//! every machine.

use crate::analysis::DESCRIPTOR_LEN;
use crate::au::models::AuModels;
use crate::au::predictor::{Output, Predictor};
use crate::model_file::Matrix;

/// A pseudo-random sequence (SplitMix64), the same everywhere.
#[derive(Debug, Clone)]
pub struct Sequence(u64);

impl Sequence {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, evenly spread over -1 to 1.
    pub fn signed(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// The text of a shape model: points spread over a bowl 140 mm wide, and orthonormal random modes
/// of falling variance.
///
/// # Panics
/// When `modes` is not below 3 * `landmarks`.
pub fn shape_model_text(landmarks: usize, modes: usize) -> String {
    let rows = 3 * landmarks;
    assert!(modes < rows);
    let mut random = Sequence::new(1);
    let mut mean = vec![0.0; rows];
    for i in 0..landmarks {
        // A sunflower: evenly spread, no two points alike.
        let radius = 70.0 * ((i as f64 + 0.5) / landmarks as f64).sqrt();
        let angle = 2.399_963 * i as f64;
        mean[i] = radius * angle.cos();
        mean[landmarks + i] = radius * angle.sin();
        mean[2 * landmarks + i] = radius * radius / 80.0 - 30.0;
    }
    let mut columns: Vec<Vec<f64>> = Vec::new();
    while columns.len() < modes {
        let mut column: Vec<f64> = (0..rows).map(|_| random.signed()).collect();
        for other in &columns {
            let along: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
            for (value, other) in column.iter_mut().zip(other) {
                *value -= along * other;
            }
        }
        let length = column.iter().map(|v| v * v).sum::<f64>().sqrt();
        column.iter_mut().for_each(|value| *value /= length);
        columns.push(column);
    }
    let basis = (0..rows)
        .flat_map(|row| columns.iter().map(move |column| column[row]))
        .collect();
    let variances = (0..modes).map(|j| 800.0 * 0.8_f64.powi(j as i32)).collect();

    let mut text = String::new();
    for (comment, rows, cols, data) in [
        ("mean shape in mm", rows, 1, mean),
        ("modes of deformation", rows, modes, basis),
        ("variances of the modes", 1, modes, variances),
    ] {
        Matrix { rows, cols, data }.write_text(comment, &mut text);
    }
    text
}

/// A linear AU model with small random weights.
pub fn predictor(seed: u64, output: Output, dynamic: bool) -> Predictor {
    let mut random = Sequence::new(seed);
    let mut values = |size: f64| {
        (0..DESCRIPTOR_LEN)
            .map(|_| size * random.signed())
            .collect()
    };
    let (mean, weights) = (values(0.1), values(0.02));
    Predictor {
        output,
        dynamic,
        mean,
        weights,
        bias: random.signed(),
    }
}

/// A complete set of AU models as their files would hold them: path, action unit, content;
/// intensities first, each kind sorted by action unit, every other one dynamic.
pub fn au_model_files() -> Vec<(String, u8, Predictor)> {
    const AUS: [u8; 18] = [
        1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45,
    ];
    let intensity = |au: u8| {
        let dynamic = au.is_multiple_of(2);
        let cutoff = dynamic.then_some(0.25);
        let model = predictor(au.into(), Output::Intensity { cutoff }, dynamic);
        (format!("intensities/AU_{au}.dat"), au, model)
    };
    let presence = |au: u8| {
        let positive = f64::from(au.is_multiple_of(3));
        let output = Output::Presence {
            positive,
            otherwise: 1.0 - positive,
        };
        let model = predictor(100 + u64::from(au), output, au % 2 == 1);
        (format!("presences/AU_{au}.dat"), au, model)
    };
    let intensities = AUS.into_iter().filter(|&au| au != 28).map(intensity);
    intensities.chain(AUS.into_iter().map(presence)).collect()
}

/// A complete set of AU models.
pub fn au_models() -> AuModels {
    let models = au_model_files()
        .into_iter()
        .map(|(_, au, model)| (au, model));
    AuModels::new(models.collect()).expect("the set is complete")
}

/// The text of a triangulation: a fan over the 68 landmarks.
pub fn triangulation_text() -> String {
    let data = (1..67)
        .flat_map(|i| [0.0, f64::from(i), f64::from(i + 1)])
        .collect();
    let mut text = String::new();
    let (rows, cols) = (66, 3);
    Matrix { rows, cols, data }.write_text("triangles", &mut text);
    text
}
