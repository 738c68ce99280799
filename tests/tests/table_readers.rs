//! `docs/columns.md` says how other programs read a table: what it has for pandas and R is run here as
//! it stands there. Where one of them is not installed, its test says so and passes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use faceau_tests::demo::Clip;
use faceau_tests::program::Bench;

/// The first block of the page in this language.
fn block(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/columns.md");
    let text = fs::read_to_string(page).unwrap();
    let (_, behind) = text.split_once(&format!("```{language}\n")).unwrap();
    behind.split_once("```").unwrap().0.to_owned()
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Has `program` run the page's code in a folder with `interview.csv`, and compares the mean that it
/// prints, for the table as it is by default and for the plain one.
fn expect_mean(program: &str, language: &str, argument: &str) {
    let bench = Bench::new();
    let options = [
        "--seconds",
        "2",
        "--fps",
        "10",
        "--size",
        "320x240",
        "--seed",
        "3",
    ];
    let clip = Clip::make(&bench, "interview.mp4", &options);
    for arguments in [&[][..], &["--force", "--header", "plain"]] {
        clip.measure(&bench).args(arguments).run().expect_code(0);
        let text = fs::read_to_string(bench.out().join("interview.csv")).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').map(str::trim));
        let header: Vec<&str> = lines.next().unwrap().collect();
        let place = |name: &str| header.iter().position(|n| *n == name).unwrap();
        let (success, confidence, wanted) =
            (place("success"), place("confidence"), place("AU12_r"));
        let values: Vec<f64> = lines
            .map(|line| line.collect::<Vec<_>>())
            .filter(|row| row[success] == "1" && row[confidence].parse::<f64>().unwrap() >= 0.9)
            .map(|row| row[wanted].parse().unwrap())
            .collect();
        assert!(values.len() > 1, "the clip proves nothing");
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let run = Command::new(program)
            .args([argument, &block(language)])
            .current_dir(bench.out())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        // R prefixes what it prints with [1], and prints seven digits.
        let number = said
            .split_whitespace()
            .last()
            .and_then(|word| word.parse::<f64>().ok());
        let number = number.unwrap_or_else(|| panic!("{run:?}"));
        assert!(
            (number - mean).abs() <= 1e-6 * mean.abs().max(1.0),
            "{number} {mean}"
        );
    }
}

#[test]
fn pandas_reads_a_table_as_the_page_says() {
    let python = std::env::var("FACEAU_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if works(&python, &["-c", "import pandas"]) {
        expect_mean(&python, "python", "-c");
    } else {
        eprintln!("skipped: {python} has no pandas; FACEAU_TEST_PYTHON names another Python");
    }
}

#[test]
fn r_reads_a_table_as_the_page_says() {
    if works("Rscript", &["--version"]) {
        expect_mean("Rscript", "r", "-e");
    } else {
        eprintln!("skipped: there is no Rscript");
    }
}
