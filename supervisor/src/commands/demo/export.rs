//! `demo export`: stills and truth for training.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use faceau_demo::export::export_stills;
use faceau_demo::ordered::render_threads;
use faceau_demo::random_scene::SceneOptions;

use super::GOOD;
use super::size::{Size, parse_size};
use crate::exit::Exit;

/// `demo export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Folder to write into (images.npy, landmarks.npy, …; see docs/demo.md)
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// How many stills
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: usize,

    /// Which stills: the same number gives the same pictures
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "320x240", value_parser = parse_size)]
    size: Size,

    /// Fewest faces in a still
    #[arg(long, value_name = "N", default_value_t = 1)]
    least_faces: usize,

    /// Most faces in a still
    #[arg(long, value_name = "N", default_value_t = 1)]
    most_faces: usize,

    /// Largest pitch, yaw and roll in degrees
    #[arg(long, value_name = "DEG", default_value_t = 30.0)]
    max_angle: f32,

    /// Height of the smallest faces, brows to chin, as a share of the picture's height
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    smallest: f32,

    /// Height of the largest faces
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    largest: f32,

    /// Share of stills with something held before a face
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    occluded: f32,

    /// Share of stills that are blurred
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    blurred: f32,
}

/// Writes the stills.
///
/// # Errors
/// When options contradict one another, or a file cannot be written.
pub fn run(args: &ExportArgs) -> anyhow::Result<Exit> {
    ensure!(
        args.least_faces <= args.most_faces,
        "--least-faces is more than --most-faces"
    );
    ensure!(
        0.02 <= args.smallest && args.smallest <= args.largest && args.largest <= 1.0,
        "--smallest and --largest must ascend within 0.02 to 1"
    );
    let options = SceneOptions {
        width: args.size.width,
        height: args.size.height,
        faces: (args.least_faces, args.most_faces),
        face_height: (args.smallest, args.largest),
        most_angle: args.max_angle,
        occluded: args.occluded,
        blurred: args.blurred,
    };
    let threads = render_threads(options.width, options.height);
    export_stills(&args.out, &options, args.count, args.seed, threads)?;
    Ok(Exit::Code(GOOD))
}
