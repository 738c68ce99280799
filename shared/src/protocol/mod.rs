//! The messages between the supervisor and one worker, and how they travel.
//!
//! A worker is born with its end of a socket as standard input. It speaks first: a greeting of
//! fixed layout with the protocol version and the build, so that a stranger is recognised whatever
//! else changed. After that, each message is a length and a `postcard` body. The socket is also
//! the lifeline: when one side dies, however it dies, the other reads its end.

mod connection;
mod description;
mod examination;
mod handover;
mod messages;

pub use connection::{Connection, Greeting, MessageReader, MessageWriter, ProtocolError};
pub use description::{EngineDescription, WorkerDescription};
pub use examination::{Examination, FormTrial, GraphReport, Station, Trial, Verdict};
pub use messages::{
    Begin, FrameTask, FromWorker, LogLevel, SessionReport, Setup, SlotPlanes, ToWorker,
    WorkerReport,
};

/// Version of the messages. Changes whenever their meaning or layout does.
pub const PROTOCOL_VERSION: u32 = 4;

/// Names the build: version and a hash of the sources whose types travel between processes.
pub fn build_id() -> &'static str {
    env!("FACEAU_BUILD_ID")
}
