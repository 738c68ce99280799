//! What is said of an error is said once. An error's text either says its cause itself, and then does
//! not offer it as its source, too, or it leaves the cause to whoever prints the chain of sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use faceau_tests::program::{Bench, Ended};
use faceau_tests::video::write_numbered;
use syn::{Attribute, Field, Fields, File, Item};

/// All of this project's sources.
fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for folder in [
        "crates",
        "models",
        "shared",
        "supervisor",
        "tests",
        "worker",
    ] {
        collect(&root.join(folder), &mut found);
    }
    found
}

/// An error type or a variant of one: its attributes and fields, and what it is called.
struct Shape<'a> {
    name: String,
    attributes: &'a [Attribute],
    fields: &'a Fields,
}

fn is_error(attributes: &[Attribute]) -> bool {
    let derives = attributes.iter().filter(|a| a.path().is_ident("derive"));
    derives
        .filter_map(|derive| derive.meta.require_list().ok())
        .any(|list| {
            list.tokens
                .to_string()
                .replace(' ', "")
                .contains("thiserror::Error")
        })
}

/// The error types of a file, variant by variant, those in modules within it included.
fn shapes<'a>(items: &'a [Item], found: &mut Vec<Shape<'a>>) {
    for item in items {
        match item {
            Item::Enum(of) if is_error(&of.attrs) => {
                found.extend(of.variants.iter().map(|variant| Shape {
                    name: format!("{}::{}", of.ident, variant.ident),
                    attributes: &variant.attrs,
                    fields: &variant.fields,
                }));
            }
            Item::Struct(of) if is_error(&of.attrs) => found.push(Shape {
                name: of.ident.to_string(),
                attributes: &of.attrs,
                fields: &of.fields,
            }),
            Item::Mod(of) => {
                if let Some((_, items)) = &of.content {
                    shapes(items, found);
                }
            }
            _ => {}
        }
    }
}

/// What `thiserror` takes for the source.
fn is_source(field: &Field) -> bool {
    let named = field.ident.as_ref().is_some_and(|name| name == "source");
    let marked = |a: &Attribute| a.path().is_ident("source") || a.path().is_ident("from");
    named || field.attrs.iter().any(marked)
}

/// Whether the text of `shape` says its own source.
fn says_its_source(shape: &Shape<'_>) -> bool {
    let Some(source) = shape.fields.iter().position(is_source) else {
        return false;
    };
    let field = shape.fields.iter().nth(source).unwrap();
    let name = match &field.ident {
        Some(name) => name.to_string(),
        None => source.to_string(),
    };
    let text = shape.attributes.iter().find(|a| a.path().is_ident("error"));
    let text = text.unwrap_or_else(|| panic!("{} has no text", shape.name));
    let mut tokens = text.meta.require_list().unwrap().tokens.clone().into_iter();
    let format = tokens.next().unwrap().to_string();
    let written = [format!("{{{name}}}"), format!("{{{name}:")];
    written.iter().any(|written| format.contains(written))
        || tokens.any(|token| {
            let words = token.to_string();
            words
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == name)
        })
}

fn doubled(file: &File) -> (usize, Vec<String>) {
    let mut found = Vec::new();
    shapes(&file.items, &mut found);
    let doubled = found.iter().filter(|shape| says_its_source(shape));
    (
        found.len(),
        doubled.map(|shape| shape.name.clone()).collect(),
    )
}

#[test]
fn no_error_both_says_its_cause_and_offers_it_as_its_source() {
    let (mut types, mut wrong) = (0, Vec::new());
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (found, doubled) = doubled(&file);
        types += found;
        let place = path.display();
        wrong.extend(doubled.into_iter().map(|name| format!("{place}: {name}")));
        // Written by hand, a source would escape this test.
        let by_hand = concat!("fn source(&self) -> Option<&", "(dyn");
        assert!(!text.contains(by_hand), "{place}");
    }
    assert!(types >= 100, "only {types} kinds of errors were looked at");
    assert!(wrong.is_empty(), "these would be printed twice: {wrong:#?}");
}

#[test]
fn an_error_that_would_be_printed_twice_is_noticed() {
    let text = r#"
        #[derive(Debug, thiserror::Error)]
        enum Failure {
            #[error("{}: cannot be read: {source}", path.display())]
            Named { path: PathBuf, source: io::Error },
            #[error("the connection failed: {0}")]
            Marked(#[from] io::Error),
            #[error("the file {} fails", of(source))]
            Computed { source: io::Error },
            #[error(transparent)]
            Passed(#[from] io::Error),
            #[error("the source is {0}")]
            Said(io::Error),
            #[error("a source that the chain says")]
            Chained { source: io::Error },
        }
    "#;
    let (found, doubled) = doubled(&syn::parse_file(text).unwrap());
    assert_eq!(found, 6);
    let expected = ["Failure::Named", "Failure::Marked", "Failure::Computed"];
    assert_eq!(doubled, expected);
}

/// No part of a line, between its colons, is there twice.
fn expect_nothing_twice(ended: &Ended) {
    let said = ended.output() + &ended.stderr;
    for line in said.lines() {
        let parts: Vec<&str> = line.split(": ").map(str::trim).collect();
        let different: BTreeSet<&str> = parts.iter().copied().collect();
        assert_eq!(different.len(), parts.len(), "{line}");
    }
}

#[test]
fn the_program_says_a_cause_once() {
    let bench = Bench::new();
    fs::write(bench.path("file"), "no video").unwrap();
    fs::write(bench.path("table.csv"), "no, table\n1\n").unwrap();
    let [missing, file, table] = ["missing", "file", "table.csv"].map(|name| bench.path(name));
    let below_a_file = bench.path("file/below");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (missing, file, table) = (text(&missing), text(&file), text(&table));
    let below_a_file = text(&below_a_file);
    for arguments in [
        &["compare", &missing, &missing][..],
        &["compare", &table, &missing],
        &["compare", &table, &table],
        &["demo", "make", "--out", &below_a_file],
        &["demo", "export", "--out", &below_a_file],
        &["models", "import", &missing],
        &["bench", &missing],
        &["--pipeline", "demo", &missing],
        &["--pipeline", "demo", &file],
        &["--pipeline", "demo", "--from-file", &missing],
        &["--pipeline", "demo", "--trace", &below_a_file, &file],
        &["--pipeline", "demo", "--summary", &below_a_file, &file],
        &["--pipeline", "demo", "--worker-program", &missing, &file],
        &["--pipeline", "pfld", "--models", &missing, &file],
    ] {
        let ended = bench.bare().args(arguments).run();
        assert!(!ended.status.success(), "{arguments:?} came out well");
        assert!(!ended.stderr.is_empty(), "{arguments:?} says nothing");
        expect_nothing_twice(&ended);
    }
    // And what both programs say of model files that they cannot use.
    let video = bench.path("video.mp4");
    write_numbered(&video, 2);
    let files = one_file_of_each_kind(&bench.models());
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let ended = bench.supervisor().args(["-w", "1"]).arg(&video).run();
        assert!(!ended.status.success(), "{}", path.display());
        expect_nothing_twice(&ended);
        fs::write(&path, whole).unwrap();
    }
}

/// One file of each kind in a folder of models.
fn one_file_of_each_kind(folder: &Path) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if seen.insert(path.extension().map(ToOwned::to_owned)) {
                files.push(path);
            }
        }
    }
    files
}
