//! Frames of a video by number: seek, decode, drop what is early, convert.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::decoder;
use ffmpeg::frame::Video;

use super::super::{Geometry, InputError};
use super::container::{Container, describe};
use super::hardware::{Decoder, Surfaces};
use super::index::VideoIndex;
use super::picture::Converter;

/// The video does not hold the frames that its index promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame {wanted} did not come out of the decoder")]
pub struct PlanMismatch {
    /// The frame that should have come, counted from 0.
    pub wanted: usize,
}

/// A run of frames cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is at fault.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The index is at fault.
    #[error(transparent)]
    Mismatch(#[from] PlanMismatch),
}

/// Decoded pictures in the order shown, from wherever the file stands.
pub(super) struct FrameStream {
    container: Container,
    decoder: decoder::Video,
    /// Where pictures are decoded in hardware.
    surfaces: Option<Surfaces>,
    packet: ffmpeg::Packet,
    path: PathBuf,
    at_end: bool,
}

impl FrameStream {
    pub(super) fn new(
        container: Container,
        path: &Path,
        threads: usize,
        by: Decoder,
    ) -> Result<Self, InputError> {
        let decoder = container.decoder(path, threads, by)?;
        Ok(Self {
            container,
            decoder,
            surfaces: (by != Decoder::Software).then(Surfaces::new),
            packet: ffmpeg::Packet::empty(),
            path: path.into(),
            at_end: false,
        })
    }

    /// Whether the last picture came from hardware.
    pub(super) fn uses_hardware(&self) -> bool {
        self.surfaces.as_ref().is_some_and(Surfaces::used_hardware)
    }

    /// Decodes the next picture. `false` at the end of the video.
    ///
    /// A packet that cannot be decoded is passed over, as any player does; that its frame is
    /// missing shows in the numbers.
    pub(super) fn next(&mut self, frame: &mut Video) -> Result<bool, InputError> {
        loop {
            let received = match &mut self.surfaces {
                None => self.decoder.receive_frame(frame),
                Some(surfaces) => surfaces.receive(&mut self.decoder, frame),
            };
            match received {
                Ok(()) => return Ok(true),
                Err(ffmpeg::Error::Eof) => return Ok(false),
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => {}
                Err(error) if is_bad_picture(error) => {}
                Err(error) => return Err(self.failed(error)),
            }
            if self.at_end {
                return Ok(false);
            }
            self.feed()?;
        }
    }

    /// Gives the decoder one more packet, or tells it that there are none.
    fn feed(&mut self) -> Result<(), InputError> {
        let mut errors = 0;
        loop {
            match self.container.read_packet(&mut self.packet) {
                Ok(()) if self.packet.stream() != self.container.track => {}
                Ok(()) => match self.decoder.send_packet(&self.packet) {
                    Ok(()) => return Ok(()),
                    Err(error) if is_bad_picture(error) => return Ok(()),
                    Err(error) => return Err(self.failed(error)),
                },
                Err(error) => {
                    errors += 1;
                    if error == ffmpeg::Error::Eof || errors >= 64 {
                        self.at_end = true;
                        return match self.decoder.send_eof() {
                            Ok(()) | Err(ffmpeg::Error::Eof) => Ok(()),
                            Err(error) => Err(self.failed(error)),
                        };
                    }
                }
            }
        }
    }

    /// Goes to the last place at or before `time` where decoding can begin.
    fn seek(&mut self, time: i64) -> Result<(), ffmpeg::Error> {
        // SAFETY: the context is open and borrowed exclusively, and the track exists in it. (The
        // safe wrapper cannot name a track, so its times would be in other units.)
        let code = unsafe {
            ffmpeg::ffi::avformat_seek_file(
                self.container.input.as_mut_ptr(),
                self.container.track as i32,
                i64::MIN,
                time,
                time,
                0,
            )
        };
        if code < 0 {
            return Err(ffmpeg::Error::from(code));
        }
        self.decoder.flush();
        self.at_end = false;
        Ok(())
    }

