//! Passing a file descriptor to the other process (`SCM_RIGHTS`).
//!
//! The region of a ring has no name in any file system, so there is nothing to find, to guess or
//! to leave behind; this is how the worker gets it.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::ProtocolError;

/// A descriptor must ride on at least one byte of data.
const CARRIER: [u8; 1] = [b'F'];

pub(super) fn send(stream: &UnixStream, descriptor: BorrowedFd<'_>) -> Result<(), ProtocolError> {
    let descriptors = [descriptor];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(ProtocolError::Garbage(
            "no room for the descriptor".to_owned(),
        ));
    }
    let carrier = [IoSlice::new(&CARRIER)];
    rustix::io::retry_on_intr(|| {
        sendmsg(stream.as_fd(), &carrier, &mut ancillary, SendFlags::empty())
    })
    .map_err(|e| ProtocolError::from(std::io::Error::from(e)))?;
    Ok(())
}

pub(super) fn receive(stream: &UnixStream) -> Result<OwnedFd, ProtocolError> {
    let mut carrier = [0; 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(
            stream.as_fd(),
            &mut [IoSliceMut::new(&mut carrier)],
            &mut ancillary,
            receive_flags(),
        )
    })
    .map_err(|e| ProtocolError::from(std::io::Error::from(e)))?;
    if received.bytes == 0 {
        return Err(ProtocolError::Closed);
    }
    let descriptor = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    descriptor
        .filter(|_| carrier == CARRIER)
        .ok_or_else(|| ProtocolError::Garbage("a descriptor was expected".to_owned()))
}

/// Children of the receiver must not inherit the descriptor.
#[cfg(target_os = "linux")]
fn receive_flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

/// macOS has no such flag; a worker starts no children.
#[cfg(not(target_os = "linux"))]
fn receive_flags() -> RecvFlags {
    RecvFlags::empty()
}
