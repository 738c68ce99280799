//! Events and actions in the forms of other programs: BIDS folders and ELAN.

pub mod bids;
pub mod elan;
