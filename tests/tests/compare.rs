//! `faceau-supervisor compare`: exit codes, JSON, folders, and the page in a real browser.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use faceau_tests::program::{Bench, Ended};
use serde_json::Value;

/// A table of `rows` frames whose lip corners move; `late` frames later than the others.
fn write_table(path: &Path, rows: usize, late: usize) {
    let mut text = String::from("frame, face_id, timestamp, confidence, success, AU12_r, AU12_c\n");
    for row in 0..rows {
        let au = 1.5 + (row as f64 - late as f64) * 0.05;
        let au = 2.0 + 1.5 * au.sin();
        let present = u8::from(au > 2.0);
        let time = row as f64 / 60.0;
        writeln!(
            text,
            "{}, 0, {time:.3}, 0.98, 1, {au:.2}, {present}.00",
            row + 1
        )
        .unwrap();
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn compare(bench: &Bench, arguments: &[&str]) -> Ended {
    let paths = arguments.iter().map(|argument| match argument {
        word if word.starts_with("--") || word.contains('=') => PathBuf::from(word),
        name => bench.path(name),
    });
    bench.bare().arg("compare").args(paths).run()
}

fn stdout(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.stdout.iter().map(|(_, line)| line.as_str()).collect();
    lines.join("\n")
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&stdout(ended)).unwrap()
}

#[test]
fn scripts_learn_by_the_exit_code_what_is_met() {
    let bench = Bench::new();
    write_table(&bench.path("a.csv"), 300, 0);
    write_table(&bench.path("b.csv"), 290, 2);
    let plain = compare(&bench, &["a.csv", "b.csv"]).expect_code(0);
    assert!(stdout(&plain).contains("AU12"), "{plain:#?}");

    let met = compare(&bench, &["a.csv", "b.csv", "--require", "r=0.9,mad=0.2"]).expect_code(0);
    assert!(stdout(&met).contains("\nmet: r >= 0.9 (0.99"), "{met:#?}");
    let unmet = [
        "a.csv",
        "b.csv",
        "--require",
        "r=0.9",
        "--require",
        "frames=99%",
    ];
    let unmet = compare(&bench, &unmet).expect_code(1);
    assert!(
        stdout(&unmet).contains("\nNOT MET: frames >= 99 % (96.6667 %"),
        "{unmet:#?}"
    );

    let report = compare(
        &bench,
        &["a.csv", "b.csv", "--json", "--require", "kappa=1"],
    );
    let report = json(&report.expect_code(1));
    assert_eq!(report["format"], 1);
    assert_eq!(report["met"], false);
    assert_eq!(report["joined"]["frames"], 290);
    assert_eq!(report["joined"]["only_in_a"]["ranges"][0][0], 291.0);
    assert_eq!(report["intensities"][0]["au"], 12);
    assert_eq!(report["requirements"][0]["requirement"], "kappa >= 1");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let bench = Bench::new();
    write_table(&bench.path("a.csv"), 3, 0);
    fs::write(bench.path("poem.csv"), "roses are red\n").unwrap();
    fs::write(
        bench.path("two.csv"),
        "frame,face_id,AU01_r\n1,0,0\n1,1,0\n",
    )
    .unwrap();
    fs::write(bench.path("times.csv"), "timestamp,AU01_r\n0,0\n").unwrap();
    let poem = compare(&bench, &["a.csv", "poem.csv"]).expect_code(3);
    poem.expect_line(&["error: ", "poem.csv: ", "neither a `frame`"]);
    let faces = compare(&bench, &["two.csv", "a.csv"]).expect_code(3);
    faces.expect_line(&["two.csv", "several faces", "--face"]);
    compare(&bench, &["two.csv", "two.csv", "--face=0,1"]).expect_code(0);
    let times = compare(&bench, &["a.csv", "times.csv", "--by=frame"]).expect_code(3);
    times.expect_line(&["times.csv", "`frame`", "--by time"]);
    compare(&bench, &["a.csv", "none.csv"]).expect_code(3);
    compare(&bench, &["a.csv"]).expect_code(2);
    let name = compare(&bench, &["a.csv", "a.csv", "--require", "nose=3"]).expect_code(2);
    name.expect_line(&["nothing is called `nose`", "landmarks"]);
    let page = compare(&bench, &["a.csv", "a.csv", "--html", "no/such/page.html"]);
    page.expect_code(3)
        .expect_line(&["page.html", "cannot be written"]);
}

#[test]
fn folders_are_compared_by_the_names_in_them() {
    let bench = Bench::new();
    for (name, late) in [
        ("old/x.csv", 0),
        ("new/x.csv", 0),
        ("old/in/y.csv", 0),
        ("new/in/y.csv", 20),
    ] {
        write_table(&bench.path(name), 200, late);
    }
    let both = compare(&bench, &["old", "new", "--require=mad=0.5"]).expect_code(1);
    let said = stdout(&both);
    assert!(
        said.contains("x.csv: met") && said.contains("in/y.csv: NOT MET"),
        "{said}"
    );
    fs::remove_dir_all(bench.path("new/in")).unwrap();
    compare(&bench, &["old", "new"]).expect_code(0);
    let alone = compare(&bench, &["old", "new", "--json", "--require=mad=0.5"]).expect_code(1);
    let alone = json(&alone);
    assert_eq!(alone["only_in_a"][0], "in/y.csv");
    assert_eq!(alone["pairs"][0]["met"], true);
    write_table(&bench.path("new/x.csv"), 0, 0);
    let broken = compare(&bench, &["old", "new"]).expect_code(3);
    broken.expect_line(&["new/x.csv", "no rows"]);
    compare(&bench, &["old", "new/x.csv"]).expect_code(2);
    compare(&bench, &["old", "new", "--html=page.html"]).expect_code(2);
}

/// A browser draws the page, and its script answers the pointer, without any network.
#[test]
fn the_page_works_in_a_browser() {
    let bench = Bench::new();
    write_table(&bench.path("a.csv"), 20_000, 0);
    write_table(&bench.path("b.csv"), 20_000, 3);
    let page = bench.path("page.html");
    let wanted = [
        "a.csv",
        "b.csv",
        "--require",
        "r=0.9",
        "--html",
        "page.html",
    ];
    compare(&bench, &wanted).expect_code(0);
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.len() < 300_000, "{}", text.len());
    assert!(text.contains("met: r &gt;= 0.9"));

    let Some(browser) = browser() else {
        eprintln!("skipped: there is no Chromium to open the page with");
        return;
    };
    let point = "<script>
        const box = document.querySelector('svg').getBoundingClientRect();
        const place = { clientX: box.left + box.width / 2, clientY: box.top + 5 };
        document.querySelector('svg').dispatchEvent(new PointerEvent('pointermove', place));
        document.title = [...document.querySelectorAll('path')].every((p) => p.getTotalLength() > 0);
        </script></body>";
    fs::write(&page, text.replace("</body>", point)).unwrap();
    let shown = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!(
            "--user-data-dir={}",
            bench.path("browser").display()
        ))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.contains("<title>true</title>"), "{shown}");
    let reading = shown
        .split_once("<output>")
        .unwrap()
        .1
        .split_once('<')
        .unwrap()
        .0;
    let words: Vec<&str> = reading
        .split([' ', ':', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let ["frame", frame, "A", a, "B", b] = words[..] else {
        panic!("{reading}");
    };
    let frame: usize = frame.parse().unwrap();
    assert!(frame.abs_diff(10_000) < 100, "{reading}");
    let row = |name: &str| -> f64 {
        let table = fs::read_to_string(bench.path(name)).unwrap();
        let line = table.lines().nth(frame).unwrap();
        line.split(", ").nth(5).unwrap().parse().unwrap()
    };
    assert_eq!(a.parse::<f64>().unwrap(), row("a.csv"));
    assert_eq!(b.parse::<f64>().unwrap(), row("b.csv"));
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// The distance between two builds of OpenFace, as it was computed with numpy.
#[test]
fn numbers_on_openfaces_tables_are_those_of_another_program() {
    let Some(reference) = std::env::var_os("FACEAU_REFERENCE") else {
        eprintln!("skipped: FACEAU_REFERENCE is not set; it names a folder with data");
        return;
    };
    let reference = PathBuf::from(reference);
    let bench = Bench::new();
    let ended = bench
        .bare()
        .args(["compare", "--json"])
        .args(["openface", "openface-native"].map(|kind| reference.join(kind).join("default.csv")))
        .run()
        .expect_code(0);
    let report = json(&ended);
    let near = |place: &str, expected: f64| {
        let found = report.pointer(place).and_then(Value::as_f64);
        let found = found.unwrap_or_else(|| panic!("{place} in {report:#}"));
        assert!(
            (found - expected).abs() < 2e-5,
            "{place}: {found}, not {expected}"
        );
    };
    near("/intensities/0/r", 0.9955499);
    near("/intensities/0/mad", 0.0085417);
    near("/intensities/0/max", 0.0500000);
    near("/intensities/8/r", 0.9999788);
    near("/intensities/8/mad", 0.0021181);
    near("/intensities/8/max", 0.0300000);
    near("/intensities/16/r", 0.9995059);
    near("/intensities/16/mad", 0.0081944);
    near("/intensities/16/max", 0.0600000);
    near("/presences/0/kappa", 0.6603774);
    near("/presences/17/kappa", 1.0000000);
    near("/landmarks/pixels/mean", 0.0191269);
    near("/landmarks/pixels/p95", 0.1000000);
    near("/landmarks/pixels/max", 0.4472136);
    near("/landmarks/relative/mean", 0.0001817);
    near("/head_rotation_degrees/1/size/mean", 0.0087535);
    near("/head_position_mm/2/size/mean", 0.0343750);
    near("/gaze_degrees/0/mean", 0.0521711);
}
