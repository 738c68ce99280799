//! Can FFmpeg's libraries decode what cameras and archives give?

use std::ffi::CStr;

use ffmpeg_next::codec::{Id, decoder};
use ffmpeg_next::ffi;

use super::Finding;

const NAME: &str = "FFmpeg";

/// Formats that phones, cameras and archives of face videos use.
const COMMON: [(&str, Id); 6] = [
    ("h264", Id::H264),
    ("hevc", Id::HEVC),
    ("mpeg4", Id::MPEG4),
    ("wmv2", Id::WMV2),
    ("wmv3", Id::WMV3),
    ("mjpeg", Id::MJPEG),
];
/// Formats that are welcome, too.
const FURTHER: [(&str, Id); 4] = [
    ("vp8", Id::VP8),
    ("vp9", Id::VP9),
    ("av1", Id::AV1),
    ("prores", Id::PRORES),
];

/// Looks at the decoders.
pub fn check() -> Vec<Finding> {
    let has = |(_, id): &&(&str, Id)| decoder::find(*id).is_some();
    let names = |known: &mut dyn Iterator<Item = &(&'static str, Id)>| -> Vec<&str> {
        known.map(|(name, _)| *name).collect()
    };
    let there = names(&mut COMMON.iter().chain(&FURTHER).filter(has));
    let missing = names(&mut COMMON.iter().filter(|format| !has(format)));
    let found = format!(
        "{}, decodes {}; hardware that it was built for: {}",
        version(),
        there.join(", "),
        match hardware() {
            none if none.is_empty() => "none".to_owned(),
            kinds => format!("{} (only used with --decoder)", kinds.join(", ")),
        }
    );
    vec![if missing.is_empty() {
        Finding::ok(NAME, found)
    } else {
        Finding::warning(
            NAME,
            format!("{found}; does not decode {}", missing.join(", ")),
            "install a complete FFmpeg (Debian: libavcodec-extra; Mac: brew install ffmpeg), or \
             convert such videos before",
        )
    }]
}

/// FFmpeg's version, as whoever built it named it.
pub fn version() -> String {
    // SAFETY: takes nothing, and returns a C string that lives as long as the program.
    let name = unsafe { CStr::from_ptr(ffi::av_version_info()) };
    name.to_string_lossy().into_owned()
}

/// Kinds of hardware decoders that FFmpeg knows. Whether there is such hardware is not asked.
fn hardware() -> Vec<String> {
    let mut kinds = Vec::new();
    let mut kind = ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_NONE;
    loop {
        // SAFETY: takes any kind, and returns the one after it, or none.
        kind = unsafe { ffi::av_hwdevice_iterate_types(kind) };
        if kind == ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_NONE {
            return kinds;
        }
        // SAFETY: returns a C string that lives as long as the program, or null for an unknown kind.
        let name = unsafe { ffi::av_hwdevice_get_type_name(kind) };
        if !name.is_null() {
            // SAFETY: just seen not to be null.
            let name = unsafe { CStr::from_ptr(name) };
            kinds.push(name.to_string_lossy().into_owned());
        }
    }
}
