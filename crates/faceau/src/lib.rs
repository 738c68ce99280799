//! Videos of faces in, facial action units out: the door for other programs.
//!
//! [`Settings`] say what is wanted; their default is a sensible run. A [`Session`] does it: tables are
//! written as the command line writes them, an [`Observer`] is told of everything, and a [`Handle`]
//! stops or pauses it from another thread. [`rows()`] hands out the rows of one video instead.
//!
//! Analysis happens in processes of the program `faceau-worker`, which lies where
//! [`Settings::worker_program`] says or on the path.
//!
//! ```no_run
//! use faceau::{PipelineChoice, Settings};
//!
//! let settings = Settings {
//!     pipeline: PipelineChoice::Openface,
//!     ..Settings::default()
//! };
//! for row in faceau::rows("interview.mp4", settings)? {
//!     let row = row?;
//!     println!("{} s: {:?}", row.seconds(), row.number("AU12_r"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Settings that make no sense are an error before anything is begun, and the observer is told:
//!
//! ```
//! use faceau::{Event, Inputs, Session, Settings};
//!
//! let mut settings = Settings::default();
//! settings.output = Some("all.csv".into());
//! let inputs = Inputs::from_iter(["a.mp4", "b.mp4"]);
//! let mut names = Vec::new();
//! let ended = Session::new(settings).run(&inputs, &mut |event: &Event| names.push(event.name()));
//! assert_eq!(ended.unwrap_err().exit_code(), 2);
//! assert_eq!(names, ["start", "error", "end"]);
//! ```

mod batch;
mod rows;
mod session;
pub mod settings;
pub mod setup;

pub use batch::{Inputs, SessionError, Summary, exit_code};
pub use faceau_events::{Event, Observer, Silent};
pub use rows::{Row, Rows, RowsError, rows};
pub use session::{Handle, Session};
pub use settings::{PipelineChoice, Settings};
