//! Truth as a table: one row per frame and face.
//!
//! Columns that have the same meaning as in the program's own table have the same names. See
//! `docs/demo.md`.

use std::io::{self, Write};

use crate::action_units::Au;
use crate::scene::Truth;

/// Writes the names of the columns.
///
/// # Errors
/// When it cannot be written.
pub fn write_header(to: &mut impl Write) -> io::Result<()> {
    write!(to, "frame,face_id,timestamp,visible")?;
    write!(to, ",pose_Tx,pose_Ty,pose_Tz,pose_Rx,pose_Ry,pose_Rz")?;
    for axis in ["x", "y"] {
        for i in 0..68 {
            write!(to, ",{axis}_{i}")?;
        }
    }
    for au in Au::ALL {
        write!(to, ",{}_r", au.name())?;
    }
    writeln!(to)
}

/// Writes the rows of one frame, `frame` counted from 1, shown at `seconds`.
///
/// # Errors
/// When they cannot be written.
pub fn write_frame(
    to: &mut impl Write,
    frame: usize,
    seconds: f64,
    truths: &[Truth],
) -> io::Result<()> {
    for (face, truth) in truths.iter().enumerate() {
        write!(to, "{frame},{face},{seconds:.6},{:.3}", truth.visible)?;
        let pose = &truth.pose;
        for value in pose.translation.to_array() {
            write!(to, ",{value:.2}")?;
        }
        for value in pose.rotation.to_array() {
            write!(to, ",{value:.5}")?;
        }
        for value in truth.landmarks.iter().map(|p| p.x) {
            write!(to, ",{value:.3}")?;
        }
        for value in truth.landmarks.iter().map(|p| p.y) {
            write!(to, ",{value:.3}")?;
        }
        for value in truth.aus.values() {
            write!(to, ",{value:.4}")?;
        }
        writeln!(to)?;
    }
    Ok(())
}
