//! Matrices as whitespace-separated text (shape model, triangulation).

/// Placeholder.
pub struct TextReader;
