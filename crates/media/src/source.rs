//! An input that has been looked through once: its frames have numbers, times and starting points.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::find::Input;
use super::video::hardware::{self, Decoder, DecoderWish};
use super::video::index::{self, VideoIndex};
use super::{InputError, Reading, Remark, image_folder};

/// Size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// As in `640 x 480`.
impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.width, self.height)
    }
}

/// What the plan needs to know of the frames, whatever they come from. Frames are counted from 0
/// here, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameIndex {
    /// Number of frames.
    pub frames: usize,
    /// Frames at which decoding can begin, ascending; the first frame is always one.
    pub entry_points: Vec<usize>,
    /// Frames at which pictures change their size, ascending: no tracker goes on across them.
    pub breaks: Vec<usize>,
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
        /// What the user should know.
        remarks: Vec<Remark>,
    },
}

impl Source {
    /// Looks through `input` once. For a video this reads every packet but decodes only the first
    /// picture; hardware, if it is wished for, is tried on that one, too.
    ///
    /// # Errors
    /// When the input cannot be read or holds no frames, or when hardware that was named cannot
    /// decode it.
    pub fn open(input: &Input, reading: &Reading) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Self::video(path, index::from_packets(path, reading)?, reading),
            Input::Still(_) | Input::ImageFolder { .. } => Self::images(input),
        }
    }

    /// Looks through the input again after its packets turned out not to tell the truth about its
    /// frames: by decoding all of it.
    ///
    /// # Errors
    /// When not even that gives a frame.
    pub fn open_by_decoding(input: &Input, reading: &Reading) -> Result<Self, InputError> {
        match input {
            Input::Video(path) => Self::video(path, index::from_decoding(path, reading)?, reading),
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
            remarks: remarks.into_iter().map(Remark::Images).collect(),
        })
    }

    fn video(path: &Path, mut index: VideoIndex, reading: &Reading) -> Result<Self, InputError> {
        let wish = reading.decoder;
        let software = DecoderWish::Only(Decoder::Software);
        let decoder = if index.by_time || wish == software {
            hardware::choose(path, Some(index.track), wish, &mut index.remarks)?
        } else {
            // Frames are numbered as software counted them.
            let reason = "as its frames can only be counted".to_owned();
            index.remarks.push(Remark::DecodedInSoftware { reason });
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

    /// The names of the files that are its frames, in order. None for a video.
    pub fn image_names(&self) -> Vec<String> {
        let Self::Images { images, .. } = self else {
            return Vec::new();
        };
        let name = |path: &PathBuf| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into()
        };
        images.iter().map(name).collect()
    }

    /// Frame numbers and starting points.
    pub fn frame_index(&self) -> FrameIndex {
        match self {
            Self::Video { index, .. } => FrameIndex {
                frames: index.times.units.len(),
                entry_points: index.entry_points.clone(),
                breaks: index.shapes.iter().skip(1).map(|shape| shape.0).collect(),
            },
            Self::Images { images, .. } => FrameIndex {
                frames: images.len(),
                entry_points: (0..images.len()).collect(),
                breaks: Vec::new(),
            },
        }
    }

    /// The size that holds every frame, upright.
    pub fn geometry(&self) -> Geometry {
        match self {
            Self::Video { index, .. } => index.largest(),
            Self::Images { geometry, .. } => *geometry,
        }
    }

    /// Time of a frame in seconds since the first one or the file's zero, as was asked for. 0 for
    /// images.
    pub fn seconds(&self, frame: usize) -> f64 {
        match self {
            Self::Video { index, .. } => index.times.seconds(frame),
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

    /// The index of a video; `None` for images.
    pub fn video_index(&self) -> Option<&VideoIndex> {
        match self {
            Self::Video { index, .. } => Some(index),
            Self::Images { .. } => None,
        }
    }

    /// What the user should know of this input before work starts.
    pub fn remarks(&self) -> Vec<Remark> {
        match self {
            Self::Video { index, .. } => index.remarks.clone(),
            Self::Images { remarks, .. } => remarks.clone(),
        }
    }
}
