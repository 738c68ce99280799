//! The frame ring: shared memory, cut into slots that have one owner at a time.
//!
//! A slot holds one frame's pixels and, behind them, room for that frame's results. Its life is
//! free → filling → queued → busy → done → free; on the supervisor's side each of these is a type
//! of its own, and only the right call turns one into the next, so that a slot cannot be written
//! while a worker reads it. Ownership crosses to the worker and back with the messages of
//! [`crate::protocol`].

mod layout;
mod memory;
mod owner;
mod worker_side;

pub use layout::{LayoutError, RingLayout};
pub use memory::RingError;
pub use owner::{BusySlot, DoneSlot, FillingSlot, FreeSlot, QueuedSlot, Ring};
pub use worker_side::{WorkerRing, WorkingSlot};
