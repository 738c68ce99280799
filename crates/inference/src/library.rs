//! Finding ONNX Runtime's shared library, and loading it so that no file whatever ends in a crash.
//!
//! The library is a file of its own rather than part of the program: it is large, differs by
//! platform, and is published by others. It is looked for where users need to set nothing.

use std::ffi::{CStr, c_char};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::environment::Environment;

/// The release of ONNX Runtime that this program is set up with and tested against.
pub const ONNX_RUNTIME_VERSION: &str = "1.31.1";

/// Names the file to use, for those who want another one.
pub const PATH_VARIABLE: &str = "ORT_DYLIB_PATH";

/// ONNX Runtime could not be made ready.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LibraryError {
    /// The file is in none of the usual places.
    #[error(
        "ONNX Runtime was not found. Looked for:{}\nRun scripts/run, which fetches it, or set \
         {PATH_VARIABLE} to the file.",
        .looked_at.iter().map(|path| format!("\n  {}", path.display())).collect::<String>()
    )]
    NotFound {
        /// All files that were looked for, in order.
        looked_at: Vec<PathBuf>,
    },
    /// The operating system's loader refuses the file.
    #[error("{} cannot be loaded as a library: {reason}", .path.display())]
    CannotLoad {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The file is a library, but another one.
    #[error("{} is a library, but not ONNX Runtime: {reason}", .path.display())]
    NotOnnxRuntime {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The file is an ONNX Runtime of another time.
    #[error(
        "{} is ONNX Runtime {found}, but 1.{needed} or later is needed",
        .path.display()
    )]
    WrongVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
        /// The oldest minor version that will do.
        needed: u32,
    },
    /// The library is the right one but does not start.
    #[error("ONNX Runtime at {} does not start: {reason}", .path.display())]
    CannotStart {
        /// The file.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
}

/// ONNX Runtime, loaded and started. Having one is what it takes to open networks.
#[derive(Debug, Clone)]
pub struct Library {
    path: PathBuf,
    version: String,
    environment: Environment,
}

impl Library {
    /// The file that was loaded.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, such as `1.31.1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// There can be only one ONNX Runtime in a process; it stays until the end.
static LOADED: Mutex<Option<Library>> = Mutex::new(None);

/// Finds and loads ONNX Runtime; once it is loaded, returns the same one again.
///
/// Looked at in turn: the file named by the environment variable `ORT_DYLIB_PATH` (and then no
/// other), beside the running program, `../lib` from there, and the platform's cache folder under
/// `faceau/onnxruntime-1.31.1`.
///
/// # Errors
/// When there is no such file, or it is not an ONNX Runtime that this program can use.
pub fn load() -> Result<Library, LibraryError> {
    let mut loaded = LOADED.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(library) = &*loaded {
        return Ok(library.clone());
    }
    let path = find()?;
    let library = start(&path)?;
    *loaded = Some(library.clone());
    Ok(library)
}

/// The first candidate that exists.
fn find() -> Result<PathBuf, LibraryError> {
    let looked_at = candidates(
        std::env::var_os(PATH_VARIABLE).map(PathBuf::from),
        std::env::current_exe().ok().as_deref(),
        dirs::cache_dir().as_deref(),
    );
    match looked_at.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(LibraryError::NotFound { looked_at }),
    }
}

/// File name of ONNX Runtime's library on this platform, as its publisher names it.
pub fn file_name() -> String {
    if cfg!(target_os = "macos") {
        format!("libonnxruntime.{ONNX_RUNTIME_VERSION}.dylib")
    } else if cfg!(windows) {
        "onnxruntime.dll".to_owned()
    } else {
        format!("libonnxruntime.so.{ONNX_RUNTIME_VERSION}")
    }
}

fn folder_in_cache() -> PathBuf {
    Path::new("faceau").join(format!("onnxruntime-{ONNX_RUNTIME_VERSION}"))
}

