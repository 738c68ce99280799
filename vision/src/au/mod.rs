//! From landmarks and pixels to action units.
