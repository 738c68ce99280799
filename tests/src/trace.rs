//! The file of `--trace`, in types of the tests' own, and what must be true of any.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// A whole trace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    #[serde(rename = "displayTimeUnit")]
    unit: String,
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "ph", deny_unknown_fields)]
enum Event {
    #[serde(rename = "X")]
    Complete(Span),
    #[serde(rename = "M")]
    Metadata {
        name: String,
        pid: u32,
        #[allow(dead_code)] // always there, and of no meaning
        ts: f64,
        tid: u32,
        args: Meta,
    },
}

/// A stretch of time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // as in the Trace Event Format
pub struct Span {
    pub name: String,
    pub cat: String,
    pub ts: f64,
    pub dur: f64,
    pub pid: u32,
    pub tid: u32,
    pub args: Option<Frame>,
}

/// Which frame a span is of, counted from 1.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Frame {
    pub frame: u64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Meta {
    Name {
        name: String,
    },
    Order {
        #[allow(dead_code)]
        sort_index: u32,
    },
}

impl Span {
    /// The frame that it is of.
    pub fn frame(&self) -> Option<u64> {
        self.args.as_ref().map(|args| args.frame)
    }

    /// Begin and end in nanoseconds, which the file holds in thousandths of a microsecond.
    fn nanos(&self) -> (i64, i64) {
        let nanos = |micros: f64| (micros * 1e3).round() as i64;
        (nanos(self.ts), nanos(self.ts) + nanos(self.dur))
    }
}

impl Trace {
    /// Reads a trace and makes sure that all spans of a thread lie beside or inside each other,
    /// and that every process and thread has a name.
    ///
    /// # Panics
    /// When any of that is not so.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let trace: Self = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(trace.unit, "ms");
        let threads = trace.threads();
        for (place, spans) in &threads {
            assert_nested(&format!("{place:?}"), spans);
        }
        let names = trace.names("thread_name");
        let named: BTreeSet<(u32, u32)> = names.into_iter().map(|(place, _)| place).collect();
        for place in threads.keys() {
            assert!(named.contains(place), "{place:?} has no name");
        }
        trace
    }

    /// All spans.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.events.iter().filter_map(|event| match event {
            Event::Complete(span) => Some(span),
            Event::Metadata { .. } => None,
        })
    }

    fn threads(&self) -> BTreeMap<(u32, u32), Vec<Span>> {
        let mut threads = BTreeMap::<_, Vec<Span>>::new();
        for span in self.spans() {
            let place = (span.pid, span.tid);
            threads.entry(place).or_default().push(span.clone());
        }
        threads
    }

    fn names(&self, kind: &str) -> Vec<((u32, u32), String)> {
        let name = |event: &Event| match event {
            Event::Metadata {
                name,
                pid,
                tid,
                args: Meta::Name { name: given },
                ..
            } if name == kind => Some(((*pid, *tid), given.clone())),
            _ => None,
        };
        self.events.iter().filter_map(name).collect()
    }

    /// Numbers of the worker processes.
    pub fn workers(&self) -> Vec<u32> {
        let names = self.names("process_name");
        let workers = names
            .iter()
            .filter(|(_, name)| name.starts_with("worker "))
            .map(|((pid, _), _)| *pid);
        workers.collect()
    }

    /// Frames of which there is a span of this name, in order.
    pub fn frames_with(&self, name: &str) -> BTreeSet<u64> {
        let spans = self.spans().filter(|span| span.name == name);
        spans.filter_map(Span::frame).collect()
    }
}

/// Makes sure that of any two spans one ends before the other begins, or contains it.
fn assert_nested(place: &str, spans: &[Span]) {
    let mut spans: Vec<(i64, i64, &str)> = spans
        .iter()
        .map(|span| {
            let (begin, end) = span.nanos();
            (begin, end, span.name.as_str())
        })
        .collect();
    // Of those that begin together the longest is outside.
    spans.sort_by_key(|&(begin, end, _)| (begin, -end));
    let mut around: Vec<(i64, i64, &str)> = Vec::new();
    for span in spans {
        while around.last().is_some_and(|outer| outer.1 <= span.0) {
            around.pop();
        }
        if let Some(outer) = around.last() {
            assert!(span.1 <= outer.1, "{place}: {span:?} leaves {outer:?}");
        }
        around.push(span);
    }
}
