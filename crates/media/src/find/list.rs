//! Lists of inputs: one name a line, as `find` or a spreadsheet writes them.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It cannot be read.
    #[error("the list of inputs {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The list.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It names nothing.
    #[error("the list of inputs {} names none", path.display())]
    Empty {
        /// The list.
        path: PathBuf,
    },
}

/// Reads the names in a list, `-` being standard input. They mean what they would mean on the
/// command line. Empty lines and lines that begin with `#` are passed over.
///
/// # Errors
/// When it cannot be read or names nothing.
pub fn read_list(path: &Path) -> Result<Vec<PathBuf>, ListError> {
    let mut content = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut content).map(drop)
    } else {
        fs::read(path).map(|bytes| content = bytes)
    };
    read.map_err(|source| ListError::Unreadable {
        path: path.into(),
        source,
    })?;
    let names = names(&content);
    if names.is_empty() {
        return Err(ListError::Empty { path: path.into() });
    }
    Ok(names)
}

fn names(content: &[u8]) -> Vec<PathBuf> {
    // Editors on Windows mark UTF-8 this way.
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let lines = content.split(|&byte| byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
        .map(|line| PathBuf::from(OsStr::from_bytes(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_whatever_it_holds() {
        let text = b"\xef\xbb\xbfa b.mp4\r\n\n  \n# a comment\n-c.mp4\n odd\xff#1.mp4\nlast";
        let odd = PathBuf::from(OsStr::from_bytes(b" odd\xff#1.mp4"));
        let expected = ["a b.mp4".into(), "-c.mp4".into(), odd, "last".into()];
        assert_eq!(names(text), expected);
    }

    #[test]
    fn a_list_that_is_not_there_or_names_nothing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        let missing = read_list(&path).unwrap_err().to_string();
        assert!(missing.contains("list.txt"), "{missing}");
        fs::write(&path, "# nothing\n").unwrap();
        let empty = read_list(&path).unwrap_err().to_string();
        assert!(empty.contains("list.txt"), "{empty}");
    }
}
