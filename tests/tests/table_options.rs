//! Options that change what stands in a table without changing what is seen: the camera, and what
//! separates the columns.

use std::fs;

use faceau_tests::demo::Clip;
use faceau_tests::program::Bench;
use faceau_tests::table::Table;

fn clip(bench: &Bench) -> Clip {
    let options = [
        "--seconds",
        "1",
        "--fps",
        "10",
        "--size",
        "320x240",
        "--seed",
        "3",
    ];
    Clip::make(bench, "clip.mp4", &options)
}

fn mean(table: &Table, column: &str) -> f64 {
    let values = table.column(column);
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn a_camera_that_is_given_places_the_head_and_is_in_the_record() {
    let bench = Bench::new();
    let clip = clip(&bench);
    clip.measure(&bench).run().expect_code(0);
    let (assumed, bytes) = (bench.table("clip.csv"), bench.out().join("clip.csv"));
    let assumed_bytes = fs::read(&bytes).unwrap();
    let record = || fs::read_to_string(bench.out().join("clip.run.json")).unwrap();
    assert!(!record().contains("\"fx\""));

    // What is assumed, said: another run than before, with the same table.
    let said = ["--fx", "250", "--fy", "250", "--cx", "160", "--cy", "120"];
    let refused = clip.measure(&bench).args(said).run().expect_code(1);
    refused.expect_line(&["error", "the option fx was not given and is 250.0 now"]);
    let again = || clip.measure(&bench).arg("--force");
    again().args(said).run().expect_code(0);
    assert_eq!(fs::read(&bytes).unwrap(), assumed_bytes);
    assert!(record().contains("\"fx\": 250.0"), "{}", record());

    // Twice the focal length: twice as far away, at the same places in the picture.
    let longer = again().args(["--fx", "500"]);
    longer.run().expect_code(0);
    let table = bench.table("clip.csv");
    for column in ["x_30", "y_8", "AU12_r", "confidence"] {
        assert_eq!(table.column(column), assumed.column(column), "{column}");
    }
    let ratio = mean(&table, "pose_Tz") / mean(&assumed, "pose_Tz");
    assert!((1.9..2.1).contains(&ratio), "{ratio}");

    // The axis through the picture's left edge: the head lies further to the right of it.
    let moved = again().args(["--cx", "0", "--workers", "2"]);
    moved.run().expect_code(0);
    let (there, here) = (
        mean(&bench.table("clip.csv"), "pose_Tx"),
        mean(&assumed, "pose_Tx"),
    );
    let expected = 160.0 / 250.0 * mean(&assumed, "pose_Tz");
    assert!(
        ((there - here) / expected - 1.0).abs() < 0.1,
        "{there} {here} {expected}"
    );

    // And without it again, it is as it was.
    again().run().expect_code(0);
    assert_eq!(fs::read(&bytes).unwrap(), assumed_bytes);
}

#[test]
fn a_plain_table_has_no_space_behind_its_commas() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let read = |name: &str| fs::read_to_string(bench.out().join(name)).unwrap();
    let to = |name: &str| clip.measure(&bench).arg("-o").arg(bench.out().join(name));
    to("spaced.csv").run().expect_code(0);
    let plain = || to("plain.csv").args(["--header", "plain"]);
    plain().run().expect_code(0);
    assert!(read("spaced.csv").starts_with("frame, face_id, timestamp"));
    assert!(read("plain.csv").starts_with("frame,face_id,timestamp"));
    assert_eq!(read("plain.csv"), read("spaced.csv").replace(", ", ","));
    assert!(read("plain.run.json").contains("\"header\": \"plain\""));
    plain().run().expect_code(0).expect_line(&["skipped"]);

    // Another spacing is another table.
    let refused = to("plain.csv").run().expect_code(1);
    refused.expect_line(&["error", "the option header was plain"]);
    to("plain.csv").arg("--force").run().expect_code(0);
    assert_eq!(read("plain.csv"), read("spaced.csv"));
}
