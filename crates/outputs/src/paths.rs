//! Where the outputs of a job go, and whether they can.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use faceau_media::is_aligned_face;
use faceau_pipelines::Extras;

use super::destination::demand_plain;
use faceau_system::disk;

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// There is a file already, which is not the result that is wanted.
    #[error("{}: exists already ({reason}); use --force to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// Why it is not the result that is wanted.
        reason: String,
    },
    /// Something is there that is no file and must not become one.
    #[error(
        "{}: is {what}, not a file, and is left alone; please give another name, or -o - to write a \
         single table to standard output",
        path.display()
    )]
    NoFile {
        /// What is there.
        path: PathBuf,
        /// What kind of thing it is.
        what: &'static str,
    },
    /// The disk has no room for it.
    #[error(
        "{}: about {} are needed there and {} are free; make room, or write to another disk with \
         --out-dir",
        path.display(), disk::readable(*needed), disk::readable(*free)
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The system refuses.
    #[error("{}: cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl OutputError {
    /// What an error of the system on `path` means.
    pub fn on(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Write { path, cause }
    }

    /// Whether it would have worked with more room on the disk.
    pub fn is_full_disk(&self) -> bool {
        matches!(self, Self::Write { cause, .. } if disk::is_full(cause))
    }

    /// Whether it is this user who has no more room.
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::Write { cause, .. } if cause.kind() == io::ErrorKind::QuotaExceeded)
    }
}

/// The folder beside `output` in which its job keeps everything that is not finished.
pub fn job_folder(output: &Path) -> PathBuf {
    output.with_extension("faceau-job")
}

/// The files of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPaths {
    /// The CSV.
    pub csv: PathBuf,
    /// The HOG file, if one is wanted.
    pub hog: Option<PathBuf>,
    /// The folder of aligned faces, if one is wanted.
    pub aligned: Option<PathBuf>,
    /// The job's folder, in which they are made.
    workshop: PathBuf,
    /// Whether the table goes to standard output, and nothing beside it is kept.
    to_standard_output: bool,
}

impl OutputPaths {
    /// The outputs of which the table is `csv`; the others lie beside it, under its name.
    pub fn beside(csv: PathBuf, wanted: Extras) -> Self {
        Self {
            hog: wanted.fhog.then(|| csv.with_extension("hog")),
            aligned: wanted.aligned_face.then(|| {
                let stem = csv.file_stem().unwrap_or_default().to_string_lossy();
                csv.with_file_name(format!("{stem}_aligned"))
            }),
            workshop: job_folder(&csv),
            csv,
            to_standard_output: false,
        }
    }

    /// The table goes to standard output: `csv` only names the work, so that it can go on after an
    /// interruption.
    pub fn to_standard_output(csv: PathBuf) -> Self {
        Self {
            to_standard_output: true,
            ..Self::beside(csv, Extras::default())
        }
    }

    /// Whether the table goes to standard output.
    pub fn is_standard_output(&self) -> bool {
        self.to_standard_output
    }

