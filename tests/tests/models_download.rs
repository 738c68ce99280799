//! Fetching model files from servers that are slow, broken, wrong or gone. What must never happen:
//! a file under its name that is not the right one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use faceau_models::install::{InstallError, Installer, Patience, Watcher};
use faceau_models::{ModelFile, Store};
use faceau_tests::http::{Reply, Request, Server};
use faceau_tests::manifest::{TestFile, manifest, noise};
use tempfile::TempDir;

const SIZE: usize = 300_000;

/// A store in a folder of its own.
struct Trial {
    folder: TempDir,
    store: Store,
    remarks: Remarks,
}

#[derive(Default)]
struct Remarks(Vec<String>);

impl Watcher for Remarks {
    fn bytes(&mut self, _: &ModelFile, _: u64) {}
    fn remark(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

impl Trial {
    fn new(files: &[TestFile]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::of(manifest(files), Some(folder.path())),
            folder,
            remarks: Remarks::default(),
        }
    }

    fn fetch(&mut self, file: &TestFile) -> Result<bool, InstallError> {
        // Long enough for a busy machine, short enough for a test that runs into it.
        let patience = Patience {
            silence: Duration::from_secs(5),
            pause: Duration::from_millis(1),
            attempts: 3,
        };
        self.fetch_patiently(file, patience)
    }

    fn fetch_patiently(
        &mut self,
        file: &TestFile,
        patience: Patience,
    ) -> Result<bool, InstallError> {
        let listed = self.store.manifest().file(file.name).unwrap();
        let mut installer = Installer::new(&self.store, None, patience);
        installer.fetch(listed, listed.content.unwrap(), &mut self.remarks)
    }

    fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join("onnx").join(name)
    }

    fn part(&self, name: &str) -> PathBuf {
        self.home(&format!("{name}.part"))
    }

    #[track_caller]
    fn expect_installed(&self, file: &TestFile) {
        assert!(fs::read(self.home(file.name)).unwrap() == file.bytes());
        assert!(!self.part(file.name).exists());
    }

    /// Nothing has the file's name, and what is said holds all of `parts`.
    #[track_caller]
    fn expect_refused(&self, file: &TestFile, result: Result<bool, InstallError>, parts: &[&str]) {
        let message = result.unwrap_err().to_string();
        for part in [&[file.name], parts].concat() {
            assert!(message.contains(part), "{part} not in {message}");
        }
        assert!(!message.contains('\n'));
        assert!(!self.home(file.name).exists());
    }
}

/// A server with one file, and the file.
fn serving(
    answer: impl Fn(&Request, &mut Reply, &[u8]) + Send + Sync + 'static,
) -> (Server, TestFile) {
    let content = noise("a.onnx", SIZE);
    let server = Server::start(move |request, reply| answer(request, reply, &content));
    let file = TestFile::new("a.onnx", SIZE, vec![server.url("/a")]);
    (server, file)
}

#[test]
fn a_file_is_fetched_once() {
    let (server, file) = serving(|request, reply, content| reply.file(request, content));
    let mut trial = Trial::new(std::slice::from_ref(&file));
    assert!(trial.fetch(&file).unwrap());
    trial.expect_installed(&file);
    assert!(!trial.fetch(&file).unwrap());
    assert_eq!(server.beginnings("/a"), [0]);
}

