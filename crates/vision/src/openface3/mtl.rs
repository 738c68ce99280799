//! The multi-task network (MTL): action units, emotion and gaze from the crop of a face.
//!
//! The crop is exactly the detector's box, cut to whole pixels, without margin or alignment: the
//! network was used so. Where the face is must be known before.

use super::{AUS, EMOTIONS};
use crate::image::BgrView;
use crate::network::{Dimension, Network, NetworkError, Signature, Tensor};
use crate::tracking::pixel_box::PixelBox;
use crate::tracking::resample::{Region, Resampler};

/// Side of the network's input in pixels.
const SIDE: usize = 224;
/// Mean and deviation of the channels R, G, B in the images that the network was trained on, in
/// units of full brightness.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// Values of the outputs, which are told apart by position: exporters named them differently.
const OUTPUTS: [(&str, usize); 3] = [("emotions", EMOTIONS), ("gaze", 2), ("action units", AUS)];

/// What the network says of one face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratings {
    /// How present each action unit is, 0 to 1, in the network's order.
    pub aus: [f32; AUS],
    /// One logit per emotion.
    pub emotions: [f32; EMOTIONS],
    /// Yaw and pitch in radians.
    pub gaze: [f32; 2],
}

/// The network and the buffers it needs.
#[derive(Debug)]
pub struct Mtl<N> {
    network: N,
    resampler: Resampler,
    /// What each 8-bit value of the channels R, G, B becomes.
    normalised: Box<[[f32; 256]; 3]>,
    input: Vec<f32>,
    outputs: Vec<Tensor>,
}

impl<N: Network> Mtl<N> {
    /// Wraps a network that takes 1x3x224x224 floats (planes R, G, B, normalised) and returns, as
    /// its first three outputs, 8 logits of emotions, yaw and pitch of the gaze, and 8 scores of
    /// action units.
    pub fn new(network: N) -> Self {
        let normalised = std::array::from_fn(|channel| {
            std::array::from_fn(|value| (value as f32 / 255.0 - MEAN[channel]) / DEVIATION[channel])
        });
        Self {
            network,
            resampler: Resampler::default(),
            normalised: Box::new(normalised),
            input: vec![0.0; 3 * SIDE * SIDE],
            outputs: Vec::new(),
        }
    }

    /// Rates the face that fills `crop`, which must lie within the frame.
    ///
    /// # Errors
    /// When the network cannot be run or returns other numbers of values.
    pub fn rate(&mut self, frame: &BgrView<'_>, crop: PixelBox) -> Result<Ratings, NetworkError> {
        self.prepare(frame, crop);
        self.network
            .run(&[1, 3, SIDE, SIDE], &self.input, &mut self.outputs)?;
        let values = |i: usize| self.outputs.get(i).map_or(&[] as &[f32], |t| &t.data);
        let ratings = (|| {
            Some(Ratings {
                emotions: values(0).try_into().ok()?,
                gaze: values(1).try_into().ok()?,
                aus: values(2).try_into().ok()?,
            })
        })();
        ratings.ok_or_else(|| NetworkError {
            network: self.network.name().to_owned(),
            reason: format!(
                "it returned {:?} values instead of {:?}",
                [0, 1, 2].map(|i| values(i).len()),
                OUTPUTS.map(|(_, count)| count)
            ),
        })
    }

    /// Fills the input from `crop` and returns it.
    pub fn prepare(&mut self, frame: &BgrView<'_>, crop: PixelBox) -> &[f32] {
        let region = Region {
            left: crop.left,
            top: crop.top,
            width: crop.width(),
            height: crop.height(),
        };
        let (input, normalised) = (&mut self.input, &self.normalised);
        self.resampler
            .scale(frame, region, (SIDE, SIDE), |channel, index, value| {
                let plane = 2 - channel;
                input[plane * SIDE * SIDE + index] = normalised[plane][usize::from(value)];
            });
        &self.input
    }
}

