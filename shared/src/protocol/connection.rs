//! Whole messages over a byte stream: length, then body. Both ends use this and nothing else.

use std::io::{self, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PROTOCOL_VERSION, build_id, handover};

/// A message longer than this is garbage, not a message.
const LONGEST_MESSAGE: usize = 1 << 20;
/// First bytes of a greeting.
const MAGIC: [u8; 8] = *b"faceau\x00\x1a";
/// A build id longer than this is garbage.
const LONGEST_BUILD_ID: usize = 256;

/// The other side cannot be understood, or is gone.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The other side closed the connection, or died.
    #[error("the connection was closed")]
    Closed,
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Io(io::Error),
    /// What came is not a message of this protocol.
    #[error("not a message of this protocol: {0}")]
    Garbage(String),
    /// The worker speaks another version of the protocol.
    #[error("it speaks protocol version {found}, this program speaks {PROTOCOL_VERSION}")]
    Version {
        /// The version it claims.
        found: u32,
    },
    /// The worker comes from another build.
    #[error("it comes from build {found}, this program from build {}", build_id())]
    Build {
        /// The build it claims.
        found: String,
    },
}

impl From<io::Error> for ProtocolError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// The first thing a worker says. Its layout never changes: magic, version, build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Protocol version of the speaker.
    pub version: u32,
    /// Build of the speaker.
    pub build: String,
}

impl Greeting {
    /// The greeting of this build.
    pub fn ours() -> Self {
        Self {
            version: PROTOCOL_VERSION,
            build: build_id().to_owned(),
        }
    }

    /// Writes the greeting.
    ///
    /// # Errors
    /// When the stream fails.
    pub fn write(&self, stream: &mut impl Write) -> Result<(), ProtocolError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((self.build.len() as u32).to_le_bytes());
        bytes.extend(self.build.as_bytes());
        stream.write_all(&bytes)?;
        Ok(())
    }

    /// Reads a greeting and checks that it comes from this protocol and build.
    ///
    /// # Errors
    /// When the stream fails, or the speaker is a stranger.
    pub fn read_and_check(stream: &mut impl Read) -> Result<(), ProtocolError> {
        let mut magic = [0; 8];
        stream.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(ProtocolError::Garbage("no greeting".into()));
        }
        let mut word = [0; 4];
        stream.read_exact(&mut word)?;
        let version = u32::from_le_bytes(word);
        if version != PROTOCOL_VERSION {
            return Err(ProtocolError::Version { found: version });
        }
        stream.read_exact(&mut word)?;
        let length = u32::from_le_bytes(word) as usize;
        if length > LONGEST_BUILD_ID {
            return Err(ProtocolError::Garbage("the greeting is too long".into()));
        }
        let mut build = vec![0; length];
        stream.read_exact(&mut build)?;
        let found = String::from_utf8_lossy(&build).into_owned();
        if found != build_id() {
            return Err(ProtocolError::Build { found });
        }
        Ok(())
    }
}

/// One end of the socket between the supervisor and a worker.
#[derive(Debug)]
pub struct Connection {
    /// What this side hears.
    pub reader: MessageReader,
    /// What this side says.
    pub writer: MessageWriter,
}

impl Connection {
    /// Uses `stream` for messages in both directions.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        Ok(Self {
            reader: MessageReader {
                stream: stream.try_clone()?,
                body: Vec::new(),
            },
            writer: MessageWriter {
                stream,
                bytes: Vec::new(),
            },
        })
    }
}

/// The hearing half of a [`Connection`].
#[derive(Debug)]
pub struct MessageReader {
    stream: UnixStream,
    body: Vec<u8>,
}

impl MessageReader {
    /// The bytes below the messages, for the greeting.
    pub fn stream(&mut self) -> &mut impl Read {
        &mut self.stream
    }

    /// Another handle on the socket, to see when it is closed.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.stream.try_clone()?.into())
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// [`ProtocolError::Closed`] when the other side is gone, others when it talks nonsense.
    pub fn receive<M: DeserializeOwned>(&mut self) -> Result<M, ProtocolError> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST_MESSAGE {
            return Err(ProtocolError::Garbage(format!(
                "a message of {length} bytes is announced"
            )));
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        postcard::from_bytes(&self.body).map_err(|e| ProtocolError::Garbage(e.to_string()))
    }

