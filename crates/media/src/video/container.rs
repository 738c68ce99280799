//! Opening a video file and its picture track.

use std::fs::File;
use std::path::Path;
use std::sync::Once;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{context, decoder, threading};
use ffmpeg::format::context::Input;

use super::super::bounds::{MOST_PIXELS, check_frame};
use super::super::{Geometry, InputError, refers, unreadable};
use super::hardware::Decoder;
use super::tracks;

/// Formats that are nothing but pictures one after another. FFmpeg marks only some of them as being
/// without times.
const RAW_FORMATS: [&str; 14] = [
    "mjpeg",
    "mjpeg_2000",
    "h261",
    "h263",
    "h264",
    "hevc",
    "vvc",
    "evc",
    "m4v",
    "mpegvideo",
    "vc1",
    "dirac",
    "dnxhd",
    "cavsvideo",
];

/// Whether files of this format of FFmpeg's are nothing but pictures. Images one after another have a
/// format of their own for each kind, as in `jpeg_pipe`.
fn is_bare(format: &str) -> bool {
    RAW_FORMATS.contains(&format) || format.ends_with("_pipe")
}

/// An open file, with the number of its picture track.
pub(super) struct Container {
    pub(super) input: Input,
    /// Among all tracks of the file.
    pub(super) track: usize,
    /// Among the tracks of pictures, counted from 1.
    pub(super) track_number: usize,
}

impl Container {
    /// Opens `path` and its `wanted` track of pictures, counted from 1, or the one that FFmpeg takes
    /// for the main one.
    pub(super) fn open(path: &Path, wanted: Option<usize>) -> Result<Self, InputError> {
        quieten();
        let Some(name) = path.to_str() else {
            return Err(InputError::NameNotUtf8 { path: path.into() });
        };
        let unreadable = |cause| InputError::Unreadable {
            path: path.into(),
            cause,
        };
        // An error of the file system is clearer than what FFmpeg makes of it.
        let file = File::open(path).map_err(unreadable)?;
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file && let Some(kind) = unreadable::at_first_sight(&file).map_err(unreadable)? {
            return Err(kind.error(path));
        }
        // `file:` keeps FFmpeg from reading `a:b.mp4` as the address of a protocol `a`.
        let mut input = ffmpeg::format::input(&format!("file:{name}")).map_err(|e| {
            let reason = describe(e);
            let error = InputError::NotAVideo {
                path: path.into(),
                reason,
            };
            unreadable::explained(path, error)
        })?;
        refers::check_demuxer(path, input.format().name())?;
        let (track, track_number) = tracks::choose(&input, path, wanted)
            .map_err(|error| unreadable::explained(path, error))?;
        if let Some(stream) = input.stream(track) {
            tracks::check_encryption(&stream, path)?;
        }
        for (number, stream) in input.streams_mut().enumerate() {
            if number != track {
                discard(stream);
            }
        }
        Ok(Self {
            input,
            track,
            track_number,
        })
    }

    /// The track of pictures.
    pub(super) fn stream(&self, path: &Path) -> Result<ffmpeg::Stream<'_>, InputError> {
        self.input
            .stream(self.track)
            .ok_or_else(|| InputError::NoVideoTrack { path: path.into() })
    }

    /// Whether files of this format hold no times: those that FFmpeg gives are made up.
    pub(super) fn is_without_times(&self) -> bool {
        let name = self.input.format().name().to_owned();
        self.has_flag(ffmpeg::ffi::AVFMT_NOTIMESTAMPS) || is_bare(&name)
    }

    /// Whether the clock may jump in files of this format.
    pub(super) fn may_jump(&self) -> bool {
        self.has_flag(ffmpeg::ffi::AVFMT_TS_DISCONT)
    }

    /// Whether a unit of time is a place for a frame, as in AVI.
    pub(super) fn has_places(&self) -> bool {
        self.input.format().name() == "avi"
    }

    fn has_flag(&self, flag: i32) -> bool {
        // SAFETY: the context is open, its format is one of FFmpeg's, which live as long as the
        // program, and a plain field is read. (The safe wrapper drops flags it has no name for.)
        let flags = unsafe { (*(*self.input.as_ptr()).iformat).flags };
        flags & flag != 0
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
        match tracks::size_in_header(&self.stream(path)?) {
            Geometry { width: 0, .. } | Geometry { height: 0, .. } => Ok(()),
            Geometry { width, height } => check_frame(path, width, height),
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

#[cfg(test)]
mod tests {
    use super::is_bare;

    #[test]
    fn streams_of_pictures_are_bare() {
        for format in ["h264", "mjpeg", "jpeg_pipe", "png_pipe"] {
            assert!(is_bare(format), "{format}");
        }
        for format in ["avi", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"] {
            assert!(!is_bare(format), "{format}");
        }
    }
}