/// Which outputs of a model to ask for, if it can be an MTL network.
///
/// # Errors
/// Says what was expected and what was found.
pub fn choose_outputs(signature: &Signature) -> Result<Vec<usize>, String> {
    let wanted = [1, 3, SIDE, SIDE];
    if !signature.input.accepts(&wanted) {
        return Err(format!(
            "the multi-task network takes {wanted:?}, this one {}",
            signature.input
        ));
    }
    // A size that the model leaves open is checked when the network runs.
    let fits = |dimensions: &[Dimension], count: usize| match dimensions {
        [.., last] => last.may_be(count),
        [] => false,
    };
    let found = &signature.outputs;
    let all_fit = OUTPUTS
        .iter()
        .enumerate()
        .all(|(i, &(_, count))| found.get(i).is_some_and(|o| fits(&o.shape.0, count)));
    if all_fit {
        return Ok(vec![0, 1, 2]);
    }
    Err(format!(
        "the first outputs of the multi-task network are {}; this one has {}",
        OUTPUTS
            .map(|(name, count)| format!("{count} {name}"))
            .join(", "),
        signature.describe_outputs()
    ))
}

/// Probabilities of the emotions from their logits. Not numbers when one of these is none.
pub fn probabilities(logits: &[f32; EMOTIONS]) -> [f32; EMOTIONS] {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logits.map(|logit| (logit - largest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::{FakeNetwork, signature};

    const CROP: PixelBox = PixelBox {
        left: 2,
        top: 1,
        right: 12,
        bottom: 9,
    };

    fn frame(data: &[u8]) -> BgrView<'_> {
        BgrView::new(data, 20, 10, 60).unwrap()
    }

    #[test]
    fn the_input_is_planar_rgb_and_normalised() {
        let network = FakeNetwork::new("MTL", |shape, input| {
            assert_eq!(shape, [1, 3, 224, 224]);
            for (plane, value) in [255.0, 51.0, 0.0].into_iter().enumerate() {
                let expected = (value / 255.0 - MEAN[plane]) / DEVIATION[plane];
                let values = &input[plane * SIDE * SIDE..(plane + 1) * SIDE * SIDE];
                assert!(values.iter().all(|&v| v == expected), "plane {plane}");
            }
            let outputs = [(8, 0.5), (2, -0.25), (8, 0.75)];
            outputs.map(|(n, v)| (vec![1, n], vec![v; n])).into()
        });
        let data: Vec<u8> = (0..200).flat_map(|_| [0, 51, 255]).collect();
        let ratings = Mtl::new(network).rate(&frame(&data), CROP).unwrap();
        assert_eq!(ratings.emotions, [0.5; 8]);
        assert_eq!(ratings.gaze, [-0.25; 2]);
        assert_eq!(ratings.aus, [0.75; 8]);
    }

    #[test]
    fn another_number_of_values_is_an_error() {
        let network = FakeNetwork::new("MTL", |_, _| {
            [8, 2, 12].map(|n| (vec![1, n], vec![0.0; n])).into()
        });
        let data = vec![0; 600];
        let error = Mtl::new(network).rate(&frame(&data), CROP).unwrap_err();
        assert!(error.to_string().contains("[8, 2, 12]"), "{error}");
    }

    #[test]
    fn outputs_are_told_apart_by_position() {
        let model = |input, [a, b, c]: [&str; 3]| signature(input, &[("a", a), ("b", b), ("c", c)]);
        let input = "1x3x224x224";
        for shapes in [["1x8", "1x2", "1x8"], ["?x8", "?x2", "?x?"]] {
            assert_eq!(choose_outputs(&model(input, shapes)), Ok(vec![0, 1, 2]));
        }
        let error = choose_outputs(&model(input, ["1x2", "1x8", "1x8"])).unwrap_err();
        assert!(error.contains("a 1x2, b 1x8"), "{error}");
        let other = model("1x3x112x112", ["1x8", "1x2", "1x8"]);
        let error = choose_outputs(&other).unwrap_err();
        assert!(error.contains("1x3x112x112"), "{error}");
    }

    #[test]
    fn probabilities_add_up_whatever_the_logits() {
        let p = probabilities(&[1000.0, 999.0, 0.0, -5.0, 0.0, 0.0, 0.0, 0.0]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((p[0] / p[1] - 1.0_f32.exp()).abs() < 1e-4);
        assert!(probabilities(&[f32::NAN; 8])[0].is_nan());
    }
}
