//! `faceau-supervisor models …` as users meet it.
//!
//! What servers can do wrong is tested in `models_download.rs`; here it is the command around it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use faceau_tests::http::Server;
use faceau_tests::manifest::{TestFile, noise, text};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::write_numbered;
use rustix::process::Signal;

/// Two files on a server, and a third that nobody can list.
struct Trial {
    bench: Bench,
    server: Server,
    files: Vec<TestFile>,
}

impl Trial {
    fn new() -> Self {
        Self::of_size(50_000)
    }

    fn of_size(size: usize) -> Self {
        let server = Server::start(move |request, reply| {
            let name = request
                .path
                .trim_start_matches("/mirror/trial")
                .trim_start_matches('/');
            match name {
                "a.onnx" | "b.onnx" => reply.file(request, &noise(name, size)),
                _ => reply.status("404 Not Found"),
            }
        });
        Self::on(server, size)
    }

    fn on(server: Server, size: usize) -> Self {
        let file =
            |name: &'static str| TestFile::new(name, size, vec![server.url(&format!("/{name}"))]);
        let files = vec![file("a.onnx"), file("b.onnx")];
        Self {
            bench: Bench::new(),
            server,
            files,
        }
    }

    /// Adds a file without a digest.
    fn with_unknown(mut self) -> Self {
        self.files.push(TestFile {
            name: "own.onnx",
            content: None,
            urls: Vec::new(),
        });
        self
    }

    fn models(&self) -> Supervisor {
        self.bench.models_command(&text(&self.files))
    }

    /// Where a file belongs.
    fn home(&self, name: &str) -> PathBuf {
        // macOS has its own idea of where data belongs.
        let data = if cfg!(target_os = "macos") {
            "home/Library/Application Support"
        } else {
            "home/data"
        };
        self.bench.path(data).join("faceau/models/onnx").join(name)
    }

    #[track_caller]
    fn expect_installed(&self) {
        for file in &self.files[..2] {
            assert!(fs::read(self.home(file.name)).unwrap() == file.bytes());
        }
    }

    fn install(&self) -> Supervisor {
        self.models().args(["install", "--accept-license"])
    }

    /// What `models verify --json` says of each file.
    fn verified(&self, code: i32) -> Vec<(String, String)> {
        let ended = self.models().args(["verify", "--json"]).run();
        let ended = ended.expect_code(code);
        let report: serde_json::Value = serde_json::from_str(&ended.output()).unwrap();
        assert_eq!(report["format"], 1);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let files = report["files"].as_array().unwrap().iter();
        files
            .map(|file| (text(&file["id"]), text(&file["state"])))
            .collect()
    }
}

fn pairs(states: &[(String, String)]) -> Vec<(&str, &str)> {
    states
        .iter()
        .map(|(id, state)| (id.as_str(), state.as_str()))
        .collect()
}

#[test]
fn a_licence_that_nobody_accepted() {
    let trial = Trial::new();
    let ended = trial.models().arg("install").run().expect_code(3);
    for part in [
        "Trial licence",
        "For trials only.",
        "https://trial.invalid/licence",
    ] {
        assert!(
            ended.stderr.contains(part),
            "{part} not in {}",
            ended.stderr
        );
    }
    ended.expect_line(&["error", "--accept-license", "FACEAU_ACCEPT_LICENSE=1"]);
    assert!(trial.server.requests().is_empty());
    assert!(!trial.home("a.onnx").exists());
}

