//! `demo check`: whether the demo models keep their promise on clips that they were not trained on.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;
use faceau_demo::clip::Span;
use serde::Serialize;

use super::make::MakeArgs;
use super::recovery::{AuOverClips, Limits, Recovery};
use super::run::length;
use super::size::{Size, parse_size};
use super::trial::{Ended, Trial};
use crate::commands::print;
use crate::exit::Exit;

/// `demo check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Which clips, such as 11-15
    #[arg(long, value_name = "FROM-TO", default_value = "11-15", value_parser = seeds)]
    seeds: RangeInclusive<u64>,

    /// How long each clip is; nobody is in the picture for the last but one tenth of it
    #[arg(long, value_name = "S", default_value_t = 20.0, value_parser = length)]
    seconds: f32,

    /// Width and height of the clips in pixels
    #[arg(long, value_name = "WxH", default_value = "640x480", value_parser = parse_size)]
    size: Size,

    /// Number of worker processes [default: one per performance core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    /// Folder for the clips and everything that is made of them
    #[arg(long, value_name = "DIR", default_value = "faceau-demo")]
    out_dir: PathBuf,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What was found of one clip.
#[derive(Debug, Serialize)]
struct Checked {
    seed: u64,
    recovery: Recovery,
    shortcomings: Vec<String>,
}

/// What was found of all clips.
#[derive(Debug, Serialize)]
struct Report {
    clips: Vec<Checked>,
    action_units: Vec<AuOverClips>,
    shortcomings: Vec<String>,
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) if from <= to && to - from < 1000 => Ok(from..=to),
        _ => Err("give two numbers, the first not above the second, such as 11-15".to_owned()),
    }
}

/// Checks all clips. Ends with 0 when the promise is kept, with 1 when it is not.
///
/// # Errors
/// When files cannot be read or written.
pub fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&args.out_dir)?;
    let mut all = Vec::new();
    for seed in args.seeds.clone() {
        let Size { width, height } = args.size;
        let name = format!("check-{seed}-{}s-{width}x{height}.mp4", args.seconds);
        let video = args.out_dir.join(name);
        let gone = Span {
            from: 0.8 * args.seconds,
            to: 0.9 * args.seconds,
        };
        let trial = Trial {
            make: MakeArgs::plain(video.clone(), args.seconds, seed)
                .with_size(args.size)
                .with_absence(gone)
                .with_largest_angle(25.0)
                .quietly(),
            video,
            workers: args.workers,
            quiet: true,
        };
        let recovery = match trial.run()? {
            Ended::Measured(recovery) => recovery,
            Ended::Not(exit) => return Ok(exit),
        };
        let shortcomings = recovery.shortcomings(&Limits::PROMISED);
        if !args.json {
            print(text(seed, &recovery, &shortcomings))?;
        }
        all.push(Checked {
            seed,
            recovery,
            shortcomings,
        });
    }
    let action_units = AuOverClips::all(all.iter().map(|checked| &checked.recovery));
    let over_all: Vec<String> = (action_units.iter())
        .filter_map(|au| au.shortcoming(&Limits::PROMISED))
        .collect();
    let kept = over_all.is_empty() && all.iter().all(|checked| checked.shortcomings.is_empty());
    if args.json {
        let report = Report {
            clips: all,
            action_units,
            shortcomings: over_all,
        };
        print(format_args!("{}\n", serde_json::to_string_pretty(&report)?))?;
    } else {
        print(over_clips(&action_units, &over_all))?;
    }
    Ok(Exit::Code(i32::from(!kept)))
}

fn over_clips(action_units: &[AuOverClips], shortcomings: &[String]) -> String {
    let mut text = "AU    clips  mean r  least r\n".to_owned();
    for au in action_units {
        text += &format!(
            "AU{:02}  {:5}  {:6.3}  {:7.3}\n",
            au.au, au.clips, au.mean_r, au.least_r
        );
    }
    for line in shortcomings {
        text += &format!("{line}\n");
    }
    text
}

fn text(seed: u64, recovery: &Recovery, shortcomings: &[String]) -> String {
    let moving = recovery.action_units.iter().filter(|au| au.moves);
    let worst = moving
        .filter_map(|au| Some((au.au, au.r?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let mut text = format!(
        "clip {seed}: face found {}/{}, mistaken {}/{}, landmarks {:.2} %",
        recovery.found,
        recovery.visible,
        recovery.mistaken,
        recovery.absent,
        100.0 * recovery.landmark_error.unwrap_or(f64::NAN),
    );
    if let Some((au, r)) = worst {
        text += &format!(", smallest correlation {r:.3} (AU{au:02})");
    }
    text.push('\n');
    for line in shortcomings {
        text += &format!("  {line}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_or_refused() {
        assert_eq!(seeds("3-5"), Ok(3..=5));
        assert_eq!(seeds("7"), Ok(7..=7));
        for nonsense in ["", "5-3", "a-b", "1-2000", "-1"] {
            assert!(seeds(nonsense).is_err(), "{nonsense}");
        }
    }
}
