//! What the supervisor and its workers agree on: the protocol and the frame ring.
//!
//! Two processes of the same build speak through one socket (small messages, [`protocol`]) and one
//! shared-memory region per worker (pixels one way, results the other, [`ring`]). With the results
//! goes when each was made ([`timing`]); how they share a slot is in [`results`]. Nothing else lives
//! here: no algorithms, no policy, no files.

pub mod protocol;
pub mod results;
pub mod ring;
pub mod timing;
