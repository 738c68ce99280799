//! Pages of tables that are made for what they should show.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use faceau_summary::actions::MarkedActions;
use faceau_summary::analysis::{Analysis, BaselineWish, Wishes};
use faceau_summary::recording::{ReadOptions, Recording};

use crate::{Entry, IndexPage, Pictures, Report, ReportOptions, State};

/// A table in a folder of its own: what each frame is like can be changed.
struct Made {
    folder: tempfile::TempDir,
    path: PathBuf,
}

#[derive(Clone, Copy)]
struct Frame {
    time: f64,
    valid: bool,
    yaw: f64,
    smile: f64,
    /// Pixels between the outer corners of the eyes.
    size: f64,
    face: i64,
}

/// Sixty-eight points of a face of 100 px between the outer corners of the eyes, about (0, 0).
fn points() -> Vec<[f64; 2]> {
    let mut points = vec![[0.0, 0.0]; 68];
    for (i, point) in points.iter_mut().enumerate() {
        let turn = i as f64;
        *point = match i {
            0..17 => {
                let angle = std::f64::consts::PI * (1.0 - turn / 16.0);
                [80.0 * angle.cos(), 110.0 * angle.sin()]
            }
            17..22 => [-60.0 + 10.0 * (turn - 17.0), -30.0],
            22..27 => [20.0 + 10.0 * (turn - 22.0), -30.0],
            27..31 => [0.0, 10.0 * (turn - 27.0)],
            31..36 => [6.0 * (turn - 33.0), 45.0],
            48.. => {
                let angle = std::f64::consts::TAU * (turn - 48.0) / 12.0;
                [-25.0 * angle.cos(), 70.0 + 9.0 * angle.sin()]
            }
            _ => [0.0, 0.0],
        };
    }
    for (first, x) in [(36, -50.0), (42, 20.0)] {
        for (i, (dx, dy)) in [
            (0.0, 0.0),
            (10.0, -6.0),
            (20.0, -6.0),
            (30.0, 0.0),
            (20.0, 6.0),
            (10.0, 6.0),
        ]
        .into_iter()
        .enumerate()
        {
            points[first + i] = [x + dx, dy];
        }
    }
    points
}

/// Fifty frames a second for so many seconds, changed by `change`; a blink in each second.
fn make(name: &str, seconds: f64, change: impl Fn(&mut Frame)) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut text = "frame, face_id, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, gaze_angle_x, gaze_angle_y".to_owned();
    for axis in ["x", "y"] {
        for i in 0..68 {
            let _ = write!(text, ", {axis}_{i}");
        }
    }
    text += ", AU06_r, AU12_r, AU12_c\n";
    let mut number = 0;
    for i in 0..(seconds * 50.0) as usize {
        let time = i as f64 / 50.0;
        let mut frame = Frame {
            time,
            valid: true,
            yaw: 1.0,
            smile: if (1.0..2.5).contains(&time) { 2.5 } else { 0.1 },
            size: 120.0,
            face: 0,
        };
        change(&mut frame);
        if frame.time < 0.0 {
            continue;
        }
        number += 1;
        let faces = if frame.face > 0 { 2 } else { 1 };
        for face in 0..faces {
            let success = u8::from(frame.valid);
            let confidence = if frame.valid { 0.98 } else { 0.1 };
            let look = if i % 7 == 0 { 0.2 } else { 0.0 };
            let _ = write!(
                text,
                "{number}, {face}, {:.3}, {confidence}, {success}, 0.0, {:.4}, 0.05, {look}, 0.0",
                frame.time,
                frame.yaw.to_radians()
            );
            let mut all = points();
            if time.fract() < 0.12 {
                for lid in [37, 38, 40, 41, 43, 44, 46, 47] {
                    all[lid][1] *= 0.1;
                }
            }
            for axis in 0..2 {
                for point in &all {
                    let _ = write!(text, ", {:.1}", 300.0 + point[axis] * frame.size / 100.0);
                }
            }
            let _ = writeln!(
                text,
                ", {0:.2}, {0:.2}, {1}",
                frame.smile,
                u8::from(frame.smile > 1.0)
            );
        }
    }
    std::fs::write(&path, text).unwrap();
    Made { folder, path }
}

fn analysed(path: &Path, wishes: &Wishes, actions: &str) -> Analysis {
    let recording = Recording::read(path, &ReadOptions::default())
        .unwrap()
        .remove(0);
    let actions = match actions {
        "" => Vec::new(),
        text => MarkedActions::parse(text, None)
            .unwrap()
            .in_recording(&recording),
    };
    Analysis::of(recording, actions, wishes)
}

