//! Drawings and pages that need nothing else: SVG curves and strips in HTML files that make no request.
//!
//! Comparisons and reports draw with it. It knows numbers and places, not what they mean.

mod axis;
mod line;
mod page;
mod scale;

pub use axis::Axis;
pub use line::{area, line};
pub use page::{Page, escape, script_hash};
pub use scale::Scale;
