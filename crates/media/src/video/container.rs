//! Opening a video file and its picture track.

use std::path::Path;
use std::sync::Once;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{context, decoder, threading};
use ffmpeg::format::context::Input;

use super::super::InputError;
use super::super::bounds::{MOST_PIXELS, check_frame};
use super::super::refers;
use super::hardware::Decoder;

/// An open file, with the number of its picture track.
pub(super) struct Container {
    pub(super) input: Input,
    pub(super) track: usize,
}

impl Container {
    /// Opens `path` and chooses the track that FFmpeg takes for the main one.
    pub(super) fn open(path: &Path) -> Result<Self, InputError> {
        quieten();
        let Some(name) = path.to_str() else {
            return Err(InputError::NameNotUtf8 { path: path.into() });
        };
        // An error of the file system is clearer than what FFmpeg makes of it.
        std::fs::File::open(path).map_err(|source| InputError::Unreadable {
            path: path.into(),
            source,
        })?;
        // `file:` keeps FFmpeg from reading `a:b.mp4` as the address of a protocol `a`.
        let mut input =
            ffmpeg::format::input(&format!("file:{name}")).map_err(|e| InputError::NotAVideo {
                path: path.into(),
                reason: describe(e),
            })?;
        refers::check_demuxer(path, input.format().name())?;
        let track = input
            .streams()
            .best(ffmpeg::media::Type::Video)
            .map(|stream| stream.index())
            .ok_or_else(|| InputError::NoVideoTrack { path: path.into() })?;
        for (number, stream) in input.streams_mut().enumerate() {
            if number != track {
                discard(stream);
            }
        }
        Ok(Self { input, track })
    }

    /// Reads the next packet of any track that is not discarded. What was in `packet` goes: FFmpeg
    /// itself would write over it and forget the memory.
    pub(super) fn read_packet(&mut self, packet: &mut ffmpeg::Packet) -> Result<(), ffmpeg::Error> {
        *packet = ffmpeg::Packet::empty();
        packet.read(&mut self.input)
    }

    /// Refuses pictures that are too large, before a decoder makes room for them. A track that does
    /// not tell may pass; its decoder will know.
    pub(super) fn check_frame(&self, path: &Path) -> Result<(), InputError> {
        let Some(stream) = self.input.stream(self.track) else {
            return Ok(());
        };
        let parameters = stream.parameters();
        // SAFETY: the pointer is that of live parameters, and plain fields are read. (The safe
        // wrapper does not have them.)
        let (width, height) =
            unsafe { ((*parameters.as_ptr()).width, (*parameters.as_ptr()).height) };
        match (usize::try_from(width), usize::try_from(height)) {
            (Ok(0), _) | (_, Ok(0)) => Ok(()),
            (Ok(width), Ok(height)) => check_frame(path, width, height),
            _ => Err(InputError::NoPixels { path: path.into() }),
        }
    }

    /// A decoder for the picture track, `by` what is wanted. Software may use `threads` threads.
    pub(super) fn decoder(
        &self,
        path: &Path,
        threads: usize,
        by: Decoder,
    ) -> Result<decoder::Video, InputError> {
        let no_decoder = |reason: String| InputError::NoDecoder {
            path: path.into(),
            reason,
        };
        let stream = self
            .input
            .stream(self.track)
            .ok_or_else(|| no_decoder("the track is gone".into()))?;
        let mut codec = context::Context::from_parameters(stream.parameters())
            .map_err(|e| no_decoder(describe(e)))?;
        let threads = match by {
            Decoder::Software => threads.max(1),
            Decoder::Hardware(hardware) => {
                (hardware.attach(&mut codec)).map_err(|reason| InputError::NoHardwareDecoder {
                    path: path.into(),
                    hardware,
                    reason,
                })?;
                1
            }
        };
        codec.set_threading(threading::Config {
            kind: threading::Type::Frame,
            count: threads,
            ..Default::default()
        });
        // SAFETY: the context is live, borrowed exclusively and not open yet; the field is one that
        // callers set. A picture in the middle may say another size than the file did.
        unsafe {
            (*codec.as_mut_ptr()).max_pixels = MOST_PIXELS as i64;
        }
        let name = format!("{:?}", codec.id());
        codec
            .decoder()
            .video()
            .map_err(|e| no_decoder(format!("{name}: {}", describe(e))))
    }
}

/// Tells FFmpeg not to read a track at all.
fn discard(mut stream: ffmpeg::StreamMut<'_>) {
    // SAFETY: the pointer is that of a live stream, borrowed exclusively; `discard` is a public
    // field meant to be set by callers.
    unsafe {
        (*stream.as_mut_ptr()).discard = ffmpeg::ffi::AVDiscard::AVDISCARD_ALL;
    }
}

/// FFmpeg writes to stderr by itself, where the progress bar is; errors reach us by return value.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Registering formats and codecs cannot fail in any version this program supports.
        let _ = ffmpeg::init();
        ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Quiet);
    });
}

/// FFmpeg's own words for an error.
pub(super) fn describe(error: ffmpeg::Error) -> String {
    match error {
        ffmpeg::Error::InvalidData => "its contents are not those of a video".to_owned(),
        other => other.to_string(),
    }
}