#[test]
fn files_are_installed_once_and_found_by_everybody() {
    let trial = Trial::new();
    let install = || {
        let command = trial.models().args(["install", "pfld", "openface-clnf"]);
        command
            .env("FACEAU_ACCEPT_LICENSE", "1")
            .run()
            .expect_code(0)
    };
    let ended = install();
    ended.expect_line(&["fetched a.onnx", "50 KB"]);
    trial.expect_installed();
    assert_eq!(trial.server.requests().len(), 2);
    assert!(install().output().contains("installed"));
    assert_eq!(trial.server.requests().len(), 2);

    let states = trial.verified(0);
    assert_eq!(
        pairs(&states),
        [("a.onnx", "installed"), ("b.onnx", "installed")]
    );
    let ended = trial.models().args(["list", "--json"]).run().expect_code(0);
    let list: serde_json::Value = serde_json::from_str(&ended.output()).unwrap();
    let sets = list["sets"].as_array().unwrap();
    let (embedded, installed): (Vec<_>, Vec<_>) =
        sets.iter().partition(|set| set["state"] == "embedded");
    assert_eq!(installed.len(), faceau_models::ModelSet::ALL.len());
    assert!(
        installed
            .iter()
            .all(|set| set["state"] == "installed" && set["files"] == 2)
    );
    // What is part of the program is always there, and says under which licence.
    let find = |id: &str| embedded.iter().find(|set| set["id"] == id).unwrap();
    assert_eq!(find("face-landmarker")["licences"][0], "Apache-2.0");
    assert_eq!(find("demo")["licences"][0], "MIT or Apache-2.0");
    assert_eq!(embedded.len(), 2);
}

#[test]
fn a_mirror_and_a_folder_can_be_named() {
    let mut trial = Trial::new();
    // Nobody answers at the official addresses.
    for file in &mut trial.files {
        file.urls = vec!["http://127.0.0.1:1/x".into()];
    }
    let folder = trial.bench.path("named");
    let ended = trial
        .install()
        .arg("--models")
        .arg(&folder)
        .env("FACEAU_MODELS_MIRROR", trial.server.url("/mirror/"))
        .run()
        .expect_code(0);
    assert!(folder.join("onnx/a.onnx").is_file(), "{ended:?}");
    assert_eq!(trial.server.beginnings("/mirror/trial/b.onnx"), [0]);
    let nonsense = trial.install().args(["--mirror", "mirror"]).run();
    nonsense.expect_code(1).expect_line(&["mirror", "https://"]);
}

#[test]
fn a_file_that_cannot_be_had_does_not_keep_the_others_away() {
    let mut trial = Trial::new().with_unknown();
    trial.files[0].urls = vec![trial.server.url("/gone")];
    let ended = trial.install().run().expect_code(1);
    ended.expect_line(&["error", "a.onnx", "/gone", "404"]);
    ended.expect_line(&["error", "own.onnx", "no public address", "nowhere"]);
    assert!(trial.home("b.onnx").is_file());
    assert!(!trial.home("a.onnx").exists());
}

#[test]
fn ctrl_c_in_the_middle_and_then_again() {
    const SIZE: usize = 400_000;
    let (half_way, sent) = mpsc::channel();
    let half_way = std::sync::Mutex::new(half_way);
    let server = Server::start(move |request, reply| {
        let name = request.path.trim_start_matches('/').to_owned();
        let file = noise(&name, SIZE);
        if name == "a.onnx" && request.from.is_none() {
            reply.file_until(request, &file, SIZE / 2);
            half_way.lock().unwrap().send(()).unwrap();
            reply.wait_for_hangup();
        } else {
            reply.file(request, &file);
        }
    });
    let trial = Trial::on(server, SIZE);
    let running = trial.install().start();
    sent.recv().unwrap();
    // What was sent is on its way; the test goes on once some of it has arrived.
    let part = trial.home("a.onnx.part");
    while fs::metadata(&part).map_or(0, |part| part.len()) == 0 {
        std::thread::yield_now();
    }
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    let left = fs::metadata(&part).unwrap().len() as usize;
    assert!(left > 0 && left <= SIZE / 2 && !trial.home("a.onnx").exists());

    trial.install().run().expect_code(0);
    trial.expect_installed();
    assert_eq!(trial.server.beginnings("/a.onnx"), [0, left]);
}

#[test]
fn two_programs_at_once() {
    let trial = Trial::of_size(2_000_000);
    let programs = [(); 3].map(|()| trial.install().start());
    for program in programs {
        program.wait().expect_code(0);
    }
    trial.expect_installed();
    assert_eq!(trial.server.beginnings("/a.onnx"), [0]);
    assert_eq!(trial.server.beginnings("/b.onnx"), [0]);
}

