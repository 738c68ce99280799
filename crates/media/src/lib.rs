//! What the user names on the command line, turned into frames with numbers, times and pixels.
//!
//! [`find()`] decides what an argument is; [`Source::open`] makes the frame index (how many frames,
//! when, where one can start); [`reader`] gives the pixels of a run of frames. Nothing here knows
//! of workers or faces.

mod bounds;
mod error;
mod find;
mod image_folder;
mod ours;
pub mod reader;
mod reading;
mod refers;
pub mod remark;
mod source;
mod stamp;
mod unreadable;
pub mod video;

pub use error::InputError;
pub use find::{Findings, Found, Input, ListError, PassedOver, Reason, find, read_list};
pub use ours::is_aligned_face;
pub use reading::{ClockZero, Reading};
pub use refers::check_self_contained;
pub use remark::Remark;
pub use source::{FrameIndex, Geometry, Source};
pub use stamp::Stamp;