fn page(made: &Made) -> String {
    let analysis = analysed(&made.path, &Wishes::default(), "");
    Report::of(&analysis, &ReportOptions::default())
        .unwrap()
        .html
}

/// The page is well-formed, and nothing in it makes a request.
fn check(page: &str) -> roxmltree::Document<'_> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    for forbidden in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
    roxmltree::Document::parse(body).unwrap_or_else(|error| panic!("{error} in {body}"))
}

#[test]
fn every_drawing_says_what_it_shows() {
    let page = page(&make("a.csv", 6.0, |_| {}));
    let document = check(&page);
    let drawings: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("svg") && node.attribute("role").is_some())
        .collect();
    assert!(drawings.len() >= 6, "{}", drawings.len());
    for drawing in drawings {
        let says = |tag: &str| {
            drawing
                .children()
                .find(|node| node.has_tag_name(tag))
                .and_then(|node| node.text())
                .unwrap_or_default()
        };
        assert!(!says("title").is_empty());
        if drawing
            .attribute("class")
            .is_some_and(|class| class.contains("wide"))
        {
            assert!(!says("desc").is_empty(), "{}", says("title"));
        }
    }
    for heading in [
        "Is it usable?",
        "Timeline",
        "Action units",
        "Together",
        "Head, gaze and blinks",
        "Peaks",
        "Data",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    for words in [
        "△ right",
        "○ left",
        "not a medical device",
        "Nothing was sent anywhere",
        "AU12",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // No word that judges a person.
    for word in [
        "normal", "abnormal", "paresis", "severe", "healthy", "patient",
    ] {
        assert!(!page.to_lowercase().contains(word), "{word}");
    }
}

#[test]
fn names_cannot_break_a_page_or_the_index() {
    let made = make("<script>\"&' ü.csv", 4.0, |_| {});
    let analysis = analysed(&made.path, &Wishes::default(), "");
    let report = Report::of(&analysis, &ReportOptions::default()).unwrap();
    check(&report.html);
    assert!(
        report
            .html
            .contains("<h1>&lt;script&gt;&quot;&amp;&#39; ü</h1>")
    );
    assert!(!report.html.contains("<script>"));
    let entry = Entry::measured(
        "<script>\"&' ü",
        "",
        State::Done,
        &analysis,
        &report,
        "<script>\"&' ü.html",
    );
    let index = IndexPage {
        entries: vec![entry],
    }
    .html();
    let document = check(&index);
    let link = document
        .descendants()
        .find_map(|node| node.attribute("href"))
        .unwrap();
    assert_eq!(link, "%3Cscript%3E%22%26%27%20%C3%BC.html");
    // With hidden names nothing of it is left.
    let hidden = ReportOptions {
        hide_names: true,
        ..ReportOptions::default()
    };
    let report = Report::of(&analysis, &hidden).unwrap();
    assert!(!report.html.contains("script&gt;") && !report.file_name.contains('ü'));
    assert_eq!(report.file_name.len(), "01234567.html".len());
    drop(made.folder);
}

#[test]
fn each_warning_has_its_sentence_and_only_then() {
    let warned = |made: &Made, wishes: &Wishes, actions: &str| {
        let analysis = analysed(&made.path, wishes, actions);
        let page = Report::of(&analysis, &ReportOptions::default())
            .unwrap()
            .html;
        let codes: Vec<&str> = analysis
            .warnings
            .iter()
            .map(|warning| warning.code)
            .collect();
        for code in &codes {
            assert!(page.contains(&format!("<code>{code}</code>")), "{code}");
        }
        codes.join(" ")
    };
    let plain = Wishes::default();
    // There are no iris landmarks in these tables.
    assert_eq!(
        warned(&make("a.csv", 6.0, |_| {}), &plain, ""),
        "scale_unknown"
    );
    for (change, code) in [
        (
            Box::new(|f: &mut Frame| f.valid = f.time > 0.8) as Box<dyn Fn(&mut Frame)>,
            "low_valid",
        ),
        (Box::new(|f| f.valid = !(2.0..3.3).contains(&f.time)), "gap"),
        (Box::new(|f| f.size = 50.0), "small_face"),
        (
            Box::new(|f| f.yaw = if f.time < 3.0 { 14.0 } else { 0.0 }),
            "turned",
        ),
        (
            Box::new(|f| {
                f.time = if (f.time * 50.0).round() as i64 % 3 == 0 {
                    f.time
                } else {
                    -1.0
                }
            }),
            "low_rate",
        ),
        (
            Box::new(|f| {
                f.time = if (3.0..3.07).contains(&f.time) {
                    -1.0
                } else {
                    f.time
                }
            }),
            "variable_rate",
        ),
        (
            Box::new(|f| f.time = if f.time < 2.5 { f.time } else { -1.0 }),
            "short",
        ),
        (Box::new(|f| f.face = 1), "many_faces"),
    ] {
        let found = warned(&make("a.csv", 6.0, change), &plain, "");
        assert!(found.split(' ').any(|one| one == code), "{code}: {found}");
    }
    let smiling = Wishes {
        baseline: Some(BaselineWish::Seconds(1.0, 2.4)),
        ..Wishes::default()
    };
    let found = warned(&make("a.csv", 6.0, |_| {}), &smiling, "");
    assert!(found.contains("smiling_baseline"), "{found}");
    let gone = Wishes {
        baseline: Some(BaselineWish::Seconds(90.0, 91.0)),
        ..Wishes::default()
    };
    assert!(warned(&make("a.csv", 6.0, |_| {}), &gone, "").contains("no_baseline"));
    let found = warned(
        &make("a.csv", 6.0, |_| {}),
        &plain,
        "action,start,end\nBS,1,3\n",
    );
    assert!(found.contains("assumed_baseline"), "{found}");
}

#[test]
fn a_recording_without_a_face_has_no_numbers() {
    let made = make("a.csv", 6.0, |frame| frame.valid = false);
    let page = page(&made);
    check(&page);
    assert!(page.contains("<b>poor</b>") && page.contains("No face was measured"));
    assert!(!page.contains("<h2>Timeline</h2>") && !page.contains("<svg class=\"face\""));
}

#[test]
fn pictures_can_be_left_out() {
    let made = make("a.csv", 6.0, |_| {});
    assert_eq!(page(&made).matches("<svg class=\"face\"").count(), 3);
    let analysis = analysed(&made.path, &Wishes::default(), "");
    let none = ReportOptions {
        pictures: Pictures::None,
        ..ReportOptions::default()
    };
    let page = Report::of(&analysis, &none).unwrap().html;
    assert!(!page.contains("<svg class=\"face\"") && !page.contains("<img"));
}

#[test]
fn the_index_has_a_row_for_every_state() {
    let made = make("a.csv", 6.0, |_| {});
    let analysis = analysed(&made.path, &Wishes::default(), "");
    let report = Report::of(&analysis, &ReportOptions::default()).unwrap();
    let done = |state| Entry::measured("a.mp4", "", state, &analysis, &report, "a.html");
    let index = IndexPage {
        entries: vec![
            done(State::Done),
            done(State::DoneBefore),
            Entry::new("b.mp4", "sub", State::Failed("b.mp4: <no> frames".into())),
            Entry::new("c.mp4", "sub", State::InWork),
            Entry::new("d.mp4", "sub", State::Waiting),
        ],
    };
    let html = index.html();
    check(&html);
    for words in [
        "5 recordings: 2 done, 1 failed, 0 poor; 0.2 minutes",
        "<td>done</td>",
        "<td>done before</td>",
        "failed: b.mp4: &lt;no&gt; frames",
        "<td>in work</td>",
        "<td>waiting</td>",
        "<th colspan=\"10\">sub</th>",
        "href=\"a.html\"",
    ] {
        assert!(html.contains(words), "{words}");
    }
    // A thousand recordings: below 5 kB each.
    let many = IndexPage {
        entries: vec![done(State::Done); 1000],
    }
    .html();
    assert!(many.len() < 5_000_000, "{}", many.len());
}

#[test]
fn an_hour_makes_a_small_page_that_shows_a_single_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hour.csv");
    let mut text = String::from(
        "frame,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz,AU12_r,AU04_r,AU25_r,AU26_r,AU45_r\n",
    );
    for frame in 0..108_000_u32 {
        let wave = f64::from(frame % 331) / 331.0 * 4.0;
        let peak = if frame == 70_001 { 5.0 } else { wave.min(0.8) };
        let angle = wave / 20.0 - 0.1;
        let _ = writeln!(
            text,
            "{},{:.3},0.98,1,{angle:.3},{angle:.3},0.0,{peak:.2},{wave:.2},{wave:.2},{wave:.2},{wave:.2}",
            frame + 1,
            f64::from(frame) / 30.0
        );
    }
    std::fs::write(&path, text).unwrap();
    let analysis = analysed(&path, &Wishes::default(), "");
    let page = Report::of(&analysis, &ReportOptions::default())
        .unwrap()
        .html;
    check(&page);
    assert!(page.len() < 1_500_000, "{}", page.len());
    // AU04 comes first; AU12's curve has its top 31 below it.
    let seconds = 70_001.0 / 30.0;
    let x = 92.0 + seconds / (107_999.0 / 30.0) * 900.0;
    assert!(page.contains(&format!("L{x:.1} 36.5")), "{x}");
}
