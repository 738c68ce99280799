//! An input that has been looked through once: its frames have numbers, times and starting points.

use std::path::PathBuf;
use std::sync::Arc;

use super::find::Input;
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
    },
    /// A folder of images.
    Images {
        /// The images in order.
        images: Arc<Vec<PathBuf>>,
        /// The largest of them.
        geometry: Geometry,
    },
}

impl Source {
    /// Looks through `input` once. For a video this reads every packet but decodes none.
    ///
    /// # Errors
    /// When the input cannot be read or holds no frames.
    pub fn open(input: &Input) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Ok(Self::Video {
                path: path.clone(),
                index: Arc::new(index::from_packets(path)?),
            }),
            Input::ImageFolder { images, .. } => Ok(Self::Images {
                geometry: image_folder::largest(images)?,
                images: Arc::new(images.clone()),
            }),
        }
    }

    /// Looks through the input again after its packets turned out not to tell the truth about its
    /// frames: by decoding all of it.
    ///
    /// # Errors
    /// When not even that gives a frame.
    pub fn open_by_decoding(input: &Input) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Ok(Self::Video {
                path: path.clone(),
                index: Arc::new(index::from_decoding(path)?),
            }),
            Input::ImageFolder { .. } => Self::open(input),
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
            Self::Images { .. } => Vec::new(),
        }
    }
}
