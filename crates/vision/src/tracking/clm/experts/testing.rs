//! Small experts' files of all three kinds, made in code, for tests.

use crate::model_file::Matrix;
use crate::testing::Sequence;

use super::{ComponentIndex, ExpertKind, PatchExperts, PatchExpertsError};

/// Landmarks of the small models.
pub(crate) const LANDMARKS: usize = 3;
/// Views of the small models: frontal, turned one way, turned the other way.
pub(crate) const YAWS: [f64; 3] = [0.0, -30.0, 30.0];
/// The landmark that has no expert in the last view.
const HIDDEN: usize = 2;

/// Bytes of a file, appended to.
#[derive(Default)]
pub(crate) struct Bytes(pub Vec<u8>);

impl Bytes {
    pub(crate) fn ints(&mut self, values: &[i32]) {
        self.0.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }

    pub(crate) fn number(&mut self, value: f64) {
        self.0.extend(value.to_le_bytes());
    }

    fn numbers(&mut self, values: &[f64]) {
        values.iter().for_each(|&value| self.number(value));
    }

    /// A matrix of `f32`, row after row.
    pub(crate) fn singles(&mut self, rows: usize, values: &[f64]) {
        self.ints(&[rows as i32, (values.len() / rows) as i32, 5]);
        let singles = values.iter().map(|&v| v as f32);
        self.0.extend(singles.flat_map(f32::to_le_bytes));
    }

    /// A column of integers.
    pub(crate) fn column(&mut self, values: &[i32]) {
        self.ints(&[values.len() as i32, 1, 4]);
        self.ints(values);
    }

    /// Scale, centres of the views, visibility.
    fn views(&mut self) {
        self.number(0.5);
        self.ints(&[YAWS.len() as i32]);
        for yaw in YAWS {
            self.ints(&[3, 1, 6]);
            self.numbers(&[0.0, yaw, 0.0]);
        }
        for view in 0..YAWS.len() {
            self.column(&visible(view).map(i32::from));
        }
    }
}

/// Which landmarks are visible in a view.
pub(crate) fn visible(view: usize) -> [bool; LANDMARKS] {
    let mut visible = [true; LANDMARKS];
    visible[HIDDEN] = view + 1 < YAWS.len();
    visible
}

/// Pseudo-random numbers as they are stored: rounded to `f32`.
pub(crate) fn random(seed: usize, count: usize, scale: f64) -> Vec<f64> {
    let mut sequence = Sequence::new(seed as u64);
    let next = |_| f64::from((scale * sequence.signed()) as f32);
    (0..count).map(next).collect()
}

/// What the filters of the CCNF expert `i` are: norm weight, bias, alpha, kernel.
pub(crate) fn neurons(i: usize) -> Vec<(f64, f64, f64, Vec<f64>)> {
    let alphas = [0.7, 1.9, 5e-5, 0.3];
    let neuron = |(k, alpha)| {
        let seed = 10 * i + k;
        (
            5.0 + k as f64,
            -0.5 * k as f64,
            alpha,
            random(seed, 121, 0.15),
        )
    };
    alphas.into_iter().enumerate().map(neuron).collect()
}

pub(crate) const BETAS: [f64; 2] = [0.4, 1.2];
/// The window that the CCNF file has similarities for.
pub(crate) const SIMILAR_WINDOW: usize = 5;

/// Neighbours within `reach` pull at each other: the Laplacian of their graph.
pub(crate) fn laplacian(window: usize, reach: usize) -> Matrix {
    let size = window * window;
    let mut data = vec![0.0; size * size];
    for p in 0..size {
        for q in 0..size {
            let rows = (p / window).abs_diff(q / window);
            let distance = rows + (p % window).abs_diff(q % window);
            if p != q && distance <= reach {
                data[p * size + q] = -1.0;
                data[p * size + p] += 1.0;
            }
        }
    }
    Matrix {
        rows: size,
        cols: size,
        data,
    }
}

