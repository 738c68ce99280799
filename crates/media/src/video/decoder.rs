//! Frames of a video by number: seek, decode, drop what is early, convert.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::decoder;
use ffmpeg::codec::packet::side_data::Type;
use ffmpeg::frame::Video;

use super::super::reader::BufferTooSmall;
use super::super::reader::ReadPicture;
use super::super::{Geometry, InputError};
use super::container::{Container, describe};
use super::hardware::{Decoder, Surfaces};
use super::index::VideoIndex;
use super::orientation;
use super::picture::{ConvertError, Converter};
use super::shape::{self, PixelAspect, Shape};

/// Errors in a row after which a file, or a decoder at its end, has nothing more to say.
pub(super) const MOST_ERRORS_IN_A_ROW: usize = 64;

/// The video does not hold the frames that its index promised. Frames are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanMismatch {
    /// A frame did not come.
    #[error("frame {} did not come out of the decoder", wanted + 1)]
    Missing {
        /// The frame that should have come.
        wanted: usize,
    },
    /// A frame came in another size or shape.
    #[error("frame {} has another size than the frames before it", wanted + 1)]
    OtherShape {
        /// The frame.
        wanted: usize,
    },
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
    /// The caller is at fault.
    #[error(transparent)]
    Buffer(#[from] BufferTooSmall),
}

