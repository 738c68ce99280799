//! Why an input failed: of what kind that is, and whether others would fare better.

use std::path::Path;

use faceau_events::ErrorCode;
use faceau_media::{Input, InputError};

use faceau_engine::job::JobError;
use faceau_engine::journal::{FolderError, JournalError};
use faceau_engine::placement::PlacementError;
use faceau_engine::pool::PoolError;
use faceau_outputs::OutputError;

/// Why an input failed, and whether the others would, too.
pub(super) struct Failure {
    /// Of what kind it is.
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub text: String,
    /// Whether no other input would fare better.
    pub fatal: bool,
    /// Whether the input's own content is the reason.
    pub undecodable: bool,
}

impl Failure {
    /// So many runs in a row died on the input, of which `folder` keeps what is known.
    pub(super) fn deadly(input: &Input, deaths: u32, folder: &Path) -> Self {
        Self {
            code: ErrorCode::DeadlyInput,
            text: format!(
                "{}: passed over, because {deaths} runs in a row died while they worked on it (as it \
                 looks; a power cut looks the same); --force tries it again, from what is known in {}",
                input.path().display(),
                folder.display()
            ),
            fatal: false,
            undecodable: false,
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::from(&error)
    }
}

impl From<&InputError> for Failure {
    fn from(error: &InputError) -> Self {
        Self {
            code: of_input(error),
            text: error.to_string(),
            fatal: false,
            undecodable: false,
        }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self {
            code: of_output(&error),
            text: error.to_string(),
            fatal: false,
            undecodable: false,
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let code = match &error {
            JournalError::Folder(FolderError::Taken { .. }) => ErrorCode::Taken,
            JournalError::OtherWork { .. } | JournalError::Foreign { .. } => ErrorCode::OtherWork,
            JournalError::Folder(FolderError::Unusable { .. }) => ErrorCode::Output,
            JournalError::System { .. } => ErrorCode::Journal,
        };
        Self {
            code,
            text: error.to_string(),
            fatal: false,
            undecodable: false,
        }
    }
}

impl From<PlacementError> for Failure {
    fn from(error: PlacementError) -> Self {
        let code = match &error {
            PlacementError::Refused { .. } => ErrorCode::Provider,
            PlacementError::Pool(error) => of_pool(error),
        };
        Self {
            code,
            text: error.to_string(),
            fatal: true,
            undecodable: false,
        }
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        let code = match &error {
            JobError::Input(error) => of_input(error),
            JobError::Output(error) => of_output(error),
            JobError::Analysis { .. } => ErrorCode::Analysis,
            JobError::Deadly { .. } => ErrorCode::DeadlyFrames,
            JobError::OtherEngine { .. } => ErrorCode::OtherWork,
            JobError::Ring(_) => ErrorCode::Workers,
            JobError::Pool(error) => of_pool(error),
        };
        Self {
            code,
            text: error.to_string(),
            fatal: error.ends_the_batch(),
            undecodable: matches!(error, JobError::Input(InputError::Decoding { .. })),
        }
    }
}

fn of_input(error: &InputError) -> ErrorCode {
    match error {
        InputError::Missing { .. } => ErrorCode::InputMissing,
        InputError::Changed { .. } => ErrorCode::InputChanged,
        _ => ErrorCode::Input,
    }
}

fn of_output(error: &OutputError) -> ErrorCode {
    match error {
        OutputError::Exists { .. } => ErrorCode::OutputExists,
        OutputError::NoRoom { .. } => ErrorCode::DiskFull,
        OutputError::Write { .. } if error.is_full_disk() => ErrorCode::DiskFull,
        OutputError::Write { .. } | OutputError::NoFile { .. } => ErrorCode::Output,
    }
}

fn of_pool(error: &PoolError) -> ErrorCode {
    match error {
        PoolError::Start { .. } | PoolError::Stranger { .. } => ErrorCode::WorkerProgram,
        PoolError::Refused(_) | PoolError::FailedStarts { .. } => ErrorCode::Workers,
    }
}
