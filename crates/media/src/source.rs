//! An input that has been looked through once: its frames have numbers, times and starting points.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::find::Input;
use super::video::hardware::{self, Decoder, DecoderWish};
use super::video::index::{self, VideoIndex};
use super::{InputError, image_folder};

/// Size of the frames as they are analysed, that is after rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Largest width in pixels (images of a folder may differ).
    pub width: usize,
    /// Largest height in pixels.
    pub height: usize,
}

/// What the plan needs to know of the frames, whatever they come from. Frames are counted from 0
/// here, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameIndex {
    /// Number of frames.
    pub frames: usize,
    /// Frames at which decoding can begin, ascending; the first frame is always one.
    pub entry_points: Vec<usize>,
}

/// An input, indexed and ready to be read.
#[derive(Debug, Clone)]
pub enum Source {
    /// A video file.
    Video {
        /// The file.
        path: PathBuf,
        /// Its index.
        index: Arc<VideoIndex>,
        /// What decodes it.
        decoder: Decoder,
    },
    /// A folder of images, or a single one.
    Images {
        /// The images in order.
        images: Arc<Vec<PathBuf>>,
        /// The largest of them.
        geometry: Geometry,
        /// What the user should know, a line each.
        remarks: Vec<String>,
    },
}

impl Source {
    /// Looks through `input` once. For a video this reads every packet but decodes none; hardware,
    /// if it is wished for, is tried on the first frame.
    ///
    /// # Errors
    /// When the input cannot be read or holds no frames, or when hardware that was named cannot
    /// decode it.
    pub fn open(input: &Input, wish: DecoderWish) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Self::video(path, index::from_packets(path)?, wish),
            Input::Still(_) | Input::ImageFolder { .. } => Self::images(input),
        }
    }

    /// Looks through the input again after its packets turned out not to tell the truth about its
    /// frames: by decoding all of it.
    ///
    /// # Errors
    /// When not even that gives a frame.
    pub fn open_by_decoding(input: &Input, wish: DecoderWish) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Self::video(path, index::from_decoding(path)?, wish),
            Input::Still(_) | Input::ImageFolder { .. } => Self::images(input),
        }
    }

    fn images(input: &Input) -> Result<Self, InputError> {
        let images = input.files();
        let survey = image_folder::survey(images)?;
        let mut remarks = match input {
            Input::ImageFolder { remarks, .. } => remarks.clone(),
            _ => Vec::new(),
        };
        remarks.extend(survey.remarks);
        Ok(Self::Images {
            images: Arc::new(images.to_vec()),
            geometry: survey.geometry,
            remarks,
        })
    }

    fn video(path: &Path, mut index: VideoIndex, wish: DecoderWish) -> Result<Self, InputError> {
        let software = DecoderWish::Only(Decoder::Software);
        let decoder = if index.by_time || wish == software {
            hardware::choose(path, wish, &mut index.remarks)?
        } else {
            // Frames are numbered as software counted them.
            let remark = "decoded in software, as its frames can only be counted";
            index.remarks.push(remark.to_owned());
            Decoder::Software
        };
        Ok(Self::Video {
            path: path.to_owned(),
            index: Arc::new(index),
            decoder,
        })
    }

    /// What decodes it. `None` for images.
    pub fn decoder(&self) -> Option<Decoder> {
        match self {
            Self::Video { decoder, .. } => Some(*decoder),
            Self::Images { .. } => None,
        }
    }

    /// Frame numbers and starting points.
    pub fn frame_index(&self) -> FrameIndex {
        match self {
            Self::Video { index, .. } => FrameIndex {
                frames: index.times.len(),
                entry_points: index.entry_points.clone(),
            },
            Self::Images { images, .. } => FrameIndex {
                frames: images.len(),
                entry_points: (0..images.len()).collect(),
            },
        }
    }

    /// Size of the frames.
    pub fn geometry(&self) -> Geometry {
        match self {
            Self::Video { index, .. } => index.upright_geometry(),
            Self::Images { geometry, .. } => *geometry,
        }
    }

    /// Time of a frame in seconds since the first one, from the file itself. 0 for images.
    pub fn seconds(&self, frame: usize) -> f64 {
        match self {
            Self::Video { index, .. } => index.seconds(frame),
            Self::Images { .. } => 0.0,
        }
    }

    /// Frames per second on average, as the file says. `None` for images.
    pub fn frame_rate(&self) -> Option<f64> {
        match self {
            Self::Video { index, .. } => index.frame_rate,
            Self::Images { .. } => None,
        }
    }

    /// What the user should know of this input before work starts, a line each.
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Video { index, .. } => index.remarks.clone(),
            Self::Images { remarks, .. } => remarks.clone(),
        }
    }
}