pub(crate) fn ccnf_file() -> Vec<u8> {
    let mut file = Bytes::default();
    file.views();
    file.ints(&[1, SIMILAR_WINDOW as i32, 2]);
    for reach in 1..=2 {
        let matrix = laplacian(SIMILAR_WINDOW, reach);
        file.singles(matrix.rows, &matrix.data);
    }
    for view in 0..YAWS.len() {
        for (landmark, visible) in visible(view).into_iter().enumerate() {
            if !visible {
                file.ints(&[5, 0, 0, 0, 0]);
                continue;
            }
            let neurons = neurons(LANDMARKS * view + landmark);
            file.ints(&[5, 11, 11, neurons.len() as i32]);
            for (norm, bias, alpha, kernel) in neurons {
                file.ints(&[2, 0]);
                file.numbers(&[norm, bias, alpha]);
                file.singles(11, &kernel);
            }
            file.numbers(&BETAS);
            file.number(0.25 * (1 + landmark) as f64);
        }
    }
    file.0
}

/// The landmark that is each one's mirror image, and the same for views.
pub(crate) const MIRROR_LANDMARKS: [usize; LANDMARKS] = [1, 0, 2];
pub(crate) const MIRROR_VIEWS: [usize; 3] = [0, 2, 1];

/// Whether the CEN file has an expert of its own for a landmark in a view.
pub(crate) fn has_network(view: usize, landmark: usize) -> bool {
    match view {
        0 => landmark != 1,
        1 => true,
        _ => false,
    }
}

/// The layers of the CEN expert `i`: activation, bias, weights (a row per output).
pub(crate) fn layers(i: usize) -> Vec<(i32, Vec<f64>, Vec<f64>)> {
    let sizes = [122, 20, 9, 1];
    let layer = |k: usize| {
        let (inputs, outputs) = (sizes[k], sizes[k + 1]);
        let weights = random(100 * i + 2 * k, inputs * outputs, 3.0 / inputs as f64);
        let bias = random(100 * i + 2 * k + 1, outputs, 0.3);
        ([2, 7, 0][k], bias, weights)
    };
    (0..3).map(layer).collect()
}

pub(crate) fn cen_file() -> Vec<u8> {
    let mut file = Bytes::default();
    file.views();
    file.column(&MIRROR_LANDMARKS.map(|i| i as i32));
    file.column(&MIRROR_VIEWS.map(|i| i as i32));
    for view in 0..YAWS.len() {
        for landmark in 0..LANDMARKS {
            if has_network(view, landmark) {
                let layers = layers(LANDMARKS * view + landmark);
                file.ints(&[6, 11, 11, layers.len() as i32]);
                for (activation, bias, weights) in layers {
                    file.ints(&[activation]);
                    file.singles(bias.len(), &bias);
                    file.singles(bias.len(), &weights);
                }
            } else {
                file.ints(&[6, 0, 0, 0]);
            }
            file.number(0.25 * (1 + landmark) as f64);
        }
    }
    file.0
}

/// The regressors of the SVR expert `i`: modality, scaling, bias, template (upright).
pub(crate) fn regressors(i: usize) -> [(usize, f64, f64, Vec<f64>); 2] {
    [
        (0, 7.5, -1.25, random(2 * i, 121, 0.2)),
        (1, 4.5, -0.5, random(2 * i + 1, 121, 0.2)),
    ]
}

pub(crate) fn svr_file() -> String {
    let mut text = "# scale\n0.5\n# views\n3\n# centres\n".to_owned();
    for yaw in YAWS {
        text += &format!("3\n1\n6\n0.0\n{yaw}\n0.0\n");
    }
    for view in 0..YAWS.len() {
        let flags = visible(view).map(|v| u8::from(v).to_string()).join("\n");
        text += &format!("{LANDMARKS}\n1\n4\n{flags}\n");
    }
    text += "# patches\n";
    for view in 0..YAWS.len() {
        for landmark in 0..LANDMARKS {
            text += "3 11 11 2 ";
            for (modality, scaling, bias, template) in regressors(LANDMARKS * view + landmark) {
                let confidence = 0.125 * (1 + landmark) as f64;
                text += &format!("2 {modality} {confidence} {scaling} {bias} 11 11 5 ");
                for i in 0..121 {
                    // Stored column after column.
                    text += &format!("{} ", template[i % 11 * 11 + i / 11]);
                }
                text += "\n";
            }
        }
    }
    text
}

/// Loads a model of one scale from the content of its file.
pub(crate) fn load(kind: ExpertKind, file: &[u8]) -> Result<PatchExperts, PatchExpertsError> {
    let index = ComponentIndex {
        shape_model: String::new(),
        kind,
        experts: vec!["small.dat".to_owned()],
        early_termination: None,
    };
    PatchExperts::load(&index, &mut |_| Ok::<_, std::io::Error>(file.to_vec()))
}