fn candidates(
    named: Option<PathBuf>,
    program: Option<&Path>,
    cache: Option<&Path>,
) -> Vec<PathBuf> {
    if let Some(named) = named.filter(|path| !path.as_os_str().is_empty()) {
        return vec![named];
    }
    let beside = program.and_then(Path::parent);
    [
        beside.map(Path::to_path_buf),
        beside.map(|folder| folder.join("..").join("lib")),
        cache.map(|folder| folder.join(folder_in_cache())),
    ]
    .into_iter()
    .flatten()
    .map(|folder| folder.join(file_name()))
    .collect()
}

/// Checks the file, then hands it to `ort` and starts the engine.
fn start(path: &Path) -> Result<Library, LibraryError> {
    // Relative names would be looked up in other folders by `ort` and by the loader.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // Kept until `ort` has loaded the file as well, so that it is not unloaded in between.
    let (_library, version) = check(&path)?;
    let cannot_start = |reason: String| LibraryError::CannotStart {
        path: path.clone(),
        reason,
    };
    let environment = ort::init_from(&path)
        .map_err(|e| cannot_start(e.to_string()))?
        .with_name("faceau")
        .with_telemetry(false)
        .build()
        .map_err(|e| cannot_start(e.to_string()))?;
    Ok(Library {
        path,
        version,
        environment,
    })
}

