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
