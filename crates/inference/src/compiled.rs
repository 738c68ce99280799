//! What providers make of networks, kept from run to run: a folder for each network on each place.
//!
//! Compiling a network for Core ML takes up to minutes, and Core ML's own store neither notices that
//! it is out of date nor that two processes fill it at once. So: the name of a folder holds
//! everything that its content depends on; one process fills it while the others wait for its lock;
//! and a mark, written last, says that it is whole, and what was found out about the network there.
//! What has no mark was left by a process that was killed, and is removed, never used.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::library::Library;
use crate::place::Place;
use crate::prepared::processor;

/// In a network's folder: what the provider keeps, what the key is made of, and the mark.
const FILES: &str = "files";
const KEY: &str = "key.txt";
const MARK: &str = "mark.json";
/// Ends the names of the lock files beside the folders.
const LOCK: &str = ".lock";

/// The folder for compiled networks: in the user's cache folder, else among temporary files.
pub fn user_folder() -> PathBuf {
    let cache = dirs::cache_dir().unwrap_or_else(std::env::temp_dir);
    cache.join("faceau").join("compiled")
}

/// What the content of a folder depends on.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// What users know the network as.
    pub network: &'a str,
    /// Where it runs.
    pub place: Place,
    /// Version of the engine.
    pub engine: &'a str,
    /// Version of the operating system; Core ML is a part of it.
    pub system: &'a str,
    /// SHA-256 of the model in hexadecimal.
    pub model: &'a str,
}

impl Key<'_> {
    /// All of it, one thing a line.
    fn text(&self) -> String {
        let options: String = (self.place.options(None).iter())
            .map(|(key, value)| format!("option {key}={value}\n"))
            .collect();
        format!(
            "network {}\nmodel {}\nplace {}\n{options}engine {}\nsystem {}\nprocessor {}\n",
            self.network,
            self.model,
            self.place,
            self.engine,
            self.system,
            processor()
        )
    }
}

/// The version of the operating system, as far as compiled networks depend on it.
fn system() -> &'static str {
    static SYSTEM: OnceLock<String> = OnceLock::new();
    SYSTEM.get_or_init(ask_for_system)
}

fn ask_for_system() -> String {
    if cfg!(target_os = "macos") {
        let version = |what: &str| {
            let mut command = std::process::Command::new("/usr/bin/sw_vers");
            let output = command.arg(what).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let known = ["-productVersion", "-buildVersion"].map(version);
        if let [Some(product), Some(build)] = known {
            return format!("macos {product} ({build})");
        }
    }
    std::env::consts::OS.to_owned()
}

/// The folder of one network on one place.
#[derive(Debug, Clone)]
pub struct Compiled {
    root: PathBuf,
    /// Begins the names of this network's folders on this place, whatever the versions.
    family: String,
    name: String,
    key: String,
}

impl Compiled {
    /// The folder for `key` below `root`. Nothing is looked at yet.
    pub fn new(root: &Path, key: &Key<'_>) -> Self {
        let text = key.text();
        let family = format!(
            "{}-{}-{}-",
            key.network,
            key.model.get(..8).unwrap_or(key.model),
            key.place.to_string().replace('/', "-")
        );
        Self {
            root: root.to_owned(),
            name: format!("{family}{}", &hexadecimal(text.as_bytes())[..16]),
            family,
            key: text,
        }
    }

    /// The folder in the user's cache folder of a network that this engine runs.
    pub fn of_user(network: &str, place: Place, library: &Library, model: &str) -> Self {
        let key = Key {
            network,
            place,
            engine: library.version(),
            system: system(),
            model,
        };
        Self::new(&user_folder(), &key)
    }

    fn folder(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    fn open_lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.root)?;
        let path = self.root.join(format!("{}{LOCK}", self.name));
        let mut options = File::options();
        options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
    }

    /// What is there, if it is whole. It stays so while the result lives; waits for a process that
    /// is filling the folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn look(&self) -> io::Result<Option<Whole>> {
        let lock = self.open_lock()?;
        lock.lock_shared()?;
        let mark = read_mark(&self.folder())?;
        Ok(mark.map(|mark| Whole {
            files: self.folder().join(FILES),
            mark,
            _lock: lock,
        }))
    }

    /// Takes the folder for this process alone; waits for others that use it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn take(&self) -> io::Result<Taken<'_>> {
        let lock = self.open_lock()?;
        lock.lock()?;
        Ok(Taken {
            compiled: self,
            _lock: lock,
        })
    }
}

/// A folder that is whole.
#[derive(Debug)]
pub struct Whole {
    /// What the provider keeps.
    pub files: PathBuf,
    /// What was noted when it was filled.
    pub mark: Vec<u8>,
    _lock: File,
}

/// A folder that belongs to this process until this is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    compiled: &'a Compiled,
    _lock: File,
}

