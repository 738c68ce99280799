//! Results of frames as bytes: what is in a journal's blocks of results.
//!
//! A block holds a part of a piece: consecutive frames of one task. A frame's faces are kept as they
//! came from the worker, length-prefixed; what is in them is the pipeline's business. Parts are
//! compressed: a state and values have much in common.

use std::io;

use bytemuck::{Pod, Zeroable};
use faceau_measure::{Faces, Limits};

use crate::job::pieces::{Finding, Found};
use crate::task::TaskId;

/// Size of a part, uncompressed, at which it is full.
pub const PART_BYTES: usize = 1 << 20;

const ANALYSED: u8 = 0;
const FAILED: u8 = 1;

/// Which frames a part holds; the first bytes of its block.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct PartHead {
    /// First frame, counted from 0.
    pub first: u64,
    /// How many frames.
    pub frames: u32,
    /// Whether the task is a run-on.
    run_on: u32,
    /// The number of the segment or run-on.
    number: u32,
    /// Whether this part ends its piece.
    last: u32,
    /// Bytes of the records before compression.
    bytes: u64,
}

impl PartHead {
    /// The task that the frames belong to.
    pub fn task(&self) -> TaskId {
        match self.run_on {
            0 => TaskId::Segment(self.number as usize),
            _ => TaskId::RunOn(self.number),
        }
    }

    /// Whether this part ends its piece.
    pub fn ends_piece(&self) -> bool {
        self.last != 0
    }

    /// Reads it from the content of a block.
    ///
    /// # Errors
    /// When the content is too short.
    pub fn of(content: &[u8]) -> io::Result<Self> {
        content
            .get(..size_of::<Self>())
            .map(bytemuck::pod_read_unaligned)
            .ok_or_else(|| invalid("a part without a head"))
    }
}

/// A part of a piece that is being filled.
#[derive(Debug)]
pub struct Part {
    head: PartHead,
    records: Vec<u8>,
}

impl Part {
    /// A part of `task` that begins with `frame`. `buffer` is used for its records.
    pub fn new(task: TaskId, frame: usize, mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        let (run_on, number) = match task {
            TaskId::Segment(number) => (0, number as u32),
            TaskId::RunOn(number) => (1, number),
        };
        Self {
            head: PartHead {
                first: frame as u64,
                frames: 0,
                run_on,
                number,
                last: 0,
                bytes: 0,
            },
            records: buffer,
        }
    }

    /// Adds the next frame.
    pub fn push(&mut self, found: &Found<'_>) {
        match found.finding {
            Finding::Analysed(faces) => {
                self.records.push(ANALYSED);
                self.push_counted(faces.bytes());
            }
            Finding::Failed(reason) => {
                self.records.push(FAILED);
                self.push_counted(reason.as_bytes());
            }
        }
        self.push_counted(found.extras);
        self.head.frames += 1;
    }

    fn push_counted(&mut self, bytes: &[u8]) {
        self.records
            .extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.records.extend_from_slice(bytes);
    }

    /// The frame after the last one.
    pub fn next_frame(&self) -> usize {
        self.head.first as usize + self.head.frames as usize
    }

    /// Whether it should be written before more frames are added.
    pub fn is_full(&self) -> bool {
        self.records.len() >= PART_BYTES
    }

    /// Puts the content of its block into `content`: the head and the compressed records. Returns
    /// the buffer.
    pub fn encode(mut self, ends_piece: bool, content: &mut Vec<u8>) -> Vec<u8> {
        self.head.last = ends_piece.into();
        self.head.bytes = self.records.len() as u64;
        let head = bytemuck::bytes_of(&self.head);
        let most = lz4_flex::block::get_maximum_output_size(self.records.len());
        content.clear();
        content.extend_from_slice(head);
        content.resize(head.len() + most, 0);
        // With room for the worst case it cannot fail.
        let written = lz4_flex::block::compress_into(&self.records, &mut content[head.len()..]);
        content.truncate(head.len() + written.unwrap_or(0));
        self.records
    }
}

/// Reads the frames of parts back.
#[derive(Debug, Default)]
pub struct PartReader {
    records: Vec<u8>,
}

impl PartReader {
    /// Hands every frame of the part in `content` to `take`. Results are within `limits`.
    ///
    /// # Errors
    /// When the content cannot be what was written, and what `take` returns.
    pub fn read(
        &mut self,
        content: &[u8],
        limits: &Limits,
        take: &mut dyn FnMut(&Found<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let head = PartHead::of(content)?;
        if head.bytes as usize > super::blocks::LONGEST {
            return Err(invalid("a part that is too long"));
        }
        self.records.resize(head.bytes as usize, 0);
        let compressed = &content[size_of::<PartHead>()..];
        let length = lz4_flex::block::decompress_into(compressed, &mut self.records)
            .map_err(|error| invalid(&error.to_string()))?;
        let mut rest = &self.records[..length];
        for number in 0..head.frames as usize {
            let finding = match take_bytes(&mut rest, 1)?[0] {
                FAILED => {
                    let reason = std::str::from_utf8(take_counted(&mut rest)?);
                    Finding::Failed(reason.map_err(|_| invalid("a reason that is no text"))?)
                }
                ANALYSED => {
                    let faces = Faces::parse(take_counted(&mut rest)?, limits);
                    Finding::Analysed(faces.map_err(|bad| invalid(bad.0))?)
                }
                _ => return Err(invalid("a record of no known kind")),
            };
            take(&Found {
                task: head.task(),
                frame: head.first as usize + number,
                finding,
                extras: take_counted(&mut rest)?,
            })?;
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(invalid("more records than frames"))
        }
    }
}

fn take_bytes<'a>(rest: &mut &'a [u8], length: usize) -> io::Result<&'a [u8]> {
    let (taken, left) = rest
        .split_at_checked(length)
        .ok_or_else(|| invalid("a record that is cut short"))?;
    *rest = left;
    Ok(taken)
}

fn take_counted<'a>(rest: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let length: u32 = bytemuck::pod_read_unaligned(take_bytes(rest, 4)?);
    take_bytes(rest, length as usize)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the journal cannot be read: {what}"),
    )
}
