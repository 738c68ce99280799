//! A small HTTP server on this machine, which behaves as badly as a test wants.
//!
//! Every request is answered by the test's own function on a thread of its own and then the
//! connection is closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path of the address, with the slash.
    pub path: String,
    /// The byte from which on it was asked for, if not for everything.
    pub from: Option<usize>,
    /// The version that is wanted, if it matters (`If-Range`).
    pub version: Option<String>,
}

/// The way back.
#[derive(Debug)]
pub struct Reply {
    stream: TcpStream,
}

impl Reply {
    /// Sends a status line and headers, and nothing else yet.
    pub fn head(&mut self, status: &str, headers: &[(&str, &str)]) {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        self.send(format!("{text}\r\n").as_bytes());
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        // The other side may have hung up, on purpose.
        let _ = self.stream.write_all(bytes);
    }

    /// Answers with a status and nothing more.
    pub fn status(&mut self, status: &str) {
        self.head(status, &[("Content-Length", "0")]);
    }

    /// Answers as servers should: with the file, or with the rest of it if that was asked for.
    pub fn file(&mut self, request: &Request, file: &[u8]) {
        self.file_until(request, file, file.len());
    }

    /// The same, but breaks off before byte `end` of the file.
    pub fn file_until(&mut self, request: &Request, file: &[u8], end: usize) {
        match request.from {
            Some(from) if from < file.len() => {
                let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
                let length = (file.len() - from).to_string();
                let headers = [
                    ("Content-Range", range.as_str()),
                    ("Content-Length", length.as_str()),
                ];
                self.head("206 Partial Content", &headers);
                self.send(&file[from..end.max(from)]);
            }
            Some(_) => self.status("416 Range Not Satisfiable"),
            None => {
                let length = file.len().to_string();
                self.head("200 OK", &[("Content-Length", length.as_str())]);
                self.send(&file[..end]);
            }
        }
    }

    /// Waits until the other side hangs up.
    pub fn wait_for_hangup(&mut self) {
        let _ = self.stream.read(&mut [0]);
    }
}

/// A running server. It ends with the test program.
#[derive(Debug)]
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts one that answers like this.
    pub fn start(answer: impl Fn(&Request, &mut Reply) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                thread::spawn(move || {
                    if let Some(request) = read(&stream) {
                        seen.lock().unwrap().push(request.clone());
                        answer(&request, &mut Reply { stream });
                    }
                });
            }
        });
        Self { address, requests }
    }

    /// The address of a file on it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Everything that was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// From which bytes on `path` was asked for, in order; 0 for all of it.
    pub fn beginnings(&self, path: &str) -> Vec<usize> {
        let requests = self.requests();
        let of_path = requests.iter().filter(|request| request.path == path);
        of_path.map(|request| request.from.unwrap_or(0)).collect()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut request = Request {
        path,
        from: None,
        version: None,
    };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let from = value.strip_prefix("bytes=")?.strip_suffix('-')?;
                request.from = Some(from.parse().ok()?);
            }
            "if-range" => request.version = Some(value.to_owned()),
            _ => {}
        }
    }
    Some(request)
}
