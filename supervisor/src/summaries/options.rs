//! The part of the command line that says what is computed of tables and which files are written.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use faceau_summary::actions::KeyTable;
use faceau_summary::analysis::{BaselineWish, Wishes};
use faceau_summary::recording::ReadOptions;
use faceau_summary::thresholds::Thresholds;

/// How finished tables are measured.
#[derive(Debug, Args)]
pub struct MeasureOptions {
    /// Seconds in which the face is at rest, as 0..3; BL takes the action of that name
    #[arg(long, value_name = "A..B", value_parser = baseline)]
    baseline: Option<BaselineWish>,

    /// A file with the actions of a recording, or a folder with one for each table
    #[arg(long, value_name = "FILE|DIR")]
    actions: Option<PathBuf>,

    /// The tier of an ELAN file that holds the actions [default: the only one, or action]
    #[arg(long, value_name = "NAME")]
    tier: Option<String>,

    /// A TOML file that says which action units belong to further actions
    #[arg(long, value_name = "FILE")]
    action_keys: Option<PathBuf>,

    /// From which confidence on a frame counts
    #[arg(long, value_name = "0..1", default_value_t = Thresholds::default().min_confidence,
          value_parser = within::<0, 1>)]
    min_confidence: f64,

    /// At which intensity an AU event begins
    #[arg(long, value_name = "0..5", default_value_t = Thresholds::default().on, value_parser = within::<0, 5>)]
    on: f64,

    /// Below which intensity it ends
    #[arg(long, value_name = "0..5", default_value_t = Thresholds::default().off, value_parser = within::<0, 5>)]
    off: f64,

    /// Seconds that an AU event must last
    #[arg(long, value_name = "SECONDS", default_value_t = Thresholds::default().min_event,
          value_parser = within::<0, 60>)]
    min_event: f64,

    /// AU events that are closer than these seconds are joined
    #[arg(long, value_name = "SECONDS", default_value_t = Thresholds::default().join,
          value_parser = within::<0, 60>)]
    join: f64,

    /// Horizontal diameter of an iris in mm, by which lengths are measured
    #[arg(long, value_name = "MM", default_value_t = Thresholds::default().iris_mm,
          value_parser = within::<1, 100>)]
    iris_mm: f64,

    /// Distance of the pupils in mm, if somebody measured it; lengths are then measured by it
    #[arg(long, value_name = "MM", value_parser = within::<1, 100>)]
    pupil_mm: Option<f64>,

    /// Frames a second, for tables without times
    #[arg(long, value_name = "N", value_parser = within::<1, 100_000>)]
    fps: Option<f64>,
}

/// What is written of each recording.
#[derive(Debug, Clone, Default, Args)]
pub struct FileOptions {
    /// Write <table>.events.csv: AU events, blinks and closures
    #[arg(long)]
    pub events: bool,

    /// Write <table>.measures.csv: geometry of the face, one row a frame
    #[arg(long)]
    pub measures: bool,

    /// Write <table>.cooccurrence.csv: which action units are shown together
    #[arg(long)]
    pub cooccurrence: bool,

    /// Write events and actions for other programs
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMATS")]
    pub export: Vec<Export>,
}

/// `--export`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// Events, and the head's movement, as a BIDS data set has them
    Bids,
    /// An annotation file for ELAN
    Elan,
}

/// Everything that decides what is computed and written.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What is computed.
    pub wishes: Wishes,
    /// How tables are read.
    pub reading: ReadOptions,
    /// Where actions are.
    pub actions: Option<PathBuf>,
    /// The tier of ELAN files.
    pub tier: Option<String>,
    /// What is written.
    pub files: FileOptions,
}

impl MeasureOptions {
    /// What they mean.
    ///
    /// # Errors
    /// When `--off` is above `--on`, or the file of `--action-keys` cannot be used.
    pub fn settings(&self, files: FileOptions) -> anyhow::Result<Settings> {
        if self.off > self.on {
            bail!("--off ({}) is above --on ({})", self.off, self.on);
        }
        let mut keys = KeyTable::default();
        if let Some(file) = &self.action_keys {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{}: cannot be read", file.display()))?;
            if let Err(reason) = keys.add(&text) {
                bail!("{}: {reason}", file.display());
            }
        }
        if let Some(actions) = &self.actions
            && !actions.exists()
        {
            bail!("{}: there are no actions here", actions.display());
        }
        Ok(Settings {
            wishes: Wishes {
                thresholds: Thresholds {
                    min_confidence: self.min_confidence,
                    on: self.on,
                    off: self.off,
                    min_event: self.min_event,
                    join: self.join,
                    iris_mm: self.iris_mm,
                    pupil_mm: self.pupil_mm,
                },
                baseline: self.baseline,
                keys,
            },
            reading: ReadOptions { fps: self.fps },
            actions: self.actions.clone(),
            tier: self.tier.clone(),
            files,
        })
    }
}

fn within<const LOW: u32, const HIGH: u32>(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (f64::from(LOW)..=f64::from(HIGH)).contains(&number) {
        Ok(number)
    } else {
        Err(format!("not between {LOW} and {HIGH}"))
    }
}

/// `0..3`, `0..3s`, `BL`.
fn baseline(text: &str) -> Result<BaselineWish, String> {
    if text == "BL" {
        return Ok(BaselineWish::Action);
    }
    let usage = "a rest is two times in seconds, such as 0..3, or BL";
    let (from, to) = text.split_once("..").ok_or(usage)?;
    let seconds = |text: &str| -> Result<f64, String> {
        let number = text.trim().trim_end_matches('s').parse().ok();
        let finite = number.filter(|value: &f64| value.is_finite());
        finite.ok_or_else(|| usage.to_owned())
    };
    let (from, to) = (seconds(from)?, seconds(to)?);
    if to > from {
        Ok(BaselineWish::Seconds(from, to))
    } else {
        Err("the rest ends before it begins".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_two_times() {
        assert_eq!(baseline("0..3"), Ok(BaselineWish::Seconds(0.0, 3.0)));
        assert_eq!(baseline("1.5..3s"), Ok(BaselineWish::Seconds(1.5, 3.0)));
        assert_eq!(baseline("BL"), Ok(BaselineWish::Action));
        for nonsense in ["", "3", "3..1", "a..b", "0..inf"] {
            assert!(baseline(nonsense).is_err(), "{nonsense}");
        }
        assert!(within::<0, 1>("1.5").is_err() && within::<0, 1>("nan").is_err());
    }
}
