//! A whole run in small: ten pictures of the synthetic face, or what the user names, through the real
//! programs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use faceau_demo::random_scene::SceneOptions;
use faceau_events::NetworkRecord;
use serde_json::Value;

use super::{DoctorCommand, Finding};
use crate::commands::child::run_within;
use faceau::settings::{Choice, PipelineChoice};

/// Name of the check.
pub const NAME: &str = "trial run";

const FRAMES: u64 = 10;
/// Models may have to be compiled for an accelerator first.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs it.
pub fn check(doctor: &DoctorCommand, pipeline: PipelineChoice) -> Finding {
    match run(doctor, pipeline) {
        Ok(found) => Finding::ok(NAME, found),
        Err(error) => Finding::bad(
            NAME,
            format!("{error:#}"),
            "mend what the message names; if it names nothing that you can mend, please report it \
             with the output of faceau-supervisor doctor --json",
        ),
    }
}

fn run(doctor: &DoctorCommand, pipeline: PipelineChoice) -> anyhow::Result<String> {
    let folder = tempfile::tempdir().context("there is no room for temporary files")?;
    let drawn = folder.path().join("frames");
    let input = match &doctor.input {
        Some(input) => input,
        None => {
            draw(&drawn).context("the pictures cannot be drawn")?;
            &drawn
        }
    };
    let program = std::env::current_exe().context("this program does not know its file")?;
    let mut command = Command::new(program);
    command
        .args([
            "--workers",
            "1",
            "--quiet",
            "--progress",
            "none",
            "--output",
        ])
        .arg(folder.path().join("frames.csv"));
    command.arg("--pipeline").arg(pipeline.value_name());
    if let Some(models) = &doctor.models {
        command.arg("--models").arg(models);
    }
    if let Some(worker) = &doctor.worker_program {
        command.arg("--worker-program").arg(worker);
    }
    if doctor.allow_unknown_models {
        command.arg("--allow-unknown-models");
    }
    command.arg(input);
    let started = Instant::now();
    let output = run_within(&mut command, PATIENCE)?;
    let seconds = started.elapsed().as_secs_f64();
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("it ended with {}: {}", output.status, words.trim());
    }
    let record = fs::read(folder.path().join("frames.run.json"))?;
    let record: Value = serde_json::from_slice(&record)?;
    let number = |place: &str| {
        let value = record.pointer(place).and_then(Value::as_u64);
        value.ok_or_else(|| anyhow!("the run record has no number at {place}"))
    };
    let (written, found) = (number("/frames/written")?, number("/frames/successful")?);
    if doctor.input.is_none() && written != FRAMES {
        bail!("of {FRAMES} pictures only {written} came out");
    }
    let networks = record.get("networks").cloned().unwrap_or_default();
    let networks: Vec<NetworkRecord> = serde_json::from_value(networks)?;
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    Ok(format!(
        "{written} frames went through{} in {seconds:.1} s, a face found in {found}{}{}",
        match pipeline {
            PipelineChoice::Demo => " with the demo models, which know only drawn faces,",
            _ => "",
        },
        if networks.is_empty() { "" } else { "; " },
        networks.join(", ")
    ))
}

fn draw(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir(folder)?;
    let options = SceneOptions {
        width: 640,
        height: 480,
        face_height: (0.5, 0.6),
        most_angle: 5.0,
        blurred: 0.0,
        ..SceneOptions::default()
    };
    let (picture, _) = faceau_demo::render(&options.scene(1));
    let (width, height) = (picture.width as u32, picture.height as u32);
    let picture = image::RgbImage::from_raw(width, height, picture.rgb)
        .ok_or_else(|| anyhow!("a picture has not as many bytes as it should"))?;
    for frame in 0..FRAMES {
        picture.save(folder.join(format!("{frame}.png")))?;
    }
    Ok(())
}
