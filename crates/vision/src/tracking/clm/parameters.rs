//! How the landmark models are to be fitted: windows, kernel widths and stiffnesses, as OpenFace
//! sets them for each kind of model and each part. Nothing is computed here but the adaptation
//! from scale to scale.

use super::experts::ExpertKind;

/// Most scales that a model's experts come in.
pub const MOST_SCALES: usize = 4;

/// Positions per side of the response maps, per scale; 0 leaves a scale out.
pub type Windows = [usize; MOST_SCALES];

/// Iterations of one optimisation pass at most.
pub const ITERATIONS: usize = 5;

/// Scale of the experts (px per mm) to which the un-adapted parameters belong.
const SMALLEST_SCALE: f64 = 0.25;
/// Parameters stop adapting at the scale of this index.
const LAST_ADAPTED_SCALE: usize = 2;

/// How one landmark model is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitParameters {
    /// Windows where the face was only just detected, or is not securely found.
    pub initial_windows: Windows,
    /// Windows while the last frame's landmarks are a good start.
    pub tracking_windows: Windows,
    /// Width of the mean shift's kernel, in positions of a response map.
    pub sigma: f64,
    /// How strongly the shape is held to the mean (the regularisation).
    pub stiffness: f64,
    /// How strongly landmarks are weighted by their experts' confidence; 0 for all alike.
    pub confidence_weight: f64,
    /// Whether the three above change from scale to scale.
    pub adapts: bool,
}

/// The parameters of one scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleParameters {
    /// Width of the mean shift's kernel, in positions of a response map.
    pub sigma: f64,
    /// How strongly the shape is held to the mean.
    pub stiffness: f64,
    /// How strongly landmarks are weighted by their experts' confidence; 0 for all alike.
    pub confidence_weight: f64,
}

impl FitParameters {
    /// For the whole face, with experts of this kind.
    pub fn face(kind: ExpertKind) -> Self {
        let clnf = Self {
            initial_windows: [11, 9, 7, 0],
            tracking_windows: [0, 9, 7, 0],
            sigma: 1.5,
            stiffness: 25.0,
            confidence_weight: 0.0,
            adapts: true,
        };
        match kind {
            ExpertKind::Svr | ExpertKind::Ccnf => clnf,
            ExpertKind::Cen => Self {
                initial_windows: [11, 9, 7, 5],
                sigma: 1.5 * clnf.sigma,
                stiffness: 0.9 * clnf.stiffness,
                ..clnf
            },
        }
    }

    /// For the part of the face that OpenFace calls `name`, where it has parameters for it.
    pub fn part(name: &str) -> Option<Self> {
        let (windows, sigma, stiffness, confidence_weight) = match name {
            "left_eye_28" | "right_eye_28" => ([3, 5, 9, 0], 1.0, 0.5, 0.0),
            "inner" => ([9, 0, 0, 0], 1.75, 2.5, 2.5),
            _ => return None,
        };
        Some(Self {
            initial_windows: windows,
            tracking_windows: windows,
            sigma,
            stiffness,
            confidence_weight,
            adapts: false,
        })
    }

    /// The parameters for scale `index` of experts that come in `scales` (px per mm): the finer
    /// the experts, the wider the kernel, the softer the shape, the more weight on confidence.
    ///
    /// # Panics
    /// When `scales` is empty.
    pub fn at_scale(&self, index: usize, scales: &[f64]) -> ScaleParameters {
        let octaves = if self.adapts {
            let adapted = index.min(LAST_ADAPTED_SCALE).min(scales.len() - 1);
            (scales[adapted] / SMALLEST_SCALE).log2()
        } else {
            0.0
        };
        let stiffness = self.stiffness - 15.0 * octaves;
        ScaleParameters {
            sigma: self.sigma + 0.25 * octaves,
            stiffness: if stiffness > 0.0 { stiffness } else { 0.001 },
            confidence_weight: self.confidence_weight * (1.0 + 2.0 * octaves),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three decimals, as the tables in the literature have them.
    fn rounded(parameters: ScaleParameters) -> (f64, f64) {
        let round = |v: f64| (1000.0 * v).round() / 1000.0;
        (round(parameters.sigma), round(parameters.stiffness))
    }

    #[test]
    fn finer_scales_have_wider_kernels_and_softer_shapes() {
        let scales = [0.25, 0.35, 0.5, 1.0];
        let at = |kind, index| rounded(FitParameters::face(kind).at_scale(index, &scales));
        let cen = [(2.25, 22.5), (2.371, 15.219), (2.5, 7.5), (2.5, 7.5)];
        let ccnf = [(1.5, 25.0), (1.621, 17.719), (1.75, 10.0)];
        for (index, expected) in cen.into_iter().enumerate() {
            assert_eq!(at(ExpertKind::Cen, index), expected);
        }
        for (index, expected) in ccnf.into_iter().enumerate() {
            assert_eq!(at(ExpertKind::Ccnf, index), expected);
        }
    }

    #[test]
    fn parts_keep_their_parameters() {
        let eye = FitParameters::part("left_eye_28").unwrap();
        assert_eq!(eye.at_scale(1, &[1.0, 1.5]), eye.at_scale(0, &[1.0, 1.5]));
        assert_eq!(eye.at_scale(0, &[1.0]).stiffness, 0.5);
        assert_eq!(FitParameters::part("chin"), None);
    }

    #[test]
    fn a_stiffness_stays_positive() {
        let soft = FitParameters {
            stiffness: 10.0,
            ..FitParameters::face(ExpertKind::Ccnf)
        };
        assert_eq!(soft.at_scale(2, &[0.25, 0.35, 0.5]).stiffness, 0.001);
    }
}