    fn failed(&self, error: ffmpeg::Error) -> InputError {
        InputError::Decoding {
            path: self.path.clone(),
            reason: describe(error),
        }
    }
}

/// Whether an error is about one picture: its data make no sense, or its size does not.
fn is_bad_picture(error: ffmpeg::Error) -> bool {
    matches!(
        error,
        ffmpeg::Error::InvalidData
            | ffmpeg::Error::Other {
                errno: ffmpeg::error::EINVAL
            }
    )
}

/// Reads frames of an indexed video by number.
pub struct VideoReader {
    stream: FrameStream,
    index: Arc<VideoIndex>,
    converter: Converter,
    threads: usize,
    by: Decoder,
    /// The picture decoded last.
    picture: Video,
    /// Its number if it has not been used yet.
    pending: Option<usize>,
    /// Number of pictures decoded since the start of the file, where frames are counted.
    counted: usize,
}

impl VideoReader {
    /// Opens `path`, of which `index` is the index, for decoding `by` what was chosen for it, with
    /// `threads` threads if that is software.
    ///
    /// # Errors
    /// When the file cannot be opened any more.
    pub fn open(
        path: &Path,
        index: Arc<VideoIndex>,
        threads: usize,
        by: Decoder,
    ) -> Result<Self, InputError> {
        Ok(Self {
            stream: FrameStream::new(Container::open(path)?, path, threads, by)?,
            converter: Converter::new(index.stored, index.orientation),
            index,
            threads,
            by,
            picture: Video::empty(),
            pending: None,
            counted: 0,
        })
    }

    /// Gets ready to read from `frame` on (counted from 0).
    ///
    /// # Errors
    /// When the file fails.
    pub fn go_to(&mut self, frame: usize) -> Result<(), ReadError> {
        if self.pending == Some(frame) {
            return Ok(());
        }
        let mut entry = self.index.entry_before(frame);
        // Containers differ in where a seek ends; what comes out of the decoder decides.
        while self.index.by_time && entry > 0 {
            if self.stream.seek(self.index.times[entry]).is_ok()
                && self.decode()?.is_some_and(|first| first <= frame)
            {
                return Ok(());
            }
            entry = self.index.entry_before(entry - 1);
        }
        self.rewind()
    }

    /// Reads frame `wanted`, which lies at or behind where the reader stands, into `pixels`, rows
    /// `stride(width)` bytes apart. Returns the frame's size.
    ///
    /// # Errors
    /// [`ReadError::Mismatch`] when that frame does not come out of the decoder.
    pub fn read(
        &mut self,
        wanted: usize,
        stride: impl Fn(usize) -> usize,
        pixels: &mut [u8],
    ) -> Result<Geometry, ReadError> {
        loop {
            let number = match self.pending {
                Some(number) => number,
                None => self.decode()?.ok_or(PlanMismatch { wanted })?,
            };
            if number > wanted {
                return Err(PlanMismatch { wanted }.into());
            }
            self.pending = None;
            if number == wanted {
                break;
            }
        }
        self.converter
            .convert(&self.picture, stride, pixels)
            .map_err(|e| self.stream.failed(e))?;
        Ok(self.index.upright_geometry())
    }

    /// Decodes the next picture that has a number, and keeps it as pending.
    fn decode(&mut self) -> Result<Option<usize>, ReadError> {
        self.pending = None;
        while self.stream.next(&mut self.picture)? {
            let number = if self.index.by_time {
                // A picture with an unknown time belongs to what an edit list cuts out, or to
                // before the place that was sought.
                self.picture
                    .timestamp()
                    .and_then(|time| self.index.frame_at(time))
            } else {
                self.counted += 1;
                Some(self.counted - 1)
            };
            if number.is_some() {
                self.pending = number;
                return Ok(number);
            }
        }
        Ok(None)
    }

    /// Starts again at the first frame, with a freshly opened file: it always works.
    fn rewind(&mut self) -> Result<(), ReadError> {
        let path = self.stream.path.clone();
        self.stream = FrameStream::new(Container::open(&path)?, &path, self.threads, self.by)?;
        self.pending = None;
        self.counted = 0;
        Ok(())
    }
}