#[test]
fn a_line_that_breaks_again_and_again_brings_the_file_all_the_same() {
    // Never more than 40,000 bytes at once: eight attempts, though only three in vain are allowed.
    let (server, file) = serving(|request, reply, content| {
        let end = request.from.unwrap_or(0) + 40_000;
        reply.file_until(request, content, end.min(content.len()));
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    let expected: Vec<usize> = (0..8).map(|i| i * 40_000).collect();
    assert_eq!(server.beginnings("/a"), expected);
    assert!(
        trial
            .remarks
            .0
            .iter()
            .all(|said| said.contains("broken off"))
    );
}

#[test]
fn what_is_left_of_an_earlier_run_is_gone_on_with() {
    let (server, file) = serving(|request, reply, content| reply.file(request, content));
    let mut trial = Trial::new(std::slice::from_ref(&file));
    fs::create_dir_all(trial.folder.path().join("onnx")).unwrap();
    fs::write(trial.part(file.name), &file.bytes()[..123_456]).unwrap();
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.beginnings("/a"), [123_456]);
}

#[test]
fn a_whole_part_needs_no_server() {
    let file = TestFile::new("a.onnx", SIZE, vec!["http://127.0.0.1:1/a".into()]);
    let mut trial = Trial::new(std::slice::from_ref(&file));
    fs::create_dir_all(trial.folder.path().join("onnx")).unwrap();
    fs::write(trial.part(file.name), file.bytes()).unwrap();
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
}

#[test]
fn what_is_left_of_something_else_is_thrown_away() {
    let (server, file) = serving(|request, reply, content| reply.file(request, content));
    // Shorter than the file, as long, and longer.
    for (left, beginnings) in [(1000, vec![1000, 0]), (SIZE, vec![0]), (SIZE + 1, vec![0])] {
        let mut trial = Trial::new(std::slice::from_ref(&file));
        fs::create_dir_all(trial.folder.path().join("onnx")).unwrap();
        fs::write(trial.part(file.name), noise("something else", left)).unwrap();
        let before = server.requests().len();
        trial.fetch(&file).unwrap();
        trial.expect_installed(&file);
        assert_eq!(server.beginnings("/a")[before..], beginnings);
    }
}

#[test]
fn a_server_that_ignores_ranges_begins_anew() {
    let (server, file) = serving(|request, reply, content| {
        let whole = Request {
            from: None,
            ..request.clone()
        };
        let end = if request.from.is_some() {
            SIZE
        } else {
            100_000
        };
        reply.file_until(&whole, content, end);
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.beginnings("/a"), [0, 100_000]);
}

#[test]
fn a_server_that_always_breaks_off_at_the_same_place_is_given_up() {
    let (server, file) = serving(|request, reply, content| {
        let whole = Request {
            from: None,
            ..request.clone()
        };
        reply.file_until(&whole, content, 100_000);
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    let result = trial.fetch(&file);
    trial.expect_refused(&file, result, &["broken off after 100000", "/a"]);
    assert_eq!(server.requests().len(), 3);
    // What is here may still be of use.
    assert_eq!(fs::metadata(trial.part(file.name)).unwrap().len(), 100_000);
}

#[test]
fn the_rest_is_only_taken_from_the_version_that_was_begun() {
    let asked = AtomicUsize::new(0);
    let (server, file) = serving(move |request, reply, content| {
        match asked.fetch_add(1, Ordering::SeqCst) {
            // Another file of the same length, whose transfer breaks off.
            0 => {
                let length = SIZE.to_string();
                let headers = [("ETag", "\"old\""), ("Content-Length", &length)];
                reply.head("200 OK", &headers);
                reply.send(&noise("an older version", 50_000));
            }
            // As it is not the old version any more, the server sends everything.
            _ => {
                assert_eq!(request.version.as_deref(), Some("\"old\""));
                let whole = Request {
                    from: None,
                    ..request.clone()
                };
                reply.file(&whole, content);
            }
        }
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.beginnings("/a"), [0, 50_000]);
}

#[test]
fn wrong_bytes_are_refused() {
    let (server, file) = serving(|request, reply, content| {
        let mut content = content.to_vec();
        content[200_000] ^= 1;
        reply.file(request, &content);
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    let result = trial.fetch(&file);
    trial.expect_refused(&file, result, &["another file", "SHA-256"]);
    assert_eq!(server.requests().len(), 1);
    assert!(!trial.part(file.name).exists());
}

#[test]
fn wrong_sizes_are_refused_without_reading_on() {
    for size in [SIZE - 1, SIZE + 1] {
        let (_server, file) = serving(move |_, reply, _| {
            reply.head("200 OK", &[("Content-Length", &size.to_string())]);
            // Nothing more is sent: who waits for it, waits too long.
            reply.wait_for_hangup();
        });
        let mut trial = Trial::new(std::slice::from_ref(&file));
        let result = trial.fetch(&file);
        trial.expect_refused(&file, result, &[&format!("{size} bytes instead of {SIZE}")]);
    }
}

#[test]
fn a_page_instead_of_the_file_is_refused() {
    // Without a length, as pages are sent that say "you must log in" with status 200.
    for page in [&b"<html>"[..], &noise("endless", SIZE + 5000)] {
        let page = page.to_vec();
        let (_server, file) = serving(move |_, reply, _| {
            reply.head("200 OK", &[("Content-Type", "text/html")]);
            reply.send(&page);
        });
        let mut trial = Trial::new(std::slice::from_ref(&file));
        let result = trial.fetch(&file);
        trial.expect_refused(&file, result, &["another file"]);
        assert!(!trial.part(file.name).exists());
    }
}

#[test]
fn alternatives_are_tried_in_order() {
    let content = noise("a.onnx", SIZE);
    let server = Server::start(move |request, reply| match request.path.as_str() {
        "/gone" => reply.status("404 Not Found"),
        "/other" => reply.file(request, &noise("other", SIZE)),
        "/half" => reply.file_until(request, &content, 150_000),
        "/away" => reply.head(
            "302 Found",
            &[("Location", "/good"), ("Content-Length", "0")],
        ),
        "/good" => reply.file(request, &content),
        other => panic!("{other}"),
    });
    let all = ["/gone", "/other", "/half", "/away", "/never"];
    let urls = all.map(|path| server.url(path)).to_vec();
    let file = TestFile::new("a.onnx", SIZE, urls);
    let mut trial = Trial::new(std::slice::from_ref(&file));
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.beginnings("/gone"), [0]);
    assert_eq!(server.beginnings("/half"), [0, 150_000, 150_000]);
    // What one server sent is gone on with at the next, also when it sends us elsewhere.
    assert_eq!(server.beginnings("/good"), [150_000]);
    assert_eq!(server.beginnings("/never"), [0; 0]);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let (server, file) =
        serving(
            move |request, reply, content| match asked.fetch_add(1, Ordering::SeqCst) {
                0 => reply.status("503 Service Unavailable"),
                1 => reply.status("429 Too Many Requests"),
                _ => reply.file(request, content),
            },
        );
    let mut trial = Trial::new(std::slice::from_ref(&file));
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_server_that_falls_silent_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let (server, file) = serving(move |request, reply, content| {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            reply.file_until(request, content, 100_000);
            reply.wait_for_hangup();
        } else {
            reply.file(request, content);
        }
    });
    let mut trial = Trial::new(std::slice::from_ref(&file));
    let patience = Patience {
        silence: Duration::from_secs(2),
        pause: Duration::from_millis(1),
        attempts: 20,
    };
    trial.fetch_patiently(&file, patience).unwrap();
    trial.expect_installed(&file);
    assert_eq!(server.beginnings("/a")[..2], [0, 100_000]);
}

#[test]
fn nobody_at_all() {
    // Ports below 1024 are not given out, so nobody listens there.
    let urls = vec!["http://127.0.0.1:1/a".into(), "ftp://127.0.0.1/a".into()];
    let file = TestFile::new("a.onnx", SIZE, urls);
    let other = TestFile::new("b.onnx", SIZE, vec!["http://127.0.0.1:1/b".into()]);
    let mut trial = Trial::new(&[file.clone(), other]);
    let result = trial.fetch(&file);
    trial.expect_refused(&file, result, &["http://127.0.0.1:1", "ftp://127.0.0.1/a"]);
    assert!(!trial.part(file.name).exists());
}

#[test]
fn a_disk_that_is_too_small_is_noticed_before() {
    let (server, mut file) = serving(|request, reply, content| reply.file(request, content));
    let mut trial = Trial::new(std::slice::from_ref(&file));
    // More than any disk has.
    file.content = None;
    let listed = trial.store.manifest().file(file.name).unwrap();
    let content = faceau_models::Content {
        size: 1 << 60,
        ..listed.content.unwrap()
    };
    let mut installer = Installer::new(&trial.store, None, Patience::default());
    let result = installer.fetch(listed, content, &mut trial.remarks);
    trial.expect_refused(&file, result, &["no room", "onnx"]);
    assert!(server.requests().is_empty());
}

#[test]
fn two_at_once_do_not_get_into_each_other_s_way() {
    let (server, file) = serving(|request, reply, content| reply.file(request, content));
    let trial = Trial::new(std::slice::from_ref(&file));
    let listed = trial.store.manifest().file(file.name).unwrap();
    let fetched: Vec<bool> = thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut installer = Installer::new(&trial.store, None, Patience::default());
                    let content = listed.content.unwrap();
                    installer.fetch(listed, content, &mut Remarks::default())
                })
            })
            .collect();
        all.into_iter()
            .map(|one| one.join().unwrap().unwrap())
            .collect()
    });
    assert_eq!(fetched.iter().filter(|&&fetched| fetched).count(), 1);
    trial.expect_installed(&file);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_altered_file_is_replaced_and_kept() {
    let (_server, file) = serving(|request, reply, content| reply.file(request, content));
    let mut trial = Trial::new(std::slice::from_ref(&file));
    fs::create_dir_all(trial.folder.path().join("onnx")).unwrap();
    fs::write(trial.home(file.name), "mine").unwrap();
    trial.fetch(&file).unwrap();
    trial.expect_installed(&file);
    let kept = trial.home("a.onnx.altered");
    assert_eq!(fs::read(Path::new(&kept)).unwrap(), b"mine");
}