/// Decoded pictures in the order shown, from wherever the file stands.
pub(super) struct FrameStream {
    container: Container,
    decoder: decoder::Video,
    /// Where pictures are decoded in hardware.
    surfaces: Option<Surfaces>,
    /// The last picture, where they are not.
    decoded: Video,
    packet: ffmpeg::Packet,
    path: PathBuf,
    at_end: bool,
    /// Errors at the end of the file, in a row.
    errors_at_end: usize,
    /// Packets and pictures that made no sense.
    bad: usize,
    /// Whether the container says of a packet that its content is encrypted.
    encrypted: bool,
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
            decoded: Video::empty(),
            packet: ffmpeg::Packet::empty(),
            path: path.into(),
            at_end: false,
            errors_at_end: 0,
            bad: 0,
            encrypted: false,
        })
    }

    /// Whether the last picture came from hardware.
    pub(super) fn uses_hardware(&self) -> bool {
        self.surfaces.as_ref().is_some_and(Surfaces::used_hardware)
    }

    /// The picture decoded last.
    pub(super) fn picture(&self) -> &Video {
        match &self.surfaces {
            None => &self.decoded,
            Some(surfaces) => surfaces.picture(),
        }
    }

    /// Its shape.
    pub(super) fn shape(&self, wanted: PixelAspect) -> Shape {
        let picture = self.picture();
        let stored = Geometry {
            width: picture.width() as usize,
            height: picture.height() as usize,
        };
        let of_container = (self.container.input.stream(self.container.track)).map_or(
            ffmpeg::Rational(0, 1),
            |stream| {
                // SAFETY: the pointer is that of a live stream, and a plain field is read. (The
                // safe wrapper does not have it.)
                unsafe { (*stream.as_ptr()).sample_aspect_ratio }.into()
            },
        );
        let pixel = shape::pixel_aspect(of_container, picture.aspect_ratio());
        Shape::of(stored, pixel, wanted)
    }

    /// Pictures per second as the pictures themselves say, once one has been decoded.
    pub(super) fn rate_in_pictures(&self) -> Option<f64> {
        // SAFETY: the pointer is that of a live context, and a plain field is read. (The safe
        // wrapper does not have it.)
        let rate: ffmpeg::Rational = unsafe { (*self.decoder.as_ptr()).framerate }.into();
        let rate = f64::from(rate);
        (rate.is_finite() && rate > 0.0).then_some(rate)
    }

    /// Packets and pictures so far that made no sense.
    pub(super) fn bad(&self) -> usize {
        self.bad
    }

    /// Whether the container said of a packet so far that its content is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Decodes the next picture. `false` at the end of the video.
    ///
    /// A packet that cannot be decoded is passed over, as any player does, the last one, too; that
    /// its frame is missing shows in the numbers.
    pub(super) fn next(&mut self) -> Result<bool, InputError> {
        loop {
            let received = match &mut self.surfaces {
                None => self.decoder.receive_frame(&mut self.decoded),
                Some(surfaces) => surfaces.receive(&mut self.decoder),
            };
            match received {
                Ok(()) => {
                    self.errors_at_end = 0;
                    return Ok(true);
                }
                Err(ffmpeg::Error::Eof) => return Ok(false),
                Err(ffmpeg::Error::Other { errno }) if errno == ffmpeg::error::EAGAIN => {
                    if self.at_end {
                        return Ok(false);
                    }
                }
                Err(error) if is_bad_picture(error) => {
                    self.bad += 1;
                    if self.at_end {
                        // Others may be waiting behind it.
                        self.errors_at_end += 1;
                        if self.errors_at_end >= MOST_ERRORS_IN_A_ROW {
                            return Ok(false);
                        }
                        continue;
                    }
                }
                Err(error) => return Err(self.failed(error)),
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
                Ok(()) => {
                    let mut side_data = self.packet.side_data();
                    self.encrypted |= side_data.any(|data| data.kind() == Type::EncryptionInfo);
                    return match self.decoder.send_packet(&self.packet) {
                        Ok(()) => Ok(()),
                        Err(error) if is_bad_picture(error) => {
                            self.bad += 1;
                            Ok(())
                        }
                        Err(error) => Err(self.failed(error)),
                    };
                }
                Err(error) => {
                    errors += 1;
                    if error == ffmpeg::Error::Eof || errors >= MOST_ERRORS_IN_A_ROW {
                        self.at_end = true;
                        // Being told that there is no more, a decoder looks at what it has got last,
                        // and that may be damaged.
                        return match self.decoder.send_eof() {
                            Ok(()) | Err(ffmpeg::Error::Eof) => Ok(()),
                            Err(error) if is_bad_picture(error) => {
                                self.bad += 1;
                                Ok(())
                            }
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
        self.errors_at_end = 0;
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
    /// Whether pictures are recognised by their times; otherwise they are counted from the start.
    by_time: bool,
    /// The number of the picture decoded last, if it has not been used yet.
    pending: Option<usize>,
    /// Number of pictures decoded since the start of the file, where they are counted.
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
        // How many pictures come out of damaged data can depend on the number of threads, and
        // pictures were counted with one.
        let threads = if index.by_time { threads } else { 1 };
        Ok(Self {
            stream: open_stream(path, &index, threads, by)?,
            converter: Converter::default(),
            by_time: index.by_time,
            index,
            threads,
            by,
            pending: None,
            counted: 0,
        })
    }

    /// Gets ready to read from `frame` on (counted from 0).
    ///
    /// # Errors
    /// When the file fails.
    pub fn go_to(&mut self, frame: usize) -> Result<(), ReadError> {
        self.by_time = self.index.by_time;
        if self.pending == Some(frame) {
            return Ok(());
        }
        if !self.by_time {
            let next = self.pending.unwrap_or(self.counted);
            return if next <= frame { Ok(()) } else { self.rewind() };
        }
        let mut entry = self.index.entry_before(frame);
        // Containers differ in where a seek ends; what comes out of the decoder decides.
        while entry > 0 {
            if self.stream.seek(self.index.stamps[entry]).is_ok()
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
    /// [`ReadError::Mismatch`] when that frame does not come out of the decoder as the index says,
    /// [`ReadError::Buffer`] when `pixels` is too small.
    pub fn read(
        &mut self,
        wanted: usize,
        stride: impl Fn(usize) -> usize,
        pixels: &mut [u8],
    ) -> Result<Geometry, ReadError> {
        self.find_again(wanted)?;
        let (shape, orientation) = (self.index.shape_of(wanted), self.index.orientation);
        let converter = &mut self.converter;
        let picture = self.stream.picture();
        match converter.convert(picture, shape, orientation, stride, pixels) {
            Ok(size) => Ok(size),
            Err(error) => Err(self.refused(error)),
        }
    }

    fn refused(&self, error: ConvertError) -> ReadError {
        match error {
            ConvertError::Buffer(error) => error.into(),
            ConvertError::Scaler(error) => self.stream.failed(error).into(),
        }
    }

    /// Reads frame `wanted` as [`read`](Self::read) does, but leaves its planes as they were decoded
    /// where they fit.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_as_it_is(
        &mut self,
        wanted: usize,
        stride: impl Fn(usize) -> usize,
        bytes: &mut [u8],
    ) -> Result<ReadPicture, ReadError> {
        self.find_again(wanted)?;
        let (shape, orientation) = (self.index.shape_of(wanted), self.index.orientation);
        match self.converter.pack(self.stream.picture(), shape, bytes) {
            Ok(Some(format)) => {
                return Ok(ReadPicture {
                    size: orientation::upright(orientation, shape.shown),
                    planes: Some((format, orientation)),
                });
            }
            // It does not fit, or is of another format.
            Ok(None) => {}
            Err(error) => return Err(self.refused(error)),
        }
        // It has been found, so it is not decoded again.
        self.pending = Some(wanted);
        let size = self.read(wanted, stride, bytes)?;
        Ok(ReadPicture { size, planes: None })
    }

    /// Decodes until frame `wanted` is there; from the start, where counting finds it and its time
    /// did not.
    fn find_again(&mut self, wanted: usize) -> Result<(), ReadError> {
        match self.find(wanted) {
            // Known to come when everything is decoded from the start.
            Err(ReadError::Mismatch(_)) if self.by_time && self.index.was_counted => {
                self.by_time = false;
                self.rewind()?;
                self.find(wanted)
            }
            found => found,
        }
    }

    /// Decodes until frame `wanted` is there, in the shape that the index says.
    fn find(&mut self, wanted: usize) -> Result<(), ReadError> {
        loop {
            let number = match self.pending {
                Some(number) => number,
                None => self.decode()?.ok_or(PlanMismatch::Missing { wanted })?,
            };
            if number > wanted {
                return Err(PlanMismatch::Missing { wanted }.into());
            }
            self.pending = None;
            if number == wanted {
                break;
            }
        }
        if self.stream.shape(self.index.pixel_aspect) != self.index.shape_of(wanted) {
            return Err(PlanMismatch::OtherShape { wanted }.into());
        }
        Ok(())
    }

    /// Decodes the next picture that has a number, and keeps it as pending.
    fn decode(&mut self) -> Result<Option<usize>, ReadError> {
        self.pending = None;
        while self.stream.next()? {
            let number = if self.by_time {
                // A picture with an unknown time belongs to what an edit list cuts out, or to
                // before the place that was sought.
                self.stream
                    .picture()
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
        let threads = if self.by_time { self.threads } else { 1 };
        self.stream = open_stream(&path, &self.index, threads, self.by)?;
        self.pending = None;
        self.counted = 0;
        Ok(())
    }
}

fn open_stream(
    path: &Path,
    index: &VideoIndex,
    threads: usize,
    by: Decoder,
) -> Result<FrameStream, InputError> {
    let container = Container::open(path, Some(index.track))?;
    FrameStream::new(container, path, threads, by)
}
