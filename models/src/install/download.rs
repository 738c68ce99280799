//! One file from one of its addresses, whatever servers and lines do on the way.

use std::io::{self, Read};

use super::http::{Answer, Body};
use super::part::Part;
use super::patience::Attempts;
use super::{InstallError, Installer, Watcher};
use crate::Content;
use crate::manifest::ModelFile;

/// Why one address did not bring the file.
enum Failure {
    /// It never will.
    Final(String),
    /// It could not be reached.
    Unreachable(String),
    /// It is not the address's fault.
    Local(io::Error),
}

/// How one request ended.
enum Attempt {
    /// As many bytes as the file has are here.
    Whole,
    /// It may go on later, at the earliest after the pause that the server asks for.
    Broken(String, Option<std::time::Duration>),
    /// It cannot.
    Failed(Failure),
}

impl Installer<'_> {
    /// Fills `part` with exactly `content` from the first address that has it.
    pub(super) fn download(
        &mut self,
        file: &ModelFile,
        content: Content,
        part: &mut Part,
        watcher: &mut dyn Watcher,
    ) -> Result<(), InstallError> {
        let mut reasons = Vec::new();
        for url in self.client.addresses(file) {
            let server = server_of(&url);
            if let Some(reason) = self.unreachable.get(server) {
                reasons.push(format!("{server}: {reason}"));
                continue;
            }
            match self.from(&url, file, content, part, watcher) {
                Ok(()) => return Ok(()),
                Err(Failure::Final(reason)) => reasons.push(format!("{url}: {reason}")),
                Err(Failure::Unreachable(reason)) => {
                    reasons.push(format!("{server}: {reason}"));
                    self.unreachable.insert(server.to_owned(), reason);
                }
                Err(Failure::Local(error)) => {
                    let home = self.store.home(file)?.path;
                    return Err(InstallError::local(&home, content.size, error));
                }
            }
        }
        if reasons.is_empty() {
            reasons.push(match &file.origin.obtain {
                Some(how) => format!("no address serves it; it comes from {how}"),
                None => "no address serves it".to_owned(),
            });
        }
        Err(InstallError::Unobtainable {
            file: file.name().to_owned(),
            reasons,
        })
    }

    /// Fills `part` with exactly `content` from one address.
    fn from(
        &self,
        url: &str,
        file: &ModelFile,
        content: Content,
        part: &mut Part,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Failure> {
        let mut attempts = Attempts::new(&self.patience, part.len());
        let mut tag = None;
        // Bytes of an earlier run, or of another address, may not belong to this file.
        let mut pieced = part.len() > 0;
        if part.len() > content.size {
            part.restart().map_err(Failure::Local)?;
        }
        loop {
            match self.attempt(url, &mut tag, file, content, part, watcher) {
                Attempt::Whole => {
                    let found = part.content().map_err(Failure::Local)?;
                    if found == content {
                        return Ok(());
                    }
                    part.restart().map_err(Failure::Local)?;
                    tag = None;
                    if !pieced {
                        return Err(Failure::Final(format!(
                            "what it sends is another file: {found} instead of {content}"
                        )));
                    }
                    pieced = false;
                    watcher.remark("the pieces do not fit together; beginning anew");
                }
                Attempt::Broken(reason, asked) => {
                    pieced |= part.len() > 0;
                    match attempts.failed(part.len(), asked) {
                        Some(pause) => {
                            watcher.remark(&format!(
                                "{}: {reason}; trying again in {} s",
                                file.name(),
                                pause.as_secs_f64()
                            ));
                            std::thread::sleep(pause);
                        }
                        None => return Err(Failure::Final(reason)),
                    }
                }
                Attempt::Failed(Failure::Unreachable(reason)) => {
                    match attempts.failed(part.len(), None) {
                        Some(pause) => std::thread::sleep(pause),
                        None => return Err(Failure::Unreachable(reason)),
                    }
                }
                Attempt::Failed(failure) => return Err(failure),
            }
        }
    }

    /// Asks once for what is missing.
    fn attempt(
        &self,
        url: &str,
        tag: &mut Option<String>,
        file: &ModelFile,
        content: Content,
        part: &mut Part,
        watcher: &mut dyn Watcher,
    ) -> Attempt {
        if part.len() == content.size {
            return Attempt::Whole;
        }
        let mut body = match self.client.ask(url, part.len(), tag.as_deref()) {
            Answer::Bytes(body) => body,
            Answer::NoSuchRange => {
                // What is here cannot be the beginning of what the server has.
                let reason = "the server does not know the rest of this file".to_owned();
                return match part.restart() {
                    Ok(()) => Attempt::Broken(reason, None),
                    Err(error) => Attempt::Failed(Failure::Local(error)),
                };
            }
            Answer::Later(reason, asked) => return Attempt::Broken(reason, asked),
            Answer::Refusal(reason) => return Attempt::Failed(Failure::Final(reason)),
            Answer::Unreachable(reason) => return Attempt::Failed(Failure::Unreachable(reason)),
        };
        if let Some(size) = body.size.filter(|&size| size != content.size) {
            return Attempt::Failed(Failure::Final(format!(
                "what it sends is another file: {size} bytes instead of {}",
                content.size
            )));
        }
        tag.clone_from(&body.tag);
        match take(&mut body, content.size, part, &mut |here| {
            watcher.bytes(file, here)
        }) {
            Ok(attempt) => attempt,
            Err(error) => Attempt::Failed(Failure::Local(error)),
        }
    }
}

/// Writes what comes until the file has `size` bytes or nothing more comes.
fn take(
    body: &mut Body,
    size: u64,
    part: &mut Part,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Attempt> {
    if body.start == 0 {
        // Also when the rest was asked for: some servers send everything.
        part.restart()?;
    } else if body.start != part.len() {
        part.restart()?;
        let reason = "the server sent another part of the file than asked for".to_owned();
        return Ok(Attempt::Broken(reason, None));
    }
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match body.reader.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let reason = format!("broken off after {} of {size} bytes ({error})", part.len());
                return Ok(Attempt::Broken(reason, None));
            }
        };
        if part.len() + read as u64 > size {
            part.restart()?;
            let reason = format!("what it sends is another file: more than {size} bytes");
            return Ok(Attempt::Failed(Failure::Final(reason)));
        }
        if read == 0 {
            if part.len() == size {
                return Ok(Attempt::Whole);
            }
            // The server thinks that this was all.
            let reason = format!(
                "what it sends is another file: {} bytes instead of {size}",
                part.len()
            );
            part.restart()?;
            return Ok(Attempt::Failed(Failure::Final(reason)));
        }
        part.append(&buffer[..read])?;
        progress(part.len());
    }
}

/// Scheme and host of an address.
fn server_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_the_path() {
        assert_eq!(server_of("https://a.org:8/b/c"), "https://a.org:8");
        assert_eq!(server_of("https://a.org"), "https://a.org");
    }
}
