//! A trace's file, in the JSON form of the Trace Event Format: whole at every moment.
//!
//! What is added overwrites the closing brackets and brings its own, in one write. So the file can
//! be opened while the program runs, and after it was killed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::Serialize;

const HEAD: &[u8] = b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
const TAIL: &[u8] = b"\n]}\n";
/// So much is gathered before it is written.
const ENOUGH: usize = 256 << 10;

/// An open trace file.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    /// Where the next events go: the place of the tail.
    end: u64,
    is_empty: bool,
    /// Events that are not in the file yet, each with what parts it from the one before.
    waiting: Vec<u8>,
}

impl TraceFile {
    /// Makes the file. An older trace of this name is replaced, another file is not.
    ///
    /// # Errors
    /// When the system refuses, or there is a file that is no trace ([`io::ErrorKind::AlreadyExists`]).
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = &faceau_outputs::resolve(path).map_err(io::Error::other)?;
        if !may_be_replaced(path)? {
            let text = "it exists and is no trace; please give another name";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        let file = File::create(path)?;
        let mut trace = Self {
            file,
            end: HEAD.len() as u64,
            is_empty: true,
            waiting: Vec::new(),
        };
        trace.file.write_all_at(HEAD, 0)?;
        trace.write(true)?;
        Ok(trace)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, event: &impl Serialize) -> io::Result<()> {
        if !self.is_empty {
            self.waiting.extend(b",\n");
        }
        self.is_empty = false;
        serde_json::to_writer(&mut self.waiting, event)?;
        self.write(false)
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write(!self.waiting.is_empty())
    }

    fn write(&mut self, at_once: bool) -> io::Result<()> {
        if self.waiting.len() < ENOUGH && !at_once {
            return Ok(());
        }
        let events = self.waiting.len() as u64;
        self.waiting.extend(TAIL);
        self.file.write_all_at(&self.waiting, self.end)?;
        self.end += events;
        self.waiting.clear();
        Ok(())
    }
}

/// Whether nothing is lost with the file of this name: there is none, it is empty, or a trace.
fn may_be_replaced(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(HEAD.len() as u64).read_to_end(&mut start)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    Ok(start.is_empty() || start == HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn events(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        let trace: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        trace["traceEvents"].as_array().unwrap().clone()
    }

    #[test]
    fn the_file_is_whole_at_every_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.json");
        let mut trace = TraceFile::create(&path).unwrap();
        assert!(events(&path).is_empty());
        for number in 0..3 {
            trace.add(&number).unwrap();
            assert_eq!(events(&path).len(), number, "not written yet");
            trace.flush().unwrap();
            trace.flush().unwrap();
            assert_eq!(events(&path).len(), number + 1);
        }
        let long = "x".repeat(ENOUGH);
        trace.add(&long).unwrap();
        drop(trace);
        assert_eq!(events(&path)[2..], [Value::from(2), Value::from(long)]);
    }

    #[test]
    fn only_traces_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, "a recording").unwrap();
        let error = TraceFile::create(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"a recording");
        std::fs::write(&path, "").unwrap();
        let mut trace = TraceFile::create(&path).unwrap();
        trace.add(&1).unwrap();
        trace.flush().unwrap();
        TraceFile::create(&path).unwrap();
        assert!(events(&path).is_empty());
    }
}