#[test]
fn a_disk_that_is_full() {
    let trial = Trial::of_size(400_000);
    // A limit on the size of files stands for the full disk: 200 KB or so.
    let script = "trap '' XFSZ; ulimit -f 400; exec \"$@\"";
    let ended = trial.install().through_shell(script).run().expect_code(1);
    ended.expect_line(&["error", "no room", "a.onnx", "run this again"]);
    assert!(!trial.home("a.onnx").exists());
    trial.install().run().expect_code(0);
    trial.expect_installed();
    let beginnings = trial.server.beginnings("/a.onnx");
    assert!(beginnings.len() == 2 && beginnings[1] > 0, "{beginnings:?}");
}

#[test]
fn files_are_taken_out_of_any_folder_whatever_they_are_called() {
    let trial = Trial::new();
    let folder = trial.bench.path("downloads");
    fs::create_dir_all(folder.join("deep")).unwrap();
    fs::write(folder.join("deep/model (1).bin"), trial.files[0].bytes()).unwrap();
    fs::write(folder.join("b.onnx"), "something else").unwrap();
    fs::write(folder.join("letter.txt"), "dear").unwrap();
    let import = |more: &[&str]| trial.models().arg("import").arg(&folder).args(more).run();

    let ended = import(&[]).expect_code(1);
    ended.expect_line(&["error", "b.onnx", "--trust"]);
    let said = ended.output();
    for part in [
        "taken: a.onnx",
        "model (1).bin",
        "not known",
        "letter.txt",
        "1 files brought in",
    ] {
        assert!(said.contains(part), "{part} not in {said}");
    }
    assert_eq!(
        fs::read(trial.home("a.onnx")).unwrap(),
        trial.files[0].bytes()
    );
    assert!(!trial.home("b.onnx").exists());
    assert!(folder.join("deep/model (1).bin").is_file());

    let ended = import(&["--trust"]).expect_code(0);
    assert!(ended.output().contains("trusted: b.onnx"));
    assert_eq!(fs::read(trial.home("b.onnx")).unwrap(), b"something else");
    let states = trial.verified(0);
    assert_eq!(
        pairs(&states),
        [("a.onnx", "installed"), ("b.onnx", "trusted")]
    );
    // What is trusted is left alone by an installation.
    trial.install().run().expect_code(0);
    assert!(trial.server.requests().is_empty());

    // And by the arrival of the listed one it is replaced.
    fs::write(folder.join("right"), trial.files[1].bytes()).unwrap();
    fs::write(trial.home("b.onnx"), "altered").unwrap();
    assert_eq!(pairs(&trial.verified(1))[1], ("b.onnx", "altered"));
    import(&[]).expect_code(0);
    trial.expect_installed();
    assert_eq!(fs::read(trial.home("b.onnx.altered")).unwrap(), b"altered");
}

#[test]
fn a_file_that_the_manifest_cannot_list_is_trusted_where_it_lies() {
    let trial = Trial::new().with_unknown();
    trial.install().run().expect_code(1);
    fs::write(trial.home("own.onnx"), "mine").unwrap();
    assert_eq!(pairs(&trial.verified(1))[2], ("own.onnx", "unknown"));
    let ended = trial.install().run().expect_code(1);
    ended.expect_line(&["own.onnx", "import --trust"]);

    let folder = trial.home("");
    let ended = trial
        .models()
        .args(["import", "--trust"])
        .arg(&folder)
        .run();
    assert!(
        ended
            .expect_code(0)
            .output()
            .contains("1 files brought in, 2 were there")
    );
    assert_eq!(pairs(&trial.verified(0))[2], ("own.onnx", "trusted"));
    // Trust is in what it holds, not in its name.
    fs::write(trial.home("own.onnx"), "theirs").unwrap();
    assert_eq!(pairs(&trial.verified(1))[2], ("own.onnx", "unknown"));
}

#[test]
fn a_file_in_the_way_is_named() {
    let trial = Trial::new();
    let mine = trial.bench.path("mine");
    fs::create_dir_all(&mine).unwrap();
    fs::write(mine.join("a.onnx"), "mine").unwrap();
    let ended = trial
        .install()
        .env("FACEAU_MODELS", &mine)
        .run()
        .expect_code(1);
    ended.expect_line(&["mine", "a.onnx", "move it away"]);
    assert_eq!(fs::read(mine.join("a.onnx")).unwrap(), b"mine");
    assert!(trial.home("b.onnx").is_file());
}

