//! How the program ends.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an exit code of the table in `--help`.
    Code(i32),
    /// By a signal.
    Signal(i32),
}
