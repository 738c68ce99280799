//! A clip rendered into files: a video, pictures, and the truth beside them.
//!
//! Frames are rendered on all threads that are allowed and written in order, so the files do not
//! depend on how many there are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::clip::{Clip, TICKS_PER_SECOND};
use crate::ordered::in_order;
use crate::scene::{Picture, Renderer};
use crate::truth_table;
use crate::video::{Codec, Pixels, VideoError, VideoFormat, VideoWriter, set_rotation};

/// Where to write what.
#[derive(Debug, Clone)]
pub struct Film {
    /// The video, if one is wanted; the ending says the file format.
    pub video: Option<PathBuf>,
    /// A folder for the frames as PNG files, if they are wanted.
    pub images: Option<PathBuf>,
    /// The table of the truth.
    pub truth: PathBuf,
    /// When each frame is shown, in ticks of [`TICKS_PER_SECOND`]; one frame for each.
    pub times: Vec<i64>,
    /// Frames per second, about.
    pub frame_rate: f64,
    /// The video's pictures are stored turned, and it says that they are to be turned by as many
    /// quarters clockwise to be upright.
    pub quarters: usize,
    /// Threads that render.
    pub threads: usize,
}

/// A film cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// The video cannot be written.
    #[error(transparent)]
    Video(#[from] VideoError),
    /// It was to end before it was complete.
    #[error("stopped")]
    Stopped,
    /// A picture cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    Image {
        /// The picture.
        path: PathBuf,
        /// Why.
        cause: image::ImageError,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl FilmError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, cause }
    }
}

impl Film {
    /// Renders the clip and writes the files. Video and truth appear under their names when they
    /// are complete. `progress` is told how many frames are done, and can end it.
    ///
    /// Returns the name of the encoder, as FFmpeg calls it, when there is a video.
    ///
    /// # Errors
    /// When a file cannot be written or `progress` breaks off; unfinished files are removed,
    /// images that are written stay.
    pub fn make(
        &self,
        clip: &Clip,
        progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<&'static str>, FilmError> {
        let unfinished: Vec<Unfinished> = self
            .video
            .iter()
            .chain([&self.truth])
            .map(|path| Unfinished::new(path))
            .collect();
        let truth = &unfinished[unfinished.len() - 1];
        let video = self.video.as_ref().map(|_| &unfinished[0]);
        let encoder = self.write(clip, video, truth, progress)?;
        for file in unfinished {
            file.finish()?;
        }
        Ok(encoder)
    }

    fn write(
        &self,
        clip: &Clip,
        video: Option<&Unfinished>,
        truth: &Unfinished,
        mut progress: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<&'static str>, FilmError> {
        if let Some(folder) = &self.images {
            fs::create_dir_all(folder).map_err(FilmError::file(folder))?;
        }
        let failed = || FilmError::file(&self.truth);
        let mut table = BufWriter::new(File::create(&truth.path).map_err(failed())?);
        truth_table::write_header(&mut table).map_err(failed())?;
        let mut writer = match video {
            Some(file) => Some(VideoWriter::create(&file.path, &self.format(clip))?),
            None => None,
        };
        let encoder = writer.as_ref().map(VideoWriter::encoder_name);
        let seconds = |frame: usize| self.times[frame] as f64 / f64::from(TICKS_PER_SECOND);
        in_order(
            self.times.len(),
            self.threads,
            Renderer::default,
            |renderer, frame| {
                let (picture, truths) = renderer.render(&clip.scene(seconds(frame) as f32, frame));
                let stored = video.map(|_| turned(&picture, self.quarters));
                (picture, stored, truths)
            },
            |frame, (picture, stored, truths)| {
                truth_table::write_frame(&mut table, frame + 1, seconds(frame), &truths)
                    .map_err(failed())?;
                if let (Some(writer), Some(stored)) = (&mut writer, stored) {
                    writer.write(Pixels::Rgb(&stored), self.times[frame])?;
                }
                if let Some(folder) = &self.images {
                    save(
                        &picture,
                        &folder.join(format!("frame_{:06}.png", frame + 1)),
                    )?;
                }
                match progress(frame + 1) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(FilmError::Stopped),
                }
            },
        )?;
        table.flush().map_err(failed())?;
        if let (Some(writer), Some(file)) = (writer, video) {
            writer.finish()?;
            if self.quarters != 0 {
                set_rotation(&file.path, self.quarters)?;
            }
        }
        Ok(encoder)
    }

    fn format(&self, clip: &Clip) -> VideoFormat {
        let (mut width, mut height) = clip.size();
        if self.quarters % 2 == 1 {
            std::mem::swap(&mut width, &mut height);
        }
        VideoFormat {
            width,
            height,
            ticks_per_second: TICKS_PER_SECOND,
            frame_rate: self.frame_rate,
            codec: Codec::H264,
            gop: self.frame_rate.round().max(1.0) as u32,
            b_frames: 2,
            options: Vec::new(),
        }
    }
}

/// A file that is not complete yet, removed when it never will be.
struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    fn new(target: &Path) -> Self {
        // The ending stays last: it says the video's format.
        let ending = target.extension().unwrap_or_default().to_string_lossy();
        Self {
            path: target.with_extension(format!("unfinished.{ending}")),
            target: target.to_owned(),
        }
    }

    fn finish(self) -> Result<(), FilmError> {
        fs::rename(&self.path, &self.target).map_err(FilmError::file(&self.target))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Fails when it was renamed or never begun, which is as well.
        let _ = fs::remove_file(&self.path);
    }
}

fn save(picture: &Picture, path: &Path) -> Result<(), FilmError> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    image::save_buffer(path, &picture.rgb, width, height, image::ColorType::Rgb8).map_err(|cause| {
        FilmError::Image {
            path: path.to_owned(),
            cause,
        }
    })
}

/// The picture as it is stored when it must be turned by `quarters` clockwise to be upright.
fn turned(picture: &Picture, quarters: usize) -> Vec<u8> {
    let (width, height) = (picture.width, picture.height);
    if quarters.is_multiple_of(4) {
        return picture.rgb.clone();
    }
    let (stored_width, stored_height) = if quarters % 2 == 1 {
        (height, width)
    } else {
        (width, height)
    };
    let mut stored = Vec::with_capacity(picture.rgb.len());
    for y in 0..stored_height {
        for x in 0..stored_width {
            let (from_x, from_y) = match quarters % 4 {
                1 => (width - 1 - y, x),
                2 => (width - 1 - x, height - 1 - y),
                _ => (y, height - 1 - x),
            };
            let at = 3 * (from_y * width + from_x);
            stored.extend_from_slice(&picture.rgb[at..at + 3]);
        }
    }
    stored
}