/// Makes sure that the file is an ONNX Runtime of a version that `ort` can use, and returns the
/// version. `ort` itself panics on some of the files that are refused here.
fn check(path: &Path) -> Result<(libloading::Library, String), LibraryError> {
    let not_onnx_runtime = |reason: &str| LibraryError::NotOnnxRuntime {
        path: path.to_path_buf(),
        reason: reason.to_owned(),
    };
    // SAFETY: loading a library runs its initialisers, which is as safe as the file is honest; the
    // user or the set-up script chose it. Nothing else is assumed about it yet.
    let library = unsafe { libloading::Library::new(path) }.map_err(|error| {
        // The loader's own words are in the source; the error alone names only the call.
        let reason =
            std::error::Error::source(&error).map_or_else(|| error.to_string(), |s| s.to_string());
        LibraryError::CannotLoad {
            path: path.to_path_buf(),
            reason,
        }
    })?;
    type GetApiBase = unsafe extern "C" fn() -> *const ort::sys::OrtApiBase;
    // SAFETY: only ONNX Runtime exports this name, and this is its type in every version.
    let get_api_base = unsafe { library.get::<GetApiBase>(b"OrtGetApiBase") }
        .map_err(|_| not_onnx_runtime("it has no OrtGetApiBase"))?;
    // SAFETY: takes nothing and returns a pointer to static data, or null.
    let base = unsafe { get_api_base().as_ref() }
        .ok_or_else(|| not_onnx_runtime("OrtGetApiBase gives nothing"))?;
    // SAFETY: returns a C string that lives as long as the library, or null.
    let version: *const c_char = unsafe { (base.GetVersionString)() };
    if version.is_null() {
        return Err(not_onnx_runtime("it has no version"));
    }
    // SAFETY: not null, and null-terminated by contract.
    let version = unsafe { CStr::from_ptr(version) }
        .to_string_lossy()
        .into_owned();
    let needed = ort::MINOR_VERSION;
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|v| v.parse::<u32>().ok());
    // SAFETY: takes a number and returns a pointer to static data, or null for unknown versions.
    let supported =
        minor.is_some_and(|minor| minor >= needed) && !unsafe { (base.GetApi)(needed) }.is_null();
    if !supported {
        return Err(LibraryError::WrongVersion {
            path: path.to_path_buf(),
            found: version,
            needed,
        });
    }
    Ok((library, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_is_the_only_candidate() {
        let named = PathBuf::from("/some/where/libonnxruntime.so");
        let found = candidates(Some(named.clone()), Some(Path::new("/a/b")), None);
        assert_eq!(found, [named]);
    }

    #[test]
    fn candidates_are_beside_the_program_then_in_the_cache() {
        let found = candidates(
            Some(PathBuf::new()),
            Some(Path::new("/opt/faceau/bin/faceau-worker")),
            Some(Path::new("/home/someone/.cache")),
        );
        let name = file_name();
        assert_eq!(
            found,
            [
                format!("/opt/faceau/bin/{name}"),
                format!("/opt/faceau/bin/../lib/{name}"),
                format!("/home/someone/.cache/faceau/onnxruntime-1.31.1/{name}"),
            ]
            .map(PathBuf::from)
        );
    }

    #[test]
    fn the_message_lists_what_was_looked_at_and_what_to_do() {
        let error = LibraryError::NotFound {
            looked_at: vec!["/one/x.so".into(), "/two/x.so".into()],
        };
        let message = error.to_string();
        for part in ["/one/x.so", "/two/x.so", "scripts/run", "ORT_DYLIB_PATH"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn a_file_that_is_no_library_is_refused_with_the_loaders_words() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"this is not a library").unwrap();
        let error = start(file.path()).unwrap_err();
        assert!(matches!(error, LibraryError::CannotLoad { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(&file.path().display().to_string()),
            "{message}"
        );
        assert!(
            message.len() > file.path().display().to_string().len() + 40,
            "the loader's reason is missing: {message}"
        );
    }

    #[test]
    fn a_missing_file_is_refused() {
        let error = start(Path::new("/no/such/libonnxruntime.so")).unwrap_err();
        assert!(matches!(error, LibraryError::CannotLoad { .. }), "{error}");
    }

    /// Any other shared library of the system: the one that holds the C functions.
    #[cfg(target_os = "linux")]
    #[test]
    fn another_library_is_refused() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let libc = maps
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5))
            .find(|path| path.contains("libc.so") || path.contains("/libc-"))
            .expect("this program uses the C library");
        let error = start(Path::new(libc)).unwrap_err();
        assert!(
            matches!(error, LibraryError::NotOnnxRuntime { .. }),
            "{error}"
        );
    }

    /// Libraries that claim to be ONNX Runtime and are not, or not one that will do.
    #[cfg(target_os = "linux")]
    #[test]
    fn impostors_are_refused() {
        const PREFIX: &str = "
            #include <stddef.h>
            struct Base { const void *(*api)(unsigned); const char *(*version)(void); };
            static const void *none(unsigned v) { return NULL; }
            static const void *some(unsigned v) { return (const void *)16; }
            static const char *no_version(void) { return NULL; }
            static const char *odd(void) { return \"of late\"; }
            static const char *old(void) { return \"1.9.1\"; }
            static const char *new(void) { return \"1.999.0\"; }
        ";
        let folder = tempfile::tempdir().unwrap();
        for (name, body, is_version) in [
            ("null", "void *OrtGetApiBase(void) { return NULL; }", false),
            ("no_version", "struct Base b = {some, no_version};", false),
            ("odd", "struct Base b = {some, odd};", true),
            ("old", "struct Base b = {some, old};", true),
            ("without_api", "struct Base b = {none, new};", true),
        ] {
            let source = folder.path().join(format!("{name}.c"));
            let library = folder.path().join(format!("{name}.so"));
            let getter = if body.starts_with("struct") {
                "void *OrtGetApiBase(void) { return &b; }"
            } else {
                ""
            };
            std::fs::write(&source, format!("{PREFIX}{body}{getter}")).unwrap();
            let compiled = std::process::Command::new("cc")
                .args(["-shared", "-fPIC", "-o"])
                .args([&library, &source])
                .status();
            match compiled {
                Ok(status) => assert!(status.success(), "{name} does not compile"),
                Err(_) => {
                    eprintln!("skipped: there is no C compiler");
                    return;
                }
            }
            let error = start(&library).unwrap_err();
            let as_expected = match error {
                LibraryError::WrongVersion { .. } => is_version,
                LibraryError::NotOnnxRuntime { .. } => !is_version,
                _ => false,
            };
            assert!(as_expected, "{name}: {error}");
        }
    }
}
