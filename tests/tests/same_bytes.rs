//! The same video gives the same bytes, however many workers there are and however often it is
//! analysed.

use std::fs;
use std::path::Path;

use faceau_tests::double::Orders;
use faceau_tests::pipelines;
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, Recipe};

/// Runs `supervisor` on `video` with 1, 2 and 4 workers, twice each, and returns the table.
fn always_the_same(bench: &Bench, video: &Path, supervisor: impl Fn() -> Supervisor) -> Vec<u8> {
    let mut tables = Vec::new();
    for workers in ["1", "2", "4", "4", "2", "1"] {
        let csv = bench.out().join(format!("{}-{workers}.csv", tables.len()));
        supervisor()
            .args(["--workers", workers, "-o"])
            .arg(&csv)
            .arg(video)
            .run()
            .expect_code(0);
        tables.push((workers, fs::read(csv).unwrap()));
    }
    let (_, first) = tables.remove(0);
    for (workers, table) in tables {
        assert!(table == first, "{workers} workers give another table");
    }
    first
}

#[test]
fn with_real_networks() {
    for pipeline in pipelines::ALL {
        let bench = pipelines::bench();
        let video = bench.path("a.mp4");
        // The face is gone for a while.
        let picture = |number| match number {
            50..56 => Picture::black(),
            number => Picture::numbered(number),
        };
        Recipe::default().write(&video, (0..200).map(picture));
        always_the_same(&bench, &video, || pipeline.supervisor(&bench));
        let record = bench.record("0-1");
        assert!(record.input.segments > 1, "{pipeline:?}");
    }
}

/// Long groups of pictures with B-frames: segments begin in the middle of them.
#[test]
fn with_many_frames_that_depend_on_each_other() {
    let bench = Bench::new();
    let orders = Orders::default();
    for (name, gop, frames) in [("a.mkv", 50, 1200), ("b.mp4", 300, 700)] {
        let video = bench.path(name);
        let recipe = Recipe {
            gop,
            b_frames: 2,
            ..Recipe::default()
        };
        recipe.write(&video, (0..frames).map(Picture::numbered));
        let segmented = always_the_same(&bench, &video, || bench.with_double(&orders));

        // The double keeps nothing from frame to frame, so its lead-ins make no difference.
        let csv = bench.out().join("sequential.csv");
        bench
            .with_double(&orders)
            .args(["--force", "--tracking", "sequential", "-o"])
            .arg(&csv)
            .arg(&video)
            .run()
            .expect_code(0);
        assert!(fs::read(&csv).unwrap() == segmented);
        let record = bench.record("sequential");
        assert_eq!(record.input.segments, 1);
        assert!(bench.record("0-1").input.segments > 3);
        let seen = bench.table("sequential.csv").numbers_seen();
        assert_eq!(seen, (0..frames).collect::<Vec<_>>());
        for entry in fs::read_dir(bench.out()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}