    /// Waits for a descriptor sent with [`MessageWriter::send_descriptor`].
    ///
    /// # Errors
    /// When the other side is gone or sends something else.
    pub fn receive_descriptor(&mut self) -> Result<OwnedFd, ProtocolError> {
        handover::receive(&self.stream)
    }
}

/// The speaking half of a [`Connection`].
#[derive(Debug)]
pub struct MessageWriter {
    stream: UnixStream,
    bytes: Vec<u8>,
}

impl MessageWriter {
    /// The bytes below the messages, for the greeting.
    pub fn stream(&mut self) -> &mut impl Write {
        &mut self.stream
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`ProtocolError::Closed`] when the other side is gone.
    pub fn send<M: Serialize>(&mut self, message: &M) -> Result<(), ProtocolError> {
        self.bytes.clear();
        self.bytes.extend([0; 4]);
        let mut bytes = postcard::to_extend(message, std::mem::take(&mut self.bytes))
            .map_err(|e| ProtocolError::Garbage(e.to_string()))?;
        let length = bytes.len() - 4;
        if length > LONGEST_MESSAGE {
            return Err(ProtocolError::Garbage(format!(
                "a message of {length} bytes cannot be sent"
            )));
        }
        bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
        self.bytes = bytes;
        self.stream.write_all(&self.bytes)?;
        Ok(())
    }

    /// Gives the other process a copy of a descriptor.
    ///
    /// # Errors
    /// When the other side is gone.
    pub fn send_descriptor(&mut self, descriptor: BorrowedFd<'_>) -> Result<(), ProtocolError> {
        handover::send(&self.stream, descriptor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Begin, FrameTask, FromWorker, ToWorker};

    fn pair() -> (Connection, Connection) {
        let (a, b) = UnixStream::pair().unwrap();
        (Connection::new(a).unwrap(), Connection::new(b).unwrap())
    }

    #[test]
    fn messages_arrive_whole_and_in_order() {
        let (mut supervisor, mut worker) = pair();
        let task = FrameTask {
            slot: 3,
            frame: 77,
            begin: Begin::Afresh,
            width: 640,
            height: 480,
            stride: 1920,
            planes: None,
        };
        supervisor.writer.send(&ToWorker::Frame(task)).unwrap();
        supervisor.writer.send(&ToWorker::Stop).unwrap();
        let first: ToWorker = worker.reader.receive().unwrap();
        let second: ToWorker = worker.reader.receive().unwrap();
        assert_eq!(first, ToWorker::Frame(task));
        assert_eq!(second, ToWorker::Stop);
    }

    #[test]
    fn the_end_of_the_other_side_is_noticed() {
        let (supervisor, mut worker) = pair();
        drop(supervisor);
        let heard = worker.reader.receive::<ToWorker>();
        assert!(matches!(heard, Err(ProtocolError::Closed)));
    }

    #[test]
    fn a_huge_length_is_garbage_not_an_allocation() {
        let (mut supervisor, mut worker) = pair();
        worker
            .writer
            .stream()
            .write_all(&u32::MAX.to_le_bytes())
            .unwrap();
        let heard = supervisor.reader.receive::<FromWorker>();
        assert!(matches!(heard, Err(ProtocolError::Garbage(_))));
    }

    #[test]
    fn only_this_build_is_greeted() {
        let mut bytes = Vec::new();
        Greeting::ours().write(&mut bytes).unwrap();
        Greeting::read_and_check(&mut bytes.as_slice()).unwrap();

        let mut bytes = Vec::new();
        let other = Greeting {
            build: "other".into(),
            ..Greeting::ours()
        };
        other.write(&mut bytes).unwrap();
        let read = Greeting::read_and_check(&mut bytes.as_slice());
        assert!(matches!(read, Err(ProtocolError::Build { found }) if found == "other"));

        let mut bytes = Vec::new();
        let other = Greeting {
            version: 0,
            ..Greeting::ours()
        };
        other.write(&mut bytes).unwrap();
        let read = Greeting::read_and_check(&mut bytes.as_slice());
        assert!(matches!(read, Err(ProtocolError::Version { found: 0 })));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_a_message_or_an_error(bytes: Vec<u8>) {
            let (mut supervisor, worker) = pair();
            let mut stream = worker.writer.stream;
            drop(worker.reader);
            stream.write_all(&bytes).unwrap();
            drop(stream);
            while supervisor.reader.receive::<FromWorker>().is_ok() {}
        }
    }
}