#[test]
fn folders_that_make_no_sense() {
    let trial = Trial::new();
    let absent = trial.bench.path("absent");
    let ended = trial.models().arg("import").arg(&absent).run();
    ended.expect_code(1).expect_line(&["error", "absent"]);
    let text = trial.bench.path("text");
    fs::write(&text, "").unwrap();
    let ended = trial.install().arg("--models").arg(&text).run();
    ended.expect_code(1).expect_line(&["error", "text"]);
    let ended = trial.install().arg("no-such-set").run().expect_code(2);
    assert!(ended.stderr.contains("openface-clnf"));
}

/// The real manifest, from a mirror that has the real files.
#[test]
fn the_real_files_come_from_a_mirror() {
    let Some(models) = std::env::var_os("FACEAU_MODELS").map(PathBuf::from) else {
        eprintln!("skipped: FACEAU_MODELS is not set; it names a folder with the real model files");
        return;
    };
    let server = Server::start(move |request, reply| {
        let path = Path::new(request.path.trim_start_matches('/'));
        let mut parts = path.components();
        let folder = match parts.next().unwrap().as_os_str().to_str().unwrap() {
            "openface" => "OpenFaceModels/2.2.0/originals",
            _ => "onnx",
        };
        match fs::read(models.join(folder).join(parts.as_path())) {
            Ok(file) => reply.file(request, &file),
            Err(_) => reply.status("404 Not Found"),
        }
    });
    let bench = Bench::new();
    let folder = bench.path("installed");
    let models = |arguments: &[&str]| {
        let command = bench.bare().arg("models").args(arguments);
        command.arg("--models").arg(&folder).run()
    };
    let mirror = server.url("");
    models(&["install", "pfld", "--accept-license", "--mirror", &mirror]).expect_code(0);
    models(&["verify"]).expect_code(0);

    // What can be converted was, and is used.
    let video = bench.path("video.mp4");
    write_numbered(&video, 8);
    let run = || {
        bench
            .bare()
            .arg("--models")
            .arg(&folder)
            .args(["--pipeline", "pfld"])
    };
    run().arg(&video).run().expect_code(0);
    let record = bench.record("video");
    let model = |id: &str| {
        record
            .models
            .iter()
            .find(|model| model.identity.id == id)
            .unwrap()
    };
    assert_eq!(model("pfld").converted.len(), 1);
    assert_eq!(model("retinaface").converted.len(), 4);
    assert!(record.models.iter().all(|model| model.known));
    assert!(model("au/pdm").converted.is_empty());

    // The same bytes as with the original; and a converted file that was altered is not used.
    let converted = bench.table("video.csv");
    for entry in fs::read_dir(folder.join("converted")).unwrap() {
        fs::write(entry.unwrap().path(), "altered").unwrap();
    }
    run().arg("--overwrite").arg(&video).run().expect_code(0);
    assert!(
        bench
            .record("video")
            .models
            .iter()
            .all(|model| model.converted.is_empty())
    );
    assert_eq!(bench.table("video.csv"), converted);
    // The next installation makes them again.
    models(&["install", "pfld", "--accept-license", "--mirror", &mirror]).expect_code(0);
    run().arg("--overwrite").arg(&video).run().expect_code(0);
    let record = bench.record("video");
    assert!(
        record
            .models
            .iter()
            .any(|model| model.identity.id == "pfld" && model.converted.len() == 1)
    );

    let ended = models(&["list"]).expect_code(0);
    assert!(ended.output().contains("pfld               installed"));
}

#[test]
fn licences_of_all_that_is_part_of_the_program_are_told() {
    let ended = Bench::new().bare().arg("--licences").run().expect_code(0);
    for words in [
        "Apache License",
        "Version 2.0, January 2004",
        "Google's MediaPipe Face Landmarker",
        "Changed by the faceau project",
        "MIT licence",
    ] {
        assert!(ended.output().contains(words), "{words}");
    }
    let ended = Bench::new().bare().args(["models", "verify"]).run();
    assert!(
        ended
            .output()
            .contains("45 files are part of the program, 45 of them as they should be")
    );
}
