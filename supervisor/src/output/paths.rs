//! Where the outputs of a job go, and whether they can.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use faceau_vision::extras::Extras;

use super::aligned::AlignedFaces;
use super::unfinished::{folder_of, remove_left_over};

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// There is a file already.
    #[error("{}: exists already; use --overwrite to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OutputError {
    /// What an error of the system on `path` means.
    pub fn on(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
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
            csv,
        }
    }

    /// What the outputs need of each frame beside its numbers.
    pub fn extras(&self) -> Extras {
        Extras {
            fhog: self.hog.is_some(),
            aligned_face: self.aligned.is_some(),
        }
    }

    /// The folder that the outputs are in.
    pub fn folder(&self) -> &Path {
        folder_of(&self.csv)
    }

    /// The run record beside the CSV.
    pub fn run_record(&self) -> PathBuf {
        self.csv.with_extension("run.json")
    }

    /// Where results go that are right but not all: the run was stopped before the end.
    pub fn partial(&self) -> Self {
        Self::beside(self.csv.with_extension("partial.csv"), self.extras())
    }

    /// Makes sure before any work that the outputs can be written.
    ///
    /// # Errors
    /// When one exists and is not to be replaced, or their folder cannot be written to.
    pub fn prepare(&self, overwrite: bool) -> Result<(), OutputError> {
        for file in [Some(&self.csv), self.hog.as_ref()].into_iter().flatten() {
            if file.is_dir() {
                return Err(OutputError::on(file)(io::Error::from(
                    io::ErrorKind::IsADirectory,
                )));
            }
            demand_absence(file, overwrite)?;
        }
        if let Some(folder) = &self.aligned {
            demand_absence(folder, overwrite)?;
            demand_only_faces(folder)?;
        }
        fs::create_dir_all(self.folder()).map_err(OutputError::on(&self.csv))?;
        let record = self.run_record();
        let others = self.hog.iter().chain(&self.aligned);
        for path in [&self.csv, &record].into_iter().chain(others) {
            remove_left_over(path);
        }
        tempfile::tempfile_in(self.folder()).map_err(OutputError::on(&self.csv))?;
        Ok(())
    }
}

fn demand_absence(path: &Path, overwrite: bool) -> Result<(), OutputError> {
    if path.exists() && !overwrite {
        return Err(OutputError::Exists {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// A folder that is to be replaced must not hold anything that is not made anew.
fn demand_only_faces(folder: &Path) -> Result<(), OutputError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(OutputError::on(folder))?,
    };
    for entry in entries {
        let name = entry.map_err(OutputError::on(folder))?.file_name();
        if !AlignedFaces::is_ours(&name.to_string_lossy()) {
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
    fn an_output_that_exists_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let paths = OutputPaths::beside(folder.path().join("a.csv"), Extras::default());
        paths.prepare(false).unwrap();
        fs::write(&paths.csv, b"old").unwrap();
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Exists { .. })
        ));
        paths.prepare(true).unwrap();
        assert_eq!(paths.run_record(), folder.path().join("a.run.json"));
        assert_eq!(paths.partial().csv, folder.path().join("a.partial.csv"));
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let paths = OutputPaths::beside(folder.path().join("file/a.csv"), Extras::default());
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Write { .. })
        ));
    }

    #[test]
    fn extra_outputs_lie_beside_the_table_and_are_not_replaced_unasked() {
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
        paths.prepare(false).unwrap();

        fs::write(at("a.b.hog"), "old").unwrap();
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Exists { .. })
        ));
        paths.prepare(true).unwrap();
        fs::remove_file(at("a.b.hog")).unwrap();

        fs::create_dir(at("a.b_aligned")).unwrap();
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Exists { .. })
        ));
        fs::write(at("a.b_aligned/frame_det_00_000001.bmp"), "old").unwrap();
        paths.prepare(true).unwrap();
        fs::write(at("a.b_aligned/thesis.doc"), "precious").unwrap();
        let error = paths.prepare(true).unwrap_err().to_string();
        assert!(error.contains("thesis.doc"), "{error}");
    }
}
