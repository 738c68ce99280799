//! Decoders in hardware: which there are, trying one on a video, and getting its pictures out.
//!
//! Only FFmpeg's own interface to them is used. Pictures come as the hardware computed them: the
//! standards of video allow small differences, and not every decoder keeps even to these, so tables
//! made from them are not those of the software decoder to the last digit.

use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::ptr;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{context, decoder};
use ffmpeg::ffi::{self, AVHWDeviceType, AVPixelFormat};
use ffmpeg::frame::Video;

use super::super::{InputError, Remark};
use super::container::{Container, describe};
use super::decoder::FrameStream;

/// A kind of hardware decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// Apple's.
    VideoToolbox,
    /// Intel's and AMD's, on Linux.
    Vaapi,
    /// NVIDIA's.
    Nvdec,
}

/// What decodes a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// FFmpeg's own decoders: the same pixels on every machine.
    Software,
    /// Hardware.
    Hardware(Hardware),
}

/// What the user wants to decode with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecoderWish {
    /// Hardware where it can decode the video, otherwise software.
    Auto,
    /// This one and no other.
    Only(Decoder),
}

impl Hardware {
    /// Those that this system may have, the best first.
    const fn of_this_system() -> &'static [Self] {
        if cfg!(target_os = "macos") {
            &[Self::VideoToolbox]
        } else {
            &[Self::Nvdec, Self::Vaapi]
        }
    }

    /// FFmpeg's number for it.
    const fn device_type(self) -> AVHWDeviceType {
        match self {
            Self::VideoToolbox => AVHWDeviceType::AV_HWDEVICE_TYPE_VIDEOTOOLBOX,
            Self::Vaapi => AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI,
            Self::Nvdec => AVHWDeviceType::AV_HWDEVICE_TYPE_CUDA,
        }
    }

    /// Has `codec`, which is not open yet, decode with this hardware.
    ///
    /// # Errors
    /// Why that cannot be, in a few words.
    pub(super) fn attach(self, codec: &mut context::Context) -> Result<(), String> {
        let format = self.picture_format(codec.id())?;
        let mut device = ptr::null_mut();
        // SAFETY: makes a new device and leaves a reference to it in `device`; all else may be null.
        let code = unsafe {
            ffi::av_hwdevice_ctx_create(
                &raw mut device,
                self.device_type(),
                ptr::null(),
                ptr::null_mut(),
                0,
            )
        };
        if code < 0 {
            let error = ffmpeg::Error::from(code);
            return Err(format!("there is no such device ({})", describe(error)));
        }
        // SAFETY: the context is live, borrowed exclusively and not open yet, and the fields are ones
        // that callers set. It takes over the reference to the device, and gives it back when it is
        // closed. `opaque` is the caller's own, and holds a number that `take_format` reads.
        unsafe {
            let codec = codec.as_mut_ptr();
            (*codec).hw_device_ctx = device;
            (*codec).opaque = ptr::without_provenance_mut::<c_void>(format as i32 as usize);
            (*codec).get_format = Some(take_format);
        }
        Ok(())
    }

    /// The format of pictures that lie in this hardware, for videos of the format `id`.
    fn picture_format(self, id: ffmpeg::codec::Id) -> Result<AVPixelFormat, String> {
        let codec = decoder::find(id).ok_or("FFmpeg has no decoder for it")?;
        for number in 0.. {
            // SAFETY: the codec is one of FFmpeg's, which live as long as the program; any number
            // may be asked for, and null is returned behind the last.
            let config = unsafe { ffi::avcodec_get_hw_config(codec.as_ptr(), number) };
            if config.is_null() {
                break;
            }
            // SAFETY: not null, and as long-lived as the codec.
            let config = unsafe { &*config };
            let by_device = config.methods & ffi::AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX as i32;
            if by_device != 0 && config.device_type == self.device_type() {
                return Ok(config.pix_fmt);
            }
        }
        let name = format!("{id:?}").to_lowercase();
        Err(format!("this FFmpeg cannot decode {name} with it"))
    }

    /// Decodes the first picture of a video.
    fn try_out(self, path: &Path, track: Option<usize>) -> Result<(), InputError> {
        let fails = |reason: String| InputError::NoHardwareDecoder {
            path: path.into(),
            hardware: self,
            reason,
        };
        let container = Container::open(path, track)?;
        let mut stream = match FrameStream::new(container, path, 1, Decoder::Hardware(self)) {
            Err(InputError::NoDecoder { reason, .. }) => return Err(fails(reason)),
            stream => stream?,
        };
        match stream.next() {
            Ok(true) if stream.uses_hardware() => Ok(()),
            Ok(true) => Err(fails("it does not know this kind of video".into())),
            Ok(false) => Err(fails("no picture came out of it".into())),
            Err(InputError::Decoding { reason, .. }) => Err(fails(reason)),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VideoToolbox => "videotoolbox",
            Self::Vaapi => "vaapi",
            Self::Nvdec => "nvdec",
        })
    }
}

impl fmt::Display for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Software => f.write_str("software"),
            Self::Hardware(hardware) => hardware.fmt(f),
        }
    }
}

