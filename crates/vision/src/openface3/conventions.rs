//! Whose conventions the results follow where the network's authors and an earlier program differ.
//!
//! The names of the action units, the place of landmarks within the crop and the measure of eye
//! closure all come in two versions. Here is what differs; how each is computed is elsewhere.

use super::AUS;

/// Whose conventions results follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Convention {
    /// Those of the networks' authors: what the networks were trained with.
    #[default]
    AsTrained,
    /// Those of the FaceMirror program, errors included, to compare with tables that it wrote.
    FaceMirror,
}

impl Convention {
    /// The action unit that each of MTL's scores is taken for, in MTL's order.
    ///
    /// The authors' demo, its pictures and the training labels agree on the first list. FaceMirror
    /// wrote the last four under other names.
    pub fn action_units(self) -> [u8; AUS] {
        match self {
            Self::AsTrained => [1, 2, 4, 6, 9, 12, 25, 26],
            Self::FaceMirror => [1, 2, 4, 6, 12, 15, 20, 25],
        }
    }
}
