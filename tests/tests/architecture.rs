//! The house is as `docs/architecture.md` draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The crates of the workspace and which others of it each uses, without what only its tests use.
fn arrows() -> Arrows {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata are JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let name = |value: &Value| value["name"].as_str().expect("it has a name").to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let uses = |package: &Value| {
        let all = package["dependencies"].as_array().expect("a list").iter();
        all.filter(|dependency| dependency["kind"].is_null())
            .map(name)
            .filter(|used| ours.contains(used))
            .collect()
    };
    packages.iter().map(|p| (name(p), uses(p))).collect()
}

/// The table in the document, in its order.
fn drawn() -> Vec<(String, BTreeSet<String>)> {
    let text = include_str!("../../docs/architecture.md");
    let (_, table) = text
        .split_once("| crate | uses |\n|---|---|\n")
        .expect("the table");
    let full = |short: &str| match short {
        "faceau" => short.to_owned(),
        short => format!("faceau-{short}"),
    };
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.trim_matches('`').to_owned();
        let uses = cells.next()?.split(", ").filter(|used| !used.is_empty());
        Some((name, uses.map(full).collect()))
    };
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.map(|line| row(line).expect("two cells")).collect()
}

#[test]
fn crates_use_those_that_the_document_says() {
    let mut found = arrows();
    // It is not a part of the product, and may use everything.
    found.remove("faceau-tests");
    assert_eq!(found, drawn().into_iter().collect::<Arrows>());
}

#[test]
fn no_arrow_runs_up() {
    let mut above = BTreeSet::new();
    for (name, uses) in drawn() {
        let missing: Vec<&String> = uses.difference(&above).collect();
        assert!(
            missing.is_empty(),
            "{name} uses {missing:?}, which come later"
        );
        above.insert(name);
    }
}
