//! How ONNX Runtime has divided a network between a provider and the processor.
//!
//! The engine records this when a session is opened with a certain option; nothing needs to be
//! guessed from logs or timings.

use std::ffi::{CStr, c_char};
use std::ptr;

use ort::AsPointer;
use ort::session::Session;
use ort::sys;

/// The option with which the engine keeps the record.
pub(crate) const RECORD: (&str, &str) = ("session.record_ep_graph_assignment_info", "1");
/// What the engine calls the processor.
const PROCESSOR: &str = "CPUExecutionProvider";

/// How a network is divided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GraphShare {
    /// Connected parts that the provider has taken. Between two of them, data goes to the processor
    /// and back.
    pub partitions: usize,
    /// Operations of the network, as they are after the engine's first optimisations.
    pub nodes: usize,
    /// Of these, operations that are left to the processor.
    pub nodes_on_cpu: usize,
}

/// How the network of `session` is divided; `None` if the engine has not recorded it.
pub(crate) fn of(session: &Session) -> Option<GraphShare> {
    let mut share = GraphShare::default();
    let mut parts = ptr::null();
    let mut count = 0;
    let api = ort::api();
    // SAFETY: the session is alive, and both results are written to variables of the right types.
    succeeded(unsafe {
        (api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &raw mut parts, &raw mut count)
    })?;
    for i in 0..count {
        // SAFETY: the engine says that so many pointers lie there; they belong to the session, which
        // outlives this function.
        let part = unsafe { *parts.add(i) };
        let nodes = nodes_of(part)?;
        share.nodes += nodes;
        if provider_of(part)? == PROCESSOR {
            share.nodes_on_cpu += nodes;
        } else {
            share.partitions += 1;
        }
    }
    (count > 0).then_some(share)
}

fn provider_of(part: *const sys::OrtEpAssignedSubgraph) -> Option<String> {
    let mut name: *const c_char = ptr::null();
    // SAFETY: `part` is one of the session's, and the result is written to a variable of its type.
    succeeded(unsafe { (ort::api().EpAssignedSubgraph_GetEpName)(part, &raw mut name) })?;
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string by contract, which lives as long as the session.
    Some(
        unsafe { CStr::from_ptr(name) }
            .to_string_lossy()
            .into_owned(),
    )
}

fn nodes_of(part: *const sys::OrtEpAssignedSubgraph) -> Option<usize> {
    let (mut nodes, mut count) = (ptr::null(), 0);
    // SAFETY: as in `provider_of`; the nodes themselves are not looked at.
    succeeded(unsafe {
        (ort::api().EpAssignedSubgraph_GetNodes)(part, &raw mut nodes, &raw mut count)
    })?;
    Some(count)
}

/// `None` for a status that is an error, which is released.
fn succeeded(status: sys::OrtStatusPtr) -> Option<()> {
    if status.0.is_null() {
        return Some(());
    }
    // SAFETY: a status that is not null belongs to the caller, who releases it once.
    unsafe { (ort::api().ReleaseStatus)(status.0) };
    None
}