impl Taken<'_> {
    /// What was noted when the folder was filled, if it is whole.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn mark(&self) -> io::Result<Option<Vec<u8>>> {
        read_mark(&self.compiled.folder())
    }

    /// Empties the folder and returns where the provider may put its files. Also removes what killed
    /// processes left behind, and what older engines and systems made of this network.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn clear(&self) -> io::Result<PathBuf> {
        self.tidy();
        let folder = self.compiled.folder();
        remove(&folder)?;
        let files = folder.join(FILES);
        fs::create_dir_all(&files)?;
        fs::write(folder.join(KEY), &self.compiled.key)?;
        Ok(files)
    }

    /// Notes that the folder is whole.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(&self, mark: &[u8]) -> io::Result<()> {
        let folder = self.compiled.folder();
        let unfinished = folder.join(format!("{MARK}.part"));
        let mut file = File::create(&unfinished)?;
        file.write_all(mark)?;
        file.sync_all()?;
        fs::rename(unfinished, folder.join(MARK))
    }

    /// What cannot be removed now is next time.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.compiled.root) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder || name == self.compiled.name {
                continue;
            }
            let path = entry.path();
            let is_left_over = !path.join(MARK).exists();
            if (is_left_over || name.starts_with(&self.compiled.family)) && is_free(&path) {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

/// Whether no process uses or fills a folder. Its lock is let go at once; who takes it then finds
/// no mark, or no folder, and fills it anew.
fn is_free(folder: &Path) -> bool {
    let mut lock = folder.as_os_str().to_owned();
    lock.push(LOCK);
    match File::open(lock) {
        Ok(file) => !matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn read_mark(folder: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(folder.join(MARK)) {
        Ok(mark) => Ok(Some(mark)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::provider::Provider;

    fn key() -> Key<'static> {
        Key {
            network: "net",
            place: Place::on(Provider::CoreMl),
            engine: "1.2.3",
            system: "macos 15.1 (24B83)",
            model: "0123456789abcdef",
        }
    }

    #[test]
    fn everything_in_the_key_makes_another_folder() {
        let root = Path::new("/r");
        let mut names = vec![Compiled::new(root, &key()).name];
        for other in [
            Key {
                engine: "1.2.4",
                ..key()
            },
            Key {
                system: "macos 15.1 (24B91)",
                ..key()
            },
            Key {
                model: "0123456789abcdee",
                ..key()
            },
            Key {
                network: "other",
                ..key()
            },
            Key {
                place: Place::on(Provider::OpenVino),
                ..key()
            },
            Key {
                place: "coreml/gpu".parse().unwrap(),
                ..key()
            },
        ] {
            names.push(Compiled::new(root, &other).name);
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
        for option in Place::on(Provider::CoreMl).options(None) {
            let line = format!("option {}={}", option.0, option.1);
            assert!(key().text().contains(&line), "{line}");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_not_used_and_goes() {
        let root = tempfile::tempdir().unwrap();
        let compiled = Compiled::new(root.path(), &key());
        let files = compiled.take().unwrap().clear().unwrap();
        fs::write(files.join("half"), "a").unwrap();
        // No mark: the process ended here.
        assert!(compiled.look().unwrap().is_none());
        assert_eq!(compiled.take().unwrap().mark().unwrap(), None);
        // Another network's warm-up finds it, too.
        let other = Key {
            network: "other",
            ..key()
        };
        let other = Compiled::new(root.path(), &other);
        let taken = other.take().unwrap();
        taken.clear().unwrap();
        assert!(!compiled.folder().exists());
        taken.finish(b"good").unwrap();
        drop(taken);
        let whole = other.look().unwrap().unwrap();
        assert_eq!(whole.mark, b"good");
        assert!(whole.files.is_dir());
    }

    #[test]
    fn older_versions_of_a_network_go_and_others_stay() {
        let root = tempfile::tempdir().unwrap();
        let fill = |key: &Key<'_>| {
            let compiled = Compiled::new(root.path(), key);
            let taken = compiled.take().unwrap();
            taken.clear().unwrap();
            taken.finish(b"{}").unwrap();
            compiled.folder()
        };
        let other_model = fill(&Key {
            model: "ff23456789abcdef",
            ..key()
        });
        let old = fill(&key());
        let new = fill(&Key {
            engine: "9",
            ..key()
        });
        assert!(!old.exists());
        assert!(new.exists() && other_model.exists());
    }

    #[test]
    fn one_that_is_in_use_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (being_filled, other) = (Compiled::new(root.path(), &key()), "other");
        let taken = being_filled.take().unwrap();
        taken.clear().unwrap();
        let other = Compiled::new(
            root.path(),
            &Key {
                network: other,
                ..key()
            },
        );
        other.take().unwrap().clear().unwrap();
        assert!(being_filled.folder().exists());
    }

    #[test]
    fn who_comes_second_waits_and_finds_it_whole() {
        let root = tempfile::tempdir().unwrap();
        let compiled = Compiled::new(root.path(), &key());
        let first = compiled.take().unwrap();
        first.clear().unwrap();
        let (said, heard) = mpsc::channel();
        let second = {
            let compiled = compiled.clone();
            thread::spawn(move || {
                said.send("begun").unwrap();
                let mark = compiled.take().unwrap().mark().unwrap();
                said.send("taken").unwrap();
                mark
            })
        };
        assert_eq!(heard.recv(), Ok("begun"));
        // It cannot have it: the lock is held here.
        assert!(heard.try_recv().is_err());
        first.finish(b"done").unwrap();
        drop(first);
        assert_eq!(second.join().unwrap().as_deref(), Some(&b"done"[..]));
    }
}
