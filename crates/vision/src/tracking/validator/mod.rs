//! Whether 68 landmarks sit on a face: OpenFace's detection validator.
//!
//! The face is cut out along the landmarks' mesh into a small image of fixed size, and a
//! convolutional network, one per orientation of the head, says how far the landmarks are off
//! (Baltrušaitis et al. 2016, "OpenFace: an open source facial behavior analysis toolkit"). It
//! needs no inference engine: the network is small and comes in OpenFace's own format. What to do
//! about a bad verdict is the tracker's business.

#[cfg(test)]
pub(super) mod testing;
mod warp;

use crate::analysis::LANDMARKS;
use crate::image::BgrView;
use crate::model_file::{BinaryReader, ModelFileError};

use super::convnet::{Convolution, Dense, Maps, MapsShape, MaxPool};
use warp::{SIDE, Statistics, Warp};

/// Landmarks count as found when the certainty is above this (strictly), as in OpenFace.
pub const CERTAINTY_THRESHOLD: f32 = 0.725;

/// The file's number for a validator that is a convolutional network.
const KIND_NETWORK: i32 = 3;
const POOL: MaxPool = MaxPool {
    window: (2, 2),
    stride: (2, 2),
};

#[derive(Debug, Clone)]
enum Layer {
    Convolution(Convolution),
    MaxPool,
    Dense(Dense),
    Relu,
    Sigmoid,
}

impl Layer {
    fn read(reader: &mut BinaryReader<'_>, context: &str) -> Result<Self, ModelFileError> {
        match reader.i32(context)? {
            0 => Ok(Self::Convolution(Convolution::read(reader, context)?)),
            1 => Ok(Self::MaxPool),
            2 => Ok(Self::Dense(Dense::read(reader, context)?)),
            3 => Ok(Self::Relu),
            4 => Ok(Self::Sigmoid),
            other => Err(ModelFileError::new(
                context,
                format!("unknown layer type {other} (known: 0 to 4)"),
            )),
        }
    }

    fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        match self {
            Self::Convolution(layer) => layer.output_shape(shape),
            Self::MaxPool => POOL.output_shape(shape),
            Self::Dense(layer) => layer.output_shape(shape),
            Self::Relu | Self::Sigmoid => Some(shape),
        }
    }
}

/// What belongs to one orientation of the head.
#[derive(Debug, Clone)]
struct View {
    /// Euler angles in radians.
    orientation: [f32; 3],
    warp: Warp,
    layers: Vec<Layer>,
}

/// The validator and the buffers it works in.
#[derive(Debug, Clone)]
pub struct Validator {
    views: Vec<View>,
    values: Vec<f32>,
    patches: Vec<f32>,
    maps: Maps,
    next: Maps,
}