    /// The same outputs in a folder within the job's own, which is made, and with which they go.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn in_workshop(&self) -> Result<Self, OutputError> {
        let folder = self.workshop.join("whole");
        fs::create_dir_all(&folder).map_err(OutputError::on(&folder))?;
        Ok(Self {
            csv: folder.join("table.csv"),
            ..self.clone()
        })
    }

    /// What the outputs need of each frame beside its numbers.
    pub fn extras(&self) -> Extras {
        Extras {
            fhog: self.hog.is_some(),
            aligned_face: self.aligned.is_some(),
        }
    }

    /// The run record beside the CSV.
    pub fn run_record(&self) -> PathBuf {
        self.csv.with_extension("run.json")
    }

    /// Where results go that are right but not all: the run was stopped before the end.
    pub fn partial(&self) -> Self {
        Self {
            workshop: self.workshop.clone(),
            ..Self::beside(self.csv.with_extension("partial.csv"), self.extras())
        }
    }

    /// Removes the run record, before the outputs that it tells of are replaced.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_record(&self) -> Result<(), OutputError> {
        match fs::remove_file(self.run_record()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(OutputError::on(&self.run_record())(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the outputs, as far as they are there.
    pub fn remove(&self) {
        let record = self.run_record();
        for file in [&record, &self.csv].into_iter().chain(&self.hog) {
            // What stays does no harm.
            let _ = fs::remove_file(file);
        }
        if let Some(folder) = &self.aligned
            && demand_only_faces(folder).is_ok()
        {
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// The folder in which the outputs are made until they are whole: the job's own.
    pub fn workshop(&self) -> &Path {
        &self.workshop
    }

    /// The outputs beside the run record.
    fn outputs(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.csv]
            .into_iter()
            .chain(&self.hog)
            .chain(&self.aligned)
    }

    /// An output that is there already. A folder in the place of a file is none.
    pub fn existing(&self) -> Option<&Path> {
        let is_output = |path: &&PathBuf| match path.symlink_metadata() {
            Ok(metadata) => metadata.is_dir() == (Some(*path) == self.aligned.as_ref()),
            Err(_) => false,
        };
        self.outputs().find(is_output).map(PathBuf::as_path)
    }

    /// An output that is not there.
    pub fn missing(&self) -> Option<&Path> {
        let missing = |path: &&PathBuf| !path.exists();
        self.outputs().find(missing).map(PathBuf::as_path)
    }

    /// Makes sure before any work that the outputs can be written, in place of any that are there.
    ///
    /// # Errors
    /// When something is in their way that is not an output.
    pub fn prepare(&self) -> Result<(), OutputError> {
        for file in [Some(&self.csv), self.hog.as_ref()].into_iter().flatten() {
            if file.is_dir() {
                return Err(OutputError::on(file)(io::Error::from(
                    io::ErrorKind::IsADirectory,
                )));
            }
        }
        for paths in [self, &self.partial()] {
            // The table itself is where links led.
            let files = [&paths.csv, &paths.run_record()];
            for file in files.into_iter().chain(&paths.hog).chain(&paths.aligned) {
                demand_plain(file)?;
            }
        }
        if let Some(folder) = &self.aligned {
            demand_only_faces(folder)?;
        }
        Ok(())
    }
}

/// A folder that is to be replaced must not hold anything that is not made anew.
fn demand_only_faces(folder: &Path) -> Result<(), OutputError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(OutputError::on(folder))?,
    };
    for entry in entries {
        let name = entry.map_err(OutputError::on(folder))?.file_name();
        if !is_aligned_face(&name.to_string_lossy()) {
            let reason = format!("it holds {}, which is no aligned face", name.display());
            return Err(OutputError::on(folder)(io::Error::other(reason)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let paths = OutputPaths::beside(folder.path().join("a.csv"), Extras::default());
        paths.prepare().unwrap();
        assert_eq!(paths.existing(), None);
        assert_eq!(paths.missing(), Some(paths.csv.as_path()));
        fs::write(&paths.csv, b"old").unwrap();
        assert_eq!(paths.existing(), Some(paths.csv.as_path()));
        assert_eq!(paths.missing(), None);
        paths.prepare().unwrap();
        assert_eq!(paths.run_record(), folder.path().join("a.run.json"));
        assert_eq!(paths.partial().csv, folder.path().join("a.partial.csv"));
    }

    #[test]
    fn extra_outputs_lie_beside_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = Extras {
            fhog: true,
            aligned_face: true,
        };
        let at = |name: &str| folder.path().join(name);
        let paths = OutputPaths::beside(at("a.b.csv"), wanted);
        assert_eq!(paths.hog, Some(at("a.b.hog")));
        assert_eq!(paths.aligned, Some(at("a.b_aligned")));
        assert_eq!(paths.partial().hog, Some(at("a.b.partial.hog")));
        assert_eq!(paths.partial().aligned, Some(at("a.b.partial_aligned")));
        paths.prepare().unwrap();

        fs::write(at("a.b.hog"), "old").unwrap();
        assert_eq!(paths.existing(), paths.hog.as_deref());
        fs::remove_file(at("a.b.hog")).unwrap();

        fs::create_dir(at("a.b_aligned")).unwrap();
        assert_eq!(paths.existing(), paths.aligned.as_deref());
        fs::write(at("a.b_aligned/frame_det_00_000001.bmp"), "old").unwrap();
        paths.prepare().unwrap();
        fs::write(at("a.b_aligned/thesis.doc"), "precious").unwrap();
        let error = paths.prepare().unwrap_err().to_string();
        assert!(error.contains("thesis.doc"), "{error}");
    }
}
