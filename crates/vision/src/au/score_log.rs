//! The scores of a video's frames, in order, where they do not take memory.
//!
//! What the end of a video needs to know of each frame is small, but a night's video has millions
//! of frames. They go into a file as they come and are read back from its beginning, as often as
//! is wanted. What the numbers mean is not known here.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytemuck::{Pod, Zeroable};

use crate::analysis::AU_MODELS;

/// Frames that are written or read in one go.
const GATHERED_FRAMES: usize = 512;

/// What is kept of a frame.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub(super) struct FrameScores {
    /// Base scores while the frame is to be scored again at the end; final ones otherwise.
    pub scores: [f64; AU_MODELS],
    /// 1 when the AU models were run on the frame, else 0.
    pub success: u32,
    /// 1 when the frame is to be scored again, else 0.
    pub rescored: u32,
}

/// Keeps what the ordered stage has to remember of each frame.
#[derive(Debug)]
pub struct ScoreLog {
    /// Frames that come before those gathered.
    file: Option<File>,
    written: usize,
    gathered: Vec<FrameScores>,
}

impl ScoreLog {
    /// Keeps everything in memory: 288 bytes a frame.
    pub fn in_memory() -> Self {
        Self {
            file: None,
            written: 0,
            gathered: Vec::new(),
        }
    }

    /// Keeps all but the last few frames in `file`, which must be empty and is used by nobody
    /// else.
    pub fn in_file(file: File) -> Self {
        Self {
            file: Some(file),
            written: 0,
            gathered: Vec::with_capacity(GATHERED_FRAMES),
        }
    }

    /// Number of frames so far.
    pub fn frames(&self) -> usize {
        self.written + self.gathered.len()
    }

    /// Makes sure that the next [`push`](Self::push) finds room. When that fails nothing has
    /// changed, and it can be tried again.
    pub(super) fn make_room(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if self.gathered.len() < GATHERED_FRAMES {
            return Ok(());
        }
        file.seek(SeekFrom::Start(offset(self.written)))?;
        file.write_all(bytemuck::cast_slice(&self.gathered))?;
        self.written += self.gathered.len();
        self.gathered.clear();
        Ok(())
    }

    /// Appends a frame.
    pub(super) fn push(&mut self, frame: FrameScores) {
        self.gathered.push(frame);
    }

    /// Reads all frames so far, from the first on.
    pub(super) fn read(&self) -> ScoreReader<'_> {
        ScoreReader {
            log: self,
            next: 0,
            chunk: Vec::new(),
            chunk_starts: 0,
        }
    }

    /// Frames that are held in memory.
    #[cfg(test)]
    pub(super) fn frames_in_memory(&self) -> usize {
        self.gathered.capacity()
    }
}

fn offset(frame: usize) -> u64 {
    (frame * size_of::<FrameScores>()) as u64
}

/// Reads a log once.
#[derive(Debug)]
pub(super) struct ScoreReader<'a> {
    log: &'a ScoreLog,
    next: usize,
    /// Frames read from the file in one go.
    chunk: Vec<FrameScores>,
    chunk_starts: usize,
}

impl ScoreReader<'_> {
    fn read_chunk(&mut self, mut file: &File) -> io::Result<()> {
        let frames = GATHERED_FRAMES.min(self.log.written - self.next);
        self.chunk.resize(frames, FrameScores::zeroed());
        self.chunk_starts = self.next;
        file.seek(SeekFrom::Start(offset(self.next)))?;
        file.read_exact(bytemuck::cast_slice_mut(&mut self.chunk))
    }
}

impl Iterator for ScoreReader<'_> {
    type Item = io::Result<FrameScores>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = match (&self.log.file, self.next.checked_sub(self.log.written)) {
            (_, Some(gathered)) => *self.log.gathered.get(gathered)?,
            (None, None) => return None,
            (Some(file), None) => {
                if self.next == self.chunk_starts + self.chunk.len()
                    && let Err(error) = self.read_chunk(file)
                {
                    self.chunk.clear();
                    return Some(Err(error));
                }
                self.chunk[self.next - self.chunk_starts]
            }
        };
        self.next += 1;
        Some(Ok(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: usize) -> FrameScores {
        FrameScores {
            scores: [number as f64; AU_MODELS],
            success: (number % 2) as u32,
            rescored: 0,
        }
    }

    fn expect_frames(log: &ScoreLog, frames: usize) {
        let read: Vec<_> = log.read().map(Result::unwrap).collect();
        assert_eq!(read, (0..frames).map(numbered).collect::<Vec<_>>());
    }

    #[test]
    fn frames_come_back_in_order_as_often_as_wanted() {
        let in_file = ScoreLog::in_file(tempfile::tempfile().unwrap());
        for mut log in [ScoreLog::in_memory(), in_file] {
            for number in 0..3 * GATHERED_FRAMES + 7 {
                if number % 400 == 0 {
                    expect_frames(&log, number);
                }
                log.make_room().unwrap();
                log.push(numbered(number));
                assert_eq!(log.frames(), number + 1);
            }
            expect_frames(&log, 3 * GATHERED_FRAMES + 7);
            expect_frames(&log, 3 * GATHERED_FRAMES + 7);
        }
    }

    #[test]
    fn memory_does_not_grow_with_the_video() {
        let mut log = ScoreLog::in_file(tempfile::tempfile().unwrap());
        for number in 0..20 * GATHERED_FRAMES {
            log.make_room().unwrap();
            log.push(numbered(number));
            assert!(log.frames_in_memory() <= GATHERED_FRAMES);
        }
    }

    /// As on a full disk: nothing is lost, and the next attempt may succeed.
    #[test]
    fn a_file_that_fails_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        File::create(&path).unwrap();
        // Not open for writing.
        let mut log = ScoreLog::in_file(File::open(&path).unwrap());
        for number in 0..GATHERED_FRAMES {
            log.make_room().unwrap();
            log.push(numbered(number));
        }
        for _ in 0..3 {
            assert!(log.make_room().is_err());
            expect_frames(&log, GATHERED_FRAMES);
        }
        log.file = Some(File::options().read(true).write(true).open(&path).unwrap());
        log.make_room().unwrap();
        log.push(numbered(GATHERED_FRAMES));
        expect_frames(&log, GATHERED_FRAMES + 1);
    }
}