impl Validator {
    /// Reads `validator_cnn.txt` or `validator_cnn_68.txt` (binary in spite of their names).
    ///
    /// # Errors
    /// When the bytes are not such a file, or one whose parts do not fit together.
    pub fn parse(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let context = "detection validator";
        let reader = &mut BinaryReader::new(bytes);
        let kind = reader.i32(context)?;
        if kind != KIND_NETWORK {
            return Err(ModelFileError::new(
                context,
                format!("kind {kind} is not supported, only {KIND_NETWORK} (a neural network) is"),
            ));
        }
        let count = reader.count(context, 100)?;
        let orientations = (0..count)
            .map(|_| {
                let degrees = reader.matrix(context)?.expect_shape(context, 3, 1)?;
                let radians = |i: usize| degrees.data[i].to_radians() as f32;
                Ok([radians(0), radians(1), radians(2)])
            })
            .collect::<Result<Vec<_>, _>>()?;
        let views = orientations
            .into_iter()
            .enumerate()
            .map(|(i, orientation)| {
                View::read(
                    reader,
                    orientation,
                    &format!("detection validator, view {i}"),
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        if views.is_empty() {
            return Err(ModelFileError::new(context, "there is no view"));
        }
        Ok(Self {
            views,
            values: Vec::new(),
            patches: Vec::new(),
            maps: Maps::default(),
            next: Maps::default(),
        })
    }

    /// How certain it is that `landmarks` (x of all 68 in pixels, then y) sit on a face in
    /// `frame`, from 0 to 1. `rotation` is the head's, as Euler angles in radians; it chooses
    /// among the networks.
    ///
    /// The network sorts the error into bins, so that only certain values occur: with 20 bins
    /// 0.975, 0.925, and so on in steps of 0.05. Landmarks that span no part of the frame, or are
    /// not finite, give 0.
    pub fn certainty(
        &mut self,
        frame: &BgrView<'_>,
        landmarks: &[f32; 2 * LANDMARKS],
        rotation: [f32; 3],
    ) -> f32 {
        let distance = |view: &View| -> f32 {
            let differences = view.orientation.iter().zip(&rotation);
            differences.map(|(a, b)| (a - b).powi(2)).sum()
        };
        // `min_by` keeps the first of equals, and parsing made sure that there is one.
        let Some(view) = self
            .views
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        else {
            return 0.0;
        };
        self.maps.reshape(View::INPUT);
        let (warp, image) = (&view.warp, &mut self.maps.data);
        if !warp.cut_out(frame, landmarks, &mut self.values, image) {
            return 0.0;
        }
        for layer in &view.layers {
            match layer {
                Layer::Convolution(layer) => {
                    layer.apply(&self.maps, &mut self.patches, &mut self.next);
                }
                Layer::MaxPool => POOL.apply(&self.maps, &mut self.next),
                Layer::Dense(layer) => layer.apply(&self.maps, &mut self.next),
                Layer::Relu => {
                    self.maps.data.iter_mut().for_each(|v| *v = v.max(0.0));
                    continue;
                }
                Layer::Sigmoid => {
                    let sigmoid = |v: &mut f32| *v = 1.0 / (1.0 + (-*v).exp());
                    self.maps.data.iter_mut().for_each(sigmoid);
                    continue;
                }
            }
            std::mem::swap(&mut self.maps, &mut self.next);
        }
        certainty_of_bins(&self.maps.data)
    }
}

/// The first bin stands for the smallest error; the certainty is the middle of the winning bin,
/// counted from the other end.
fn certainty_of_bins(bins: &[f32]) -> f32 {
    let mut best = 0;
    for (bin, value) in bins.iter().enumerate() {
        if *value > bins[best] {
            best = bin;
        }
    }
    // Rounded once: the second decimal is reported, and often the third is a 5.
    (1.0 - (best as f64 + 0.5) / bins.len() as f64) as f32
}

impl View {
    /// What the first layer is given.
    const INPUT: MapsShape = MapsShape {
        channels: 1,
        height: SIDE,
        width: SIDE,
    };

    fn read(
        reader: &mut BinaryReader<'_>,
        orientation: [f32; 3],
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let statistics = Statistics::read(reader, context)?;
        let count = reader.count(context, 100)?;
        let mut shape = Self::INPUT;
        let mut layers = Vec::with_capacity(count);
        for i in 0..count {
            let context = format!("{context}, layer {i}");
            let layer = Layer::read(reader, &context)?;
            let output = layer.output_shape(shape).ok_or_else(|| {
                let MapsShape {
                    channels,
                    height,
                    width,
                } = shape;
                let size = format!("{channels} maps of {height}x{width}");
                ModelFileError::new(context, format!("the layer cannot take {size}"))
            })?;
            layers.push(match layer {
                Layer::Dense(layer) => Layer::Dense(layer.for_row_major_maps(shape)),
                other => other,
            });
            shape = output;
        }
        if !matches!(layers.last(), Some(Layer::Dense(_))) {
            let reason = "the network does not end in a fully connected layer";
            return Err(ModelFileError::new(context, reason));
        }
        Ok(Self {
            orientation,
            warp: Warp::read(reader, &statistics, context)?,
            layers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::testing::light_validator_file;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_become_certainties() {
        let mut bins = [0.0; 20];
        bins[4] = 1.0;
        assert!(certainty_of_bins(&bins) > CERTAINTY_THRESHOLD);
        bins[4] = 0.0;
        bins[5] = 1.0;
        assert!(certainty_of_bins(&bins) <= CERTAINTY_THRESHOLD);
        assert_eq!(certainty_of_bins(&[1.0; 20]), 0.975, "the first of equals");
        bins[19] = 2.0;
        assert_eq!(certainty_of_bins(&bins), 0.025);
    }

    #[test]
    fn a_small_file_is_read_and_run() {
        let mut validator = Validator::parse(&light_validator_file()).unwrap();
        let landmarks = std::array::from_fn(|i| (i % 15) as f32);
        for (level, certainty) in [(200, 0.75), (0, 0.25)] {
            let data = vec![level; 3 * 20 * 20];
            let frame = BgrView::new(&data, 20, 20, 60).unwrap();
            assert_eq!(validator.certainty(&frame, &landmarks, [0.0; 3]), certainty);
            let outside = std::array::from_fn(|i| 100.0 + i as f32);
            assert_eq!(validator.certainty(&frame, &outside, [0.0; 3]), 0.0);
            assert_eq!(validator.certainty(&frame, &[f32::NAN; 136], [0.0; 3]), 0.0);
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let file = light_validator_file();
        for length in 0..file.len() {
            assert!(Validator::parse(&file[..length]).is_err(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_an_error(bytes: Vec<u8>) {
            let _ = Validator::parse(&bytes);
        }

        /// A file with one changed byte is either refused or a validator that can be asked.
        #[test]
        fn a_damaged_file_does_no_harm(at in 0..light_validator_file().len(), value: u8) {
            let mut file = light_validator_file();
            file[at] = value;
            if let Ok(mut validator) = Validator::parse(&file) {
                let data = vec![100; 3 * 20 * 20];
                let frame = BgrView::new(&data, 20, 20, 60).unwrap();
                let landmarks = std::array::from_fn(|i| (i % 15) as f32);
                let certainty = validator.certainty(&frame, &landmarks, [0.0; 3]);
                prop_assert!((0.0..=1.0).contains(&certainty));
            }
        }
    }
}
