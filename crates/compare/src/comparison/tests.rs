//! Comparisons and judgements of small tables whose numbers can be checked by hand.

use std::path::Path;

use super::*;
use crate::requirement::{Judgement, Requirement};

fn table(text: &str) -> Table {
    Table::parse(text.as_bytes(), Path::new("t.csv"), None).unwrap()
}

fn compare(a: &str, b: &str) -> Comparison {
    let (a, b) = (table(a), table(b));
    Comparison::of(&Matched::new(&a, &b, None, false).unwrap())
}

fn judge(requirement: &str, comparison: &Comparison) -> Judgement {
    requirement
        .parse::<Requirement>()
        .unwrap()
        .judge(comparison)
}

const A: &str = "frame,timestamp,success,AU01_r,AU01_c,AU02_r,AU12_r\n\
                 1,0.0,1,1.0,1,0,0\n2,0.1,1,2.0,1,0,0\n3,0.2,1,3.0,0,0,0\n\
                 4,0.3,0,9.0,0,9,9\n5,0.4,1,0,0,0,0\n";
const B: &str = "frame,timestamp,success,AU01_r,AU01_c,AU02_r,AU12_r\n\
                 1,0.0,1,1.5,1,0,0\n2,0.1,1,2.0,0,0,1\n3,0.2,1,2.0,0,0,0\n\
                 4,0.3,1,1.0,0,1,1\n7,0.6,1,0,0,0,0\n8,0.7,1,0,0,0,0\n";

#[test]
fn frames_without_a_face_are_counted_but_not_compared() {
    let c = compare(A, B);
    assert_eq!((c.joined.frames, c.joined.compared), (4, 3));
    assert_eq!(c.joined.only_in_a.ranges, [[5.0, 5.0]]);
    assert_eq!(c.joined.only_in_b.ranges, [[7.0, 8.0]]);
    let s = c.success.unwrap();
    assert_eq!((s.frames, s.equal, s.only_in_a, s.only_in_b), (4, 3, 0, 1));

    let (a, b) = (table(A), table(B));
    let all = Comparison::of(&Matched::new(&a, &b, None, true).unwrap());
    assert_eq!((all.joined.compared, all.intensities[0].max), (4, 8.0));
}

#[test]
fn action_units_are_measured() {
    let c = compare(A, B);
    let au = &c.intensities[0];
    assert_eq!(
        (au.au, au.frames, au.name),
        (1, 3, Some("inner brow raiser"))
    );
    assert_eq!((au.mad, au.max, au.max_at), (0.5, 1.0, Some(3.0)));
    assert!((au.bias - -0.5 / 3.0).abs() < 1e-12);
    // Deviations (-1, 0, 1) and (-1/3, 1/6, 1/6): r = (1/2) / √(2 · 1/6).
    assert!((au.r.unwrap() - 0.75_f64.sqrt()).abs() < 1e-12);
    let p = &c.presences[0];
    assert_eq!((p.flips, p.frames), (1, 3));
    assert!((p.kappa.unwrap() - 0.4).abs() < 1e-12);
    assert_eq!(c.intensities[1].max_at, None);
}

#[test]
fn points_pose_and_gaze_are_measured() {
    let mut header = "frame,pose_Rx,pose_Tz,gaze_0_x,gaze_0_y,gaze_0_z".to_owned();
    let (mut row_a, mut row_b) = (
        "1,3.1,500,0,0,-1".to_owned(),
        "1,-3.1,502,0,-1,0".to_owned(),
    );
    for i in 0..68 {
        header += &format!(",x_{i},y_{i}");
        row_a += &format!(",{},0", 10 * i);
        // Three to the right and four down, for the mouth only.
        let (x, y) = if i >= 48 { (3, 4) } else { (0, 0) };
        row_b += &format!(",{},{y}", 10 * i + x);
    }
    let c = compare(
        &format!("{header}\n{row_a}\n"),
        &format!("{header}\n{row_b}\n"),
    );
    let points = c.landmarks.unwrap();
    assert_eq!((points.pixels.max, points.pixels.count), (5.0, 68));
    assert!((points.pixels.mean - 100.0 / 68.0).abs() < 1e-6);
    assert_eq!((points.max_point, points.max_at), (48, 1.0));
    // The outer corners of the eyes, 36 and 45, are 90 px apart.
    assert!((points.relative.unwrap().mean - 100.0 / 68.0 / 90.0).abs() < 1e-6);
    let parts: Vec<_> = points.parts.iter().map(|p| (p.part, p.mean)).collect();
    assert_eq!(parts[0], ("jaw", 0.0));
    assert_eq!(parts[4], ("mouth", 5.0));
    // Across half a turn the short way counts.
    let short = (2.0 * std::f64::consts::PI - 6.2).to_degrees();
    assert!((c.head_rotation_degrees[0].size.mean - short).abs() < 1e-4);
    assert_eq!(c.head_position_mm[0].bias, 2.0);
    assert_eq!(c.head_position_mm[0].axis, 'z');
    assert!((c.gaze_degrees[0].mean - 90.0).abs() < 1e-4);
}

