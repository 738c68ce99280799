//! Appending to the journal without keeping the event loop waiting.
//!
//! A thread compresses, writes and flushes. What it cannot write, because the disk is full or
//! fails, it reports; from then on nothing more is written, so that the file has no gaps.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::blocks;
use super::kind;
use super::records::Part;

/// Parts that may wait, of a megabyte each. Only a disk that cannot keep up lets so many wait, and
/// then the job has to.
const MOST_WAITING: usize = 48;

/// What is to be appended.
#[derive(Debug)]
enum Order {
    /// A part, and whether it ends its piece.
    Part(Part, bool),
    /// A small block of this kind.
    Block(u8, Vec<u8>),
}

/// The thread that appends.
#[derive(Debug)]
pub struct Writer {
    orders: Option<SyncSender<Order>>,
    buffers: Receiver<Vec<u8>>,
    failure: Arc<Mutex<Option<io::Error>>>,
    thread: Option<JoinHandle<u64>>,
}

impl Writer {
    /// Will append to `file` from `end` on.
    ///
    /// # Errors
    /// When there is no thread.
    pub fn start(file: Arc<File>, end: u64) -> io::Result<Self> {
        let (orders, received) = sync_channel(MOST_WAITING);
        let (used, buffers) = channel();
        let failure = Arc::new(Mutex::new(None));
        let reported = Arc::clone(&failure);
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || {
                let mut appender = Appender {
                    file: &file,
                    end,
                    flushed: true,
                    content: Vec::new(),
                    block: Vec::new(),
                };
                if let Err(error) = appender.serve(&received, &mut |buffer| {
                    // Nobody may need one any more.
                    let _ = used.send(buffer);
                }) {
                    *reported.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    // What is there of the last block would be passed over anyway.
                    let _ = file.set_len(appender.end);
                }
                appender.end
            })?;
        Ok(Self {
            orders: Some(orders),
            buffers,
            failure,
            thread: Some(thread),
        })
    }

    /// A buffer that was used before, or a new one.
    pub fn buffer(&self) -> Vec<u8> {
        self.buffers.try_recv().unwrap_or_default()
    }

    /// Has a part appended; with the last one of a piece, all is flushed to the disk soon.
    ///
    /// # Errors
    /// When an earlier one could not be.
    pub fn append(&self, part: Part, ends_piece: bool) -> io::Result<()> {
        self.send(Order::Part(part, ends_piece))
    }

    /// Has a small block appended.
    ///
    /// # Errors
    /// When an earlier one could not be.
    pub fn append_block(&self, kind: u8, content: Vec<u8>) -> io::Result<()> {
        self.send(Order::Block(kind, content))
    }

    fn send(&self, order: Order) -> io::Result<()> {
        match &self.orders {
            Some(orders) if orders.send(order).is_ok() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Why nothing is written any more.
    fn failure(&self) -> io::Error {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure
            .take()
            .unwrap_or_else(|| io::Error::other("the journal is not written any more"))
    }

    /// Waits until everything is on the disk. Returns where the file ends.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn finish(mut self) -> io::Result<u64> {
        self.orders = None;
        let end = self.thread.take().map(JoinHandle::join);
        let failure = &mut *self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match (end, failure.take()) {
            (_, Some(error)) => Err(error),
            (Some(Ok(end)), None) => Ok(end),
            (_, None) => Err(io::Error::other("the journal's thread is gone")),
        }
    }
}

/// What is in the journal is on the disk before the next run looks at it.
impl Drop for Writer {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A failure has been said, or does not matter any more.
            let _ = thread.join();
        }
    }
}

struct Appender<'a> {
    file: &'a File,
    end: u64,
    flushed: bool,
    content: Vec<u8>,
    block: Vec<u8>,
}

impl Appender<'_> {
    fn serve(
        &mut self,
        orders: &Receiver<Order>,
        give_back: &mut dyn FnMut(Vec<u8>),
    ) -> io::Result<()> {
        while let Ok(first) = orders.recv() {
            let mut order = Some(first);
            let mut piece_ended = false;
            // One flush serves all pieces that have come meanwhile.
            while let Some(next) = order {
                match next {
                    Order::Part(part, ends_piece) => {
                        give_back(part.encode(ends_piece, &mut self.content));
                        piece_ended |= ends_piece;
                        self.append(kind::PART)?;
                    }
                    Order::Block(kind, content) => {
                        self.content = content;
                        self.append(kind)?;
                    }
                }
                order = orders.try_recv().ok();
            }
            if piece_ended {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn append(&mut self, kind: u8) -> io::Result<()> {
        blocks::wrap(kind, &self.content, &mut self.block);
        self.file.write_all_at(&self.block, self.end)?;
        self.end += self.block.len() as u64;
        self.flushed = false;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.flushed {
            self.file.sync_data()?;
            self.flushed = true;
        }
        Ok(())
    }
}