/// Decides what decodes the `track` of the video `path`, by trying. Adds to `remarks` what the user
/// should know.
///
/// # Errors
/// When the hardware that the user named does not decode it, or the file cannot be read.
pub fn choose(
    path: &Path,
    track: Option<usize>,
    wish: DecoderWish,
    remarks: &mut Vec<Remark>,
) -> Result<Decoder, InputError> {
    let candidates = match wish {
        DecoderWish::Only(Decoder::Software) => return Ok(Decoder::Software),
        DecoderWish::Only(Decoder::Hardware(hardware)) => {
            hardware.try_out(path, track)?;
            remarks.push(Remark::DecodedByHardware(hardware));
            return Ok(Decoder::Hardware(hardware));
        }
        DecoderWish::Auto => Hardware::of_this_system(),
    };
    let mut reasons = Vec::new();
    for &hardware in candidates {
        match hardware.try_out(path, track) {
            Ok(()) => {
                remarks.push(Remark::DecodedByHardware(hardware));
                return Ok(Decoder::Hardware(hardware));
            }
            Err(InputError::NoHardwareDecoder { reason, .. }) => {
                reasons.push(format!("{hardware}: {reason}"));
            }
            Err(error) => return Err(error),
        }
    }
    remarks.push(Remark::DecodedInSoftware {
        reason: format!("as no hardware does it ({})", reasons.join("; ")),
    });
    Ok(Decoder::Software)
}

/// Takes the format of pictures in hardware out of those that the decoder offers. Where it does not
/// offer that (this hardware cannot decode this video), the usual one.
///
/// # Safety
/// FFmpeg calls it with a live context and a list of formats that `AV_PIX_FMT_NONE` ends.
unsafe extern "C" fn take_format(
    codec: *mut ffi::AVCodecContext,
    formats: *const AVPixelFormat,
) -> AVPixelFormat {
    // SAFETY: the context is live; `attach` put the number there.
    let wanted = unsafe { (*codec).opaque }.addr();
    for place in 0.. {
        // SAFETY: not behind the end of the list, which was not reached yet.
        let format = unsafe { *formats.add(place) };
        if format == AVPixelFormat::AV_PIX_FMT_NONE {
            break;
        }
        if format as i32 as usize == wanted {
            return format;
        }
    }
    // SAFETY: called as FFmpeg would have done without this function.
    unsafe { ffi::avcodec_default_get_format(codec, formats) }
}

/// Pictures on their way out of hardware.
pub(super) struct Surfaces {
    /// As it comes from the decoder.
    decoded: Video,
    /// The same in memory; its room is used again and again, as it is large.
    fetched: Video,
    /// Whether the last one came from hardware.
    from_hardware: bool,
}

impl Surfaces {
    pub(super) fn new() -> Self {
        Self {
            decoded: Video::empty(),
            fetched: Video::empty(),
            from_hardware: false,
        }
    }

    pub(super) fn used_hardware(&self) -> bool {
        self.from_hardware
    }

    /// The last picture, in memory.
    pub(super) fn picture(&self) -> &Video {
        if self.from_hardware {
            &self.fetched
        } else {
            &self.decoded
        }
    }

    /// Takes the next picture out of the decoder.
    pub(super) fn receive(&mut self, decoder: &mut decoder::Video) -> Result<(), ffmpeg::Error> {
        decoder.receive_frame(&mut self.decoded)?;
        // SAFETY: a live frame, whose field is read.
        self.from_hardware = unsafe { !(*self.decoded.as_ptr()).hw_frames_ctx.is_null() };
        if !self.from_hardware {
            return Ok(());
        }
        if (self.fetched.width(), self.fetched.height())
            != (self.decoded.width(), self.decoded.height())
        {
            self.fetched = Video::empty();
        }
        // SAFETY: both frames are live and borrowed exclusively. `fetched` is empty (then FFmpeg
        // makes room) or of an equally large picture that was fetched before; nobody else has a
        // reference to its room. What is copied are plain fields.
        unsafe {
            let (source, target) = (self.decoded.as_mut_ptr(), self.fetched.as_mut_ptr());
            check(ffi::av_hwframe_transfer_data(target, source, 0))?;
            (*target).pts = (*source).pts;
            (*target).best_effort_timestamp = (*source).best_effort_timestamp;
            (*target).sample_aspect_ratio = (*source).sample_aspect_ratio;
        }
        Ok(())
    }
}

fn check(code: i32) -> Result<(), ffmpeg::Error> {
    if code < 0 {
        return Err(ffmpeg::Error::from(code));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use AVPixelFormat::{AV_PIX_FMT_CUDA, AV_PIX_FMT_NONE, AV_PIX_FMT_VAAPI, AV_PIX_FMT_YUV420P};

    fn taken(wanted: AVPixelFormat, offered: &[AVPixelFormat]) -> AVPixelFormat {
        assert_eq!(offered.last(), Some(&AV_PIX_FMT_NONE));
        let mut codec = context::Context::new();
        // SAFETY: the context is live, and the list ends as it must.
        unsafe {
            let codec = codec.as_mut_ptr();
            (*codec).opaque = ptr::without_provenance_mut::<c_void>(wanted as i32 as usize);
            take_format(codec, offered.as_ptr())
        }
    }

    #[test]
    fn pictures_stay_in_the_hardware_where_it_has_them() {
        let offered = [AV_PIX_FMT_VAAPI, AV_PIX_FMT_YUV420P, AV_PIX_FMT_NONE];
        assert_eq!(taken(AV_PIX_FMT_VAAPI, &offered), AV_PIX_FMT_VAAPI);
    }

    #[test]
    fn a_video_that_the_hardware_does_not_know_is_decoded_in_software() {
        let offered = [AV_PIX_FMT_CUDA, AV_PIX_FMT_YUV420P, AV_PIX_FMT_NONE];
        assert_eq!(taken(AV_PIX_FMT_VAAPI, &offered), AV_PIX_FMT_YUV420P);
    }

    #[test]
    fn no_system_has_the_hardware_of_all() {
        for hardware in [Hardware::VideoToolbox, Hardware::Vaapi] {
            let is_own = Hardware::of_this_system().contains(&hardware);
            assert_eq!(
                is_own,
                cfg!(target_os = "macos") == (hardware == Hardware::VideoToolbox)
            );
        }
    }
}