#[test]
fn different_sets_of_points_are_not_compared() {
    let c = compare(
        "frame,AU01_r,x_0,y_0\n1,0,1,1\n",
        "frame,AU01_r,x_0,y_0,x_1,y_1\n1,0,1,1,2,2\n",
    );
    assert_eq!(c.landmarks, None);
    assert!(
        c.notes[0].contains("1 landmarks and B has 2"),
        "{:?}",
        c.notes
    );
    assert_eq!(c.columns_only_in_b, ["x_1", "y_1"]);
}

#[test]
fn readers_are_warned() {
    let zero = compare("frame,AU01_r\n0,1\n1,2\n", "frame,AU01_r\n1,1\n2,2\n");
    assert_eq!((zero.joined.frames, zero.intensities[0].max), (2, 0.0));
    assert!(zero.notes[0].starts_with("A counts frames from 0"));
    let unit = compare("frame,AU01_r\n1,1\n", "frame,AU01\n1,1\n");
    assert!(unit.notes[0].starts_with("intensities of B are on a scale from 0 to 1"));
    let time = compare(
        "frame,timestamp,AU01_r\n1,0,1\n2,0.04,1\n3,0.08,1\n",
        "frame,timestamp,AU01_r\n1,0,1\n2,0.04,1\n3,0.14,1\n",
    );
    assert!(
        time.notes[0].contains("0.060 s at frame 3"),
        "{:?}",
        time.notes
    );
}

#[test]
fn requirements_are_judged_by_the_worst() {
    let c = compare(A, B);
    for (requirement, met, reason) in [
        ("mad=0.5", true, "AU01"),
        ("mad=0.49", false, "AU01"),
        // AU12 moves in one table only.
        ("r=-1", false, "AU12 never changes in A, but does in B"),
        ("mean-r=0.8", true, "over 1 AUs"),
        ("mean-r=0.9", false, "over 1 AUs"),
        ("max=1", true, "AU12"),
        ("kappa=0.4", true, "AU01"),
        ("kappa=0.5", false, "AU01"),
        ("presence=67%", false, "AU01"),
        ("success=75%", true, "of the frames in both"),
        ("success=76%", false, "of the frames in both"),
        ("frames=57%", true, "of all frames"),
        ("frames=58%", false, "of all frames"),
        (
            "landmarks=100px",
            false,
            "not the same landmarks in both tables",
        ),
        ("rotation=180", false, "no head rotation in both tables"),
        ("gaze=180", false, "no gaze in both tables"),
    ] {
        let judgement = judge(requirement, &c);
        assert_eq!(
            (judgement.met, judgement.reason.as_str()),
            (met, reason),
            "{requirement}"
        );
    }
}

#[test]
fn nothing_to_judge_is_no_difference_but_nothing_in_common_is() {
    let still = compare(
        "frame,AU01_r,AU01_c\n1,0,0\n2,0,0\n",
        "frame,AU01_r,AU01_c\n1,0,0\n2,0,0\n",
    );
    assert!(judge("r=1", &still).met && judge("kappa=1", &still).met);
    let faceless = "frame,success,AU01_r\n1,0,0\n2,0,0\n";
    let faceless = compare(faceless, faceless);
    assert!(judge("r=1", &faceless).met && judge("landmarks=0", &faceless).met);
    assert!(judge("success=100%", &faceless).met);
    let apart = compare("frame,AU01_r\n1,0\n", "frame,AU01_r\n2,0\n");
    for requirement in ["r=-1", "mad=9", "frames=0", "landmarks=9999"] {
        assert!(!judge(requirement, &apart).met, "{requirement}");
    }
}
