//! Names of pictures that this program writes itself: folders of them are outputs of an earlier run,
//! not inputs.

/// Whether a file of this name can be the picture of an aligned face.
pub fn is_aligned_face(name: &str) -> bool {
    name.strip_prefix("frame_det_00_")
        .and_then(|rest| rest.strip_suffix(".bmp"))
        .is_some_and(|number| number.parse::<u64>().is_ok())
}
