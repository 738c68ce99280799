//! Lists of inputs: one name a line, as `find`, a spreadsheet or "copy as path" writes them.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It cannot be read.
    #[error("the list of inputs {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The list.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is no text, or in an encoding that is not known.
    #[error(
        "the list of inputs {} is not a text that can be read ({what}); please save it as UTF-8",
        path.display()
    )]
    NotText {
        /// The list.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// It names nothing.
    #[error("the list of inputs {} names none", path.display())]
    Empty {
        /// The list.
        path: PathBuf,
    },
}

/// Reads the names in a list, `-` being standard input. They mean what they would mean on the
/// command line. Empty lines and lines that begin with `#` are passed over. A line in quotation marks
/// is what is between them, unless there is a file whose name has them.
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
    read.map_err(|cause| ListError::Unreadable {
        path: path.into(),
        cause,
    })?;
    let text = decoded(content).map_err(|what| ListError::NotText {
        path: path.into(),
        what,
    })?;
    let names = names(&text, Path::exists);
    if names.is_empty() {
        return Err(ListError::Empty { path: path.into() });
    }
    Ok(names)
}

/// The bytes of the names: those of the file, unless a mark says that it is UTF-16, as PowerShell
/// and spreadsheets write it.
fn decoded(content: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let utf16 = |content: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = content.as_chunks::<2>();
        let text = char::decode_utf16(units.iter().map(|bytes| unit(*bytes))).collect();
        let text: Result<String, _> = text;
        match text {
            Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
            _ => Err("it is marked as UTF-16 and is damaged"),
        }
    };
    let text = match content.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err("it is UTF-32"),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        // Editors on Windows mark UTF-8 this way.
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        _ => content,
    };
    if text.contains(&0) {
        return Err("it holds zeros, as UTF-16 without a mark does");
    }
    Ok(text)
}

/// The names in a text. Lines end as on Unix, Windows or old Macs.
fn names(text: &[u8], exists: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let lines = text.split(|&byte| byte == b'\n' || byte == b'\r');
    lines
        .filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
        .map(|line| {
            let name = |bytes| PathBuf::from(OsStr::from_bytes(bytes));
            match quoted(line) {
                Some(inner) if !exists(&name(line)) => name(inner),
                _ => name(line),
            }
        })
        .collect()
}

/// What is between the quotation marks of a line that is nothing but that.
fn quoted(line: &[u8]) -> Option<&[u8]> {
    match line.trim_ascii() {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] if !inner.is_empty() => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(content: &[u8]) -> Result<Vec<PathBuf>, &'static str> {
        Ok(names(&decoded(content.to_vec())?, |_| false))
    }

    #[test]
    fn a_line_is_a_name_whatever_it_holds() {
        let text = b"\xef\xbb\xbfa b.mp4\r\n\n  \n# a comment\n-c.mp4\n odd\xff#1.mp4\nlast";
        let odd = PathBuf::from(OsStr::from_bytes(b" odd\xff#1.mp4"));
        let expected = ["a b.mp4".into(), "-c.mp4".into(), odd, "last".into()];
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn lists_of_other_systems_are_read() {
        let expected = ["ä 1.mp4", "b.mp4"].map(PathBuf::from);
        for text in [
            "ä 1.mp4\r\nb.mp4\r\n",
            "ä 1.mp4\rb.mp4\r",
            "\"ä 1.mp4\"\n'b.mp4'",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text:?}");
            for big in [false, true] {
                let unit = |unit: u16| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                };
                let marked = "\u{feff}".encode_utf16().chain(text.encode_utf16());
                let bytes: Vec<u8> = marked.flat_map(unit).collect();
                assert_eq!(read(&bytes).unwrap(), expected, "{text:?}");
                assert!(read(&bytes[2..]).unwrap_err().contains("UTF-16"));
                assert!(read(&bytes[..bytes.len() - 1]).is_err());
            }
        }
        assert!(read(b"\xff\xfe\0\0a\0\0\0").unwrap_err().contains("UTF-32"));
    }

    #[test]
    fn quotation_marks_may_belong_to_a_name() {
        let list = b"\"a\"\n\"b\"\n\"\n\"\"\n\"c";
        let there = |path: &Path| path == Path::new("\"a\"");
        let expected = ["\"a\"", "b", "\"", "\"\"", "\"c"].map(PathBuf::from);
        assert_eq!(names(list, there), expected);
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
        fs::write(&path, b"a\0.\0m\0").unwrap();
        let odd = read_list(&path).unwrap_err().to_string();
        assert!(odd.contains("list.txt") && odd.contains("UTF-8"), "{odd}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_names_or_refused(content: Vec<u8>) {
            if let Ok(names) = read(&content) {
                for name in names {
                    let bytes = name.as_os_str().as_bytes();
                    prop_assert!(!bytes.is_empty() && !bytes.contains(&0) && !bytes.contains(&b'\n'));
                }
            }
        }
    }
}
