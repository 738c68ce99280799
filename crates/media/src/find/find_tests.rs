use super::*;

/// A folder with these files, empty; names that end in `/` are folders.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
    }
    folder
}

/// Inputs and where they lie below the root, both relative to `folder`; errors as their kind.
fn seen(folder: &Path, names: &[&str], recursive: bool) -> Vec<(String, String)> {
    let names: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let found = find(&names, recursive).found.into_iter();
    found
        .map(|found| {
            let path = found.path.strip_prefix(folder).unwrap_or(&found.path);
            let below = match &found.input {
                Ok(_) => found.below.display().to_string(),
                Err(error) => format!("error: {error}"),
            };
            (path.display().to_string(), below)
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn images_come_in_natural_order() {
    let folder = folder_with(&["10.jpg", "2.JPG", "1.png", "notes.txt", ".hidden.jpg"]);
    let findings = find(&[folder.path().into()], false);
    let [
        Found {
            input: Ok(input), ..
        },
    ] = findings.found.as_slice()
    else {
        panic!("{findings:?}");
    };
    assert!(matches!(input, Input::ImageFolder { .. }));
    let names: Vec<_> = (input.files().iter())
        .map(|file| file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["1.png", "2.JPG", "10.jpg"]);
}

#[test]
fn a_folder_with_videos_stands_for_each_of_them() {
    let folder = folder_with(&[
        "b10.mp4",
        "b9.MOV",
        "cover.jpg",
        "deeper/c.mp4",
        "._b9.MOV",
        // Downloads that are not finished, one with its place held.
        "half.mp4.crdownload",
        "held.mp4",
        "held.mp4.part",
    ]);
    assert_eq!(
        seen(folder.path(), &[""], false),
        pairs(&[("b9.MOV", ""), ("b10.mp4", "")])
    );
}

#[test]
fn sub_folders_are_looked_into_on_request() {
    let folder = folder_with(&[
        "top/a.mp4",
        "top/s1/b.mp4",
        "top/s1/frames/1.png",
        "top/s1/frames/2.png",
        "top/.hidden/c.mp4",
        "top/empty/",
        // What this program wrote itself is not taken for an input.
        "top/a_aligned/frame_det_00_000001.bmp",
    ]);
    std::os::unix::fs::symlink("..", folder.path().join("top/s1/circle")).unwrap();
    let expected = [
        ("top/a.mp4", ""),
        ("top/s1/b.mp4", "s1"),
        ("top/s1/frames", "s1"),
    ];
    assert_eq!(seen(folder.path(), &["top"], true), pairs(&expected));
    assert_eq!(seen(folder.path(), &["top"], false), pairs(&expected[..1]));
    // A folder of images that is named itself lies right in its own folder.
    let frames = seen(folder.path(), &["top/s1/frames"], true);
    assert_eq!(frames, pairs(&[("top/s1/frames", "")]));
    let empty = seen(folder.path(), &["top/empty"], true);
    assert!(empty[0].1.contains("no videos and no images"), "{empty:?}");
}

#[test]
fn patterns_are_expanded_without_a_shell() {
    let folder = folder_with(&[
        "d/s1/a.mp4",
        "d/s2/a.mp4",
        "d/s2/notes.txt",
        "d/s2/x/b.mov",
        "d/s2/.h.mp4",
        "d/s3/1.png",
    ]);
    let seen = |name: &str| seen(folder.path(), &[name], false);
    assert_eq!(
        seen("d/*/a.mp4"),
        pairs(&[("d/s1/a.mp4", "s1"), ("d/s2/a.mp4", "s2")])
    );
    assert_eq!(
        seen("d/**/*.m*"),
        pairs(&[
            ("d/s1/a.mp4", "s1"),
            ("d/s2/a.mp4", "s2"),
            ("d/s2/x/b.mov", "s2/x")
        ])
    );
    assert_eq!(seen("d/s2/*.m??"), pairs(&[("d/s2/a.mp4", "")]));
    // Folders are what they are when named.
    assert_eq!(
        seen("d/s[13]"),
        pairs(&[("d/s1/a.mp4", "s1"), ("d/s3", "")])
    );
    for (pattern, word) in [
        ("d/*.mkv", "matches"),
        ("d/[", "pattern"),
        ("d/s2/n*", "matches"),
    ] {
        let found = seen(pattern);
        assert!(found.len() == 1 && found[0].1.contains(word), "{found:?}");
    }
}

#[test]
fn a_file_with_wildcards_in_its_name_is_that_file() {
    let folder = folder_with(&["a[1].mp4", "a1.mp4", "-b*.mp4"]);
    assert_eq!(
        seen(folder.path(), &["a[1].mp4", "-b*.mp4"], false),
        pairs(&[("a[1].mp4", ""), ("-b*.mp4", "")])
    );
}

#[test]
fn what_is_named_twice_is_found_once() {
    let folder = folder_with(&["v/a.mp4", "v/b.mp4"]);
    let names = ["v", "v/../v/a.mp4", "v/*.mp4", "no.mp4", "no.mp4"];
    let names: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    let findings = find(&names, false);
    assert_eq!(findings.found.len(), 3, "{findings:?}");
    assert_eq!(findings.repeated.len(), 4, "{findings:?}");
    // A pattern may well match a folder and what is in it.
    let all = find(&[folder.path().join("**")], true);
    assert_eq!((all.found.len(), all.repeated.len()), (2, 0), "{all:?}");
}

#[test]
fn nothing_usable_is_said_clearly() {
    let folder = folder_with(&["notes.txt", "d/s/a.mp4"]);
    for (name, word) in [("no.mp4", "no such file"), ("d", "--recursive")] {
        let found = seen(folder.path(), &[name], false);
        assert!(found[0].1.contains(word), "{found:?}");
    }
}

/// What is passed over, relative to `folder`, and why.
fn left_out(folder: &Path, name: &str, recursive: bool) -> Vec<(String, Reason)> {
    let findings = find(&[folder.join(name)], recursive);
    let passed_over = findings.passed_over.into_iter();
    passed_over
        .map(|one| {
            let path = one.path.strip_prefix(folder).unwrap_or(&one.path);
            (path.display().to_string(), one.reason)
        })
        .collect()
}

#[test]
fn two_names_are_two_inputs_whatever_they_lead_to() {
    // As git-annex and DataLad keep files: equal contents once, under names of their own.
    let folder = folder_with(&["ds/.git/K1", "ds/.git/K2", "ds/s1/a.mp4"]);
    for (link, target) in [
        ("p01.mp4", ".git/K1"),
        ("p02.mp4", ".git/K2"),
        ("p03.mp4", ".git/K1"),
        ("p04.mp4", ".git/K9"),
        ("s2", "s1"),
        ("circle.mov", "circle.mov"),
        ("notes.txt", "nowhere"),
    ] {
        std::os::unix::fs::symlink(target, folder.path().join("ds").join(link)).unwrap();
    }
    let found = seen(folder.path(), &["ds"], false);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["circle.mov", "p01.mp4", "p02.mp4", "p03.mp4", "p04.mp4"];
    assert_eq!(names, expected.map(|name| format!("ds/{name}")));
    let is_error = |at: usize, word: &str| {
        assert!(
            found[at].1.starts_with("error") && found[at].1.contains(word),
            "{found:?}"
        );
    };
    is_error(0, "circle.mov");
    is_error(4, ".git/K9");
    // The same when they are named, by a pattern or by themselves.
    let patterned = seen(folder.path(), &["ds/*.mp4"], false);
    assert_eq!(patterned.len(), 4, "{patterned:?}");
    assert!(patterned[3].1.contains("datalad get"), "{patterned:?}");
    let named = seen(
        folder.path(),
        &["ds/p01.mp4", "ds/p03.mp4", "ds/p04.mp4"],
        false,
    );
    assert_eq!(named.len(), 3);
    assert!(named[2].1.contains("datalad get"), "{named:?}");
    let patterned = seen(folder.path(), &["ds/s?/a.mp4"], false);
    assert_eq!(patterned.len(), 2, "{patterned:?}");
    // Folders that were looked into are not looked into again, but that is told.
    let left_out = left_out(folder.path(), "ds", true);
    assert!(
        left_out.contains(&("ds/s2".into(), Reason::SameFolder)),
        "{left_out:?}"
    );
    assert!(left_out.contains(&("ds/notes.txt".into(), Reason::Ending)));
}

#[test]
fn every_file_of_a_folder_is_an_input_or_told() {
    let folder = folder_with(&[
        "v/p01.mp4",
        "v/p02.vob",
        "v/p03.gif",
        "v/p04.3g2",
        "v/p05.mjpeg",
        "v/p06.QT",
        "v/p07.f4v",
        "v/p08.h264",
        "v/cover.tiff",
        "v/p09.lrv",
        "v/half.mp4.part",
        "v/half.mp4",
        "v/deeper/p10.mp4",
        // Of an earlier run in the same folder.
        "v/p01.csv",
        "v/p01.hog",
        "v/p01.run.json",
        "v/batch.json",
        "v/p02.faceau-job/",
    ]);
    assert_eq!(seen(folder.path(), &["v"], false).len(), 8);
    let expected = [
        ("v/half.mp4", Reason::Download),
        ("v/half.mp4.part", Reason::Download),
        ("v/cover.tiff", Reason::ImageBesideVideos),
        ("v/p09.lrv", Reason::Ending),
        ("v/deeper", Reason::SubFolder),
    ];
    let expected = expected.map(|(name, reason)| (name.to_owned(), reason));
    assert_eq!(left_out(folder.path(), "v", false), expected);
    // A pattern takes what its ending spells; what else it matches is told.
    let expected = [("v/p09.lrv".to_owned(), Reason::Ending)];
    assert_eq!(left_out(folder.path(), "v/p*9*", false), expected);
    let expected = [("v/cover.tiff".to_owned(), Reason::ImageOfPattern)];
    assert_eq!(left_out(folder.path(), "v/c*", false), expected);
    assert_eq!(left_out(folder.path(), "v/*.lrv", false), []);
    // Named beside it, nothing is left out.
    let names = ["v", "v/cover.tiff", "v/deeper"].map(|name| folder.path().join(name));
    let findings = find(&names, false);
    let left_out = findings.passed_over.iter();
    assert!(!left_out.clone().any(|one| one.path.ends_with("cover.tiff")));
    assert!(!left_out.clone().any(|one| one.path.ends_with("deeper")));
}

#[test]
fn an_image_sequence_tells_what_is_missing_between_its_images() {
    let remarks_of = |folder: &tempfile::TempDir| {
        let findings = find(&[folder.path().into()], false);
        match &findings.found[..] {
            [
                Found {
                    input:
                        Ok(Input::ImageFolder {
                            images, remarks, ..
                        }),
                    ..
                },
            ] => (images.len(), remarks.clone()),
            found => panic!("{found:?}"),
        }
    };
    let (images, remarks) = remarks_of(&folder_with(&[
        "f1.png",
        "f2.heic",
        "f3.tif",
        "f4.webp",
        "f5.heic",
        "notes 1.txt",
        "preview.gif",
    ]));
    assert_eq!((images, remarks.len()), (3, 1));
    assert!(remarks[0].contains("2 files"), "{remarks:?}");
    assert!(remarks[0].contains("f2.heic to f5.heic"), "{remarks:?}");
    let (_, remarks) = remarks_of(&folder_with(&["f1.png", "f2.png", "f2.txt.part", "g.png"]));
    assert_eq!(remarks, [""; 0]);

    // A hole that can be filled is not passed over.
    let folder = folder_with(&["f1.png", "f3.png"]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("f2.png")).unwrap();
    let found = seen(folder.path(), &[""], false);
    assert_eq!(found.len(), 1);
    assert!(found[0].1.contains("f2.png"), "{found:?}");
}

#[test]
fn named_images_are_inputs_of_their_own() {
    let folder = folder_with(&["1.jpg", "2.TIF", "3.webp", "4.mp4"]);
    let kinds = |names: &[&str]| -> Vec<bool> {
        let names: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        let found = find(&names, false).found.into_iter();
        found
            .map(|found| matches!(found.input, Ok(Input::Still(_))))
            .collect()
    };
    let all = ["1.jpg", "2.TIF", "3.webp", "4.mp4"];
    assert_eq!(kinds(&all), [true, true, true, false]);
    assert_eq!(kinds(&["*.jpg"]), [true]);
    let missing = seen(folder.path(), &["img%03d.png"], false);
    assert!(missing[0].1.contains("name their folder"), "{missing:?}");
}
