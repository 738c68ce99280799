//! Asking servers for files, or for the rest of a file.
//!
//! TLS certificates are judged as the system judges them, so that a hospital's own authority works;
//! proxies come from the usual variables (`HTTPS_PROXY` and so on).

use std::io::Read;
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

use crate::manifest::ModelFile;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// How often a server may send us on.
const REDIRECTS: u32 = 10;

/// Asks for files.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    mirror: Option<String>,
}

/// What a server has to say.
pub(super) enum Answer {
    /// The file, from this byte on.
    Bytes(Body),
    /// The range that was asked for does not exist.
    NoSuchRange,
    /// It does not have the file, or not for us; asking again will not help.
    Refusal(String),
    /// It cannot at the moment. It may say when to come back.
    Later(String, Option<Duration>),
    /// It cannot be reached at all.
    Unreachable(String),
}

/// Bytes on their way.
pub(super) struct Body {
    /// Number of the first one, counted from 0.
    pub start: u64,
    /// Size of the whole file, if the server says.
    pub size: Option<u64>,
    /// What identifies this version of the file at the server.
    pub tag: Option<String>,
    /// The bytes. Reading fails when fewer come than were promised.
    pub reader: Box<dyn Read>,
}

impl Client {
    /// One that takes all files from `mirror`, if given, and waits for servers at most so long.
    pub(super) fn new(mirror: Option<String>, silence: Duration) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("faceau/", env!("CARGO_PKG_VERSION")))
            .max_redirects(REDIRECTS)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(silence))
            .timeout_per_read(Some(silence))
            .tls_config(tls)
            .build()
            .into();
        let mirror = mirror.map(|base| base.trim_end_matches('/').to_owned());
        Self { agent, mirror }
    }

    /// The addresses to try for a file, in order.
    pub(super) fn addresses(&self, file: &ModelFile) -> Vec<String> {
        match &self.mirror {
            Some(base) => vec![format!("{base}/{}/{}", file.origin_id, file.path)],
            None => file.urls.clone(),
        }
    }

    /// Asks for the file at `url` from byte `from` on; with `tag`, for the rest only if the file is
    /// still that version.
    pub(super) fn ask(&self, url: &str, from: u64, tag: Option<&str>) -> Answer {
        // Who begins securely is not to be led elsewhere.
        let secure = url.starts_with("https://");
        let mut request = self.agent.get(url).config().https_only(secure).build();
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
            if let Some(tag) = tag {
                request = request.header(header::IF_RANGE, tag);
            }
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return failure(&error),
        };
        let (head, body) = response.into_parts();
        let size = |name| number(&head.headers, name);
        let body = |start, size| {
            Answer::Bytes(Body {
                start,
                size,
                tag: strong_tag(&head.headers),
                reader: Box::new(body.into_reader()),
            })
        };
        match head.status {
            StatusCode::OK => body(0, size(header::CONTENT_LENGTH)),
            StatusCode::PARTIAL_CONTENT => {
                let range = head.headers.get(header::CONTENT_RANGE);
                match range.and_then(|value| content_range(value.to_str().ok()?)) {
                    Some((start, size)) => body(start, size),
                    None => Answer::NoSuchRange,
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE => Answer::NoSuchRange,
            status
                if status.is_server_error()
                    || status == StatusCode::TOO_MANY_REQUESTS
                    || status == StatusCode::REQUEST_TIMEOUT =>
            {
                let wish = size(header::RETRY_AFTER).map(Duration::from_secs);
                Answer::Later(format!("the server says {status}"), wish)
            }
            status => Answer::Refusal(format!("the server says {status}")),
        }
    }
}

fn failure(error: &Error) -> Answer {
    let reason = error.to_string();
    match error {
        Error::BadUri(_)
        | Error::RequireHttpsOnly(_)
        | Error::TooManyRedirects
        | Error::RedirectFailed => Answer::Refusal(reason),
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::Tls(_)
        | Error::Rustls(_)
        | Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Answer::Unreachable(reason)
        }
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
            Answer::Unreachable(reason)
        }
        _ => Answer::Later(reason, None),
    }
}

fn number(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The version's tag, unless it only promises that versions are alike.
fn strong_tag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(header::ETAG)?.to_str().ok()?;
    (!tag.starts_with("W/")).then(|| tag.to_owned())
}

/// The first byte and the whole file's size out of `bytes 500-999/1000` (or `/*`).
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let size = match size.trim() {
        "*" => None,
        size => Some(size.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Manifest, id};

    #[test]
    fn ranges_are_understood() {
        assert_eq!(content_range("bytes 500-999/1000"), Some((500, Some(1000))));
        assert_eq!(content_range("bytes 0-9/*"), Some((0, None)));
        for nonsense in ["", "bytes */1000", "items 1-2/3", "bytes 5", "bytes 1-2/x"] {
            assert_eq!(content_range(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_mirror_takes_the_place_of_all_addresses() {
        let client = |mirror| Client::new(mirror, Duration::from_secs(1));
        let file = Manifest::embedded().file(id::RETINAFACE).unwrap();
        assert!(client(None).addresses(file).is_empty());
        assert_eq!(
            client(Some("http://mirror/models/".into())).addresses(file),
            ["http://mirror/models/retinaface/retinaface_mobilenet025_coreml.onnx"]
        );
    }
}
