//! Reports: pages of finished tables and of a batch, the same bytes for any number of workers, and in a
//! real browser without a request or an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use faceau_tests::demo::Clip;
use faceau_tests::program::Bench;

const CLIP: [&str; 8] = [
    "--seconds",
    "4",
    "--fps",
    "25",
    "--size",
    "320x240",
    "--seed",
    "3",
];

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_batch_has_pages_an_index_and_a_summary() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("study/a")).unwrap();
    Clip::make(&bench, "study/a/good.mp4", &CLIP);
    fs::write(bench.path("study/broken.mp4"), "no video").unwrap();
    let run = |workers: &str, folder: &str| {
        bench
            .bare()
            .args(["--pipeline", "demo", "--report", "-r", "--workers", workers])
            .arg("--out-dir")
            .arg(bench.path(folder))
            .arg(bench.path("study"))
            .run()
            .expect_code(1);
        let home = bench.path(folder);
        [
            read(&home.join("report/a/good.html")),
            read(&home.join("summary.csv")),
        ]
    };
    let one = run("1", "one");
    let index = read(&bench.path("one/report/index.html"));
    assert!(index.contains("2 recordings: 1 done, 1 failed"), "{index}");
    assert!(index.contains("href=\"a/good.html\"") && index.contains("failed: "));
    assert_eq!(one[1].lines().count(), 2);
    assert_eq!(one, run("3", "three"));

    // What was done before has its row again.
    run("1", "one");
    let index = read(&bench.path("one/report/index.html"));
    assert!(index.contains("<td>done before</td>"), "{index}");
}

#[test]
fn old_tables_have_pages_too() {
    let bench = Bench::new();
    let clip = Clip::make(&bench, "clip.mp4", &CLIP);
    clip.measure(&bench).run().expect_code(0);
    fs::write(bench.out().join("other.csv"), "a,b\n1,2\n").unwrap();
    let report = |options: &[&str]| {
        bench
            .bare()
            .arg("report")
            .arg(bench.out())
            .args(options)
            .run()
    };
    report(&[])
        .expect_code(1)
        .expect_line(&["other.csv", "nothing that can be summarised"]);
    let page = read(&bench.out().join("report/clip.html"));
    assert!(page.contains("<h1>clip.mp4</h1>") && page.contains("<svg class=\"face\""));
    let index = read(&bench.out().join("report/index.html"));
    assert!(index.contains("1 done, 1 failed"), "{index}");
    report(&["--hide-names", "--images", "none"]).expect_code(1);
    let index = read(&bench.out().join("report/index.html"));
    assert!(
        !index.contains("clip") && !index.contains("<svg class=\"face\""),
        "{index}"
    );
}

#[test]
fn a_browser_shows_the_page_without_errors_and_requests() {
    let Some(browser) = browser() else {
        eprintln!("no Chromium here, so the page was not shown");
        return;
    };
    let bench = Bench::new();
    let clip = Clip::make(&bench, "clip.mp4", &CLIP);
    clip.measure(&bench).run().expect_code(0);
    bench
        .bare()
        .arg("report")
        .arg(bench.out())
        .run()
        .expect_code(0);
    for (page, words) in [
        ("clip.html", "Is it usable?"),
        ("index.html", "<button>recording</button>"),
    ] {
        let shown = Command::new(&browser)
            .args([
                "--headless",
                "--disable-gpu",
                "--no-sandbox",
                "--enable-logging=stderr",
            ])
            .arg("--v=0")
            .args(["--virtual-time-budget=2000", "--dump-dom"])
            .arg(format!(
                "--user-data-dir={}",
                bench.path("profile").display()
            ))
            .arg(format!(
                "file://{}",
                bench.out().join("report").join(page).display()
            ))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (dom, said) = (
            String::from_utf8_lossy(&shown.stdout),
            String::from_utf8_lossy(&shown.stderr),
        );
        assert!(dom.contains(words), "{page}: {said}");
        let complaints: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .collect();
        assert!(complaints.is_empty(), "{page}: {complaints:?}");
    }
}

fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}
