//! `demo make`: a video of the synthetic face, and the truth beside it.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{bail, ensure};
use clap::Args;
use faceau_demo::clip::{Clip, ClipOptions, Span, TICKS_PER_SECOND, frame_times};
use faceau_demo::film::{Film, FilmError};
use faceau_demo::ordered::render_threads;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::GOOD;
use super::size::{Size, parse_size};
use crate::exit::Exit;

/// `demo make`
#[derive(Debug, Clone, Args)]
pub struct MakeArgs {
    /// The video [default: faceau-demo.mp4, unless --images is given]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Folder to write the frames into as PNG files
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,

    /// How long
    #[arg(long, value_name = "S", default_value_t = 20.0)]
    seconds: f32,

    /// How many frames, instead of --seconds
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    frames: Option<usize>,

    /// Frames per second
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    fps: f64,

    /// Let the time between frames vary, as phones do
    #[arg(long)]
    variable_frame_rate: bool,

    /// Width and height of the upright picture in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
    size: Size,

    /// Store the pictures turned, as phones do: by how many degrees clockwise a player turns them
    #[arg(long, value_name = "DEG", default_value = "0", value_parser = ["0", "90", "180", "270"])]
    rotate: String,

    /// Which clip: the same number gives the same people, actions and pictures
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How many people
    #[arg(long, value_name = "N", default_value_t = 1)]
    faces: usize,

    /// When nobody is in the picture, in seconds, such as 4-6.5; may be repeated
    #[arg(long, value_name = "FROM-TO", value_parser = parse_span)]
    absent: Vec<Span>,

    /// When something is held before every face; may be repeated
    #[arg(long, value_name = "FROM-TO", value_parser = parse_span)]
    occlude: Vec<Span>,

    /// Largest yaw of a head in degrees; pitch and roll stay below it
    #[arg(long, value_name = "DEG", default_value_t = 20.0)]
    max_angle: f32,

    /// Show other action units in every frame, each on its own, as the training of the demo models
    /// needs it
    #[arg(long)]
    restless: bool,

    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,

    /// Standard output is for something else.
    #[arg(skip)]
    quiet: bool,
}

/// Reads `FROM-TO` in seconds.
///
/// # Errors
/// When it is not that.
fn parse_span(text: &str) -> Result<Span, String> {
    let wrong = || "give two times in seconds, such as 4-6.5".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| text.trim().parse::<f32>().ok().filter(|t| t.is_finite());
    let (from, to) = time(from).zip(time(to)).ok_or_else(wrong)?;
    if from < to {
        Ok(Span { from, to })
    } else {
        Err("the second time must be later than the first".to_owned())
    }
}

impl MakeArgs {
    /// A clip of one face at 30 frames per second, in place of what is there.
    pub fn plain(video: PathBuf, seconds: f32, seed: u64) -> Self {
        Self {
            out: Some(video),
            images: None,
            seconds,
            frames: None,
            fps: 30.0,
            variable_frame_rate: false,
            size: Size {
                width: 640,
                height: 480,
            },
            rotate: "0".to_owned(),
            seed,
            faces: 1,
            absent: Vec::new(),
            occlude: Vec::new(),
            max_angle: 20.0,
            restless: false,
            overwrite: true,
            quiet: false,
        }
    }

    /// The same, without a word on standard output about what was made.
    #[must_use]
    pub fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// The same, with pictures of this size.
    #[must_use]
    pub fn with_size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// The same, with nobody in the picture for a while.
    #[must_use]
    pub fn with_absence(mut self, span: Span) -> Self {
        self.absent.push(span);
        self
    }

    /// The same, with heads that turn so many degrees.
    #[must_use]
    pub fn with_largest_angle(mut self, degrees: f32) -> Self {
        self.max_angle = degrees;
        self
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1.0..=240.0).contains(&self.fps),
            "--fps must be from 1 to 240"
        );
        ensure!(
            (0.0..=36_000.0).contains(&self.seconds),
            "--seconds must be from 0 to 36000"
        );
        ensure!(self.frames != Some(0), "--frames must be at least 1");
        ensure!(self.faces <= 8, "--faces must be from 0 to 8");
        ensure!(
            (0.0..=60.0).contains(&self.max_angle),
            "--max-angle must be from 0 to 60"
        );
        Ok(())
    }

    /// The video, if one is to be written.
    fn video(&self) -> Option<PathBuf> {
        match (&self.out, &self.images) {
            (None, Some(_)) => None,
            (out, _) => Some(out.clone().unwrap_or_else(|| "faceau-demo.mp4".into())),
        }
    }

    fn quarters(&self) -> usize {
        // Clap lets only multiples of 90 through.
        self.rotate.parse().map_or(0, |degrees: usize| degrees / 90)
    }
}

/// Makes the video; stopped by a signal, leaves nothing unfinished behind.
///
/// # Errors
/// When options are out of bounds, files are there already or cannot be written.
pub fn run(args: &MakeArgs) -> anyhow::Result<Exit> {
    args.check()?;
    let video = args.video();
    if args.quarters() != 0 {
        let endings = ["mp4", "mov", "m4v"];
        let ending = video.as_deref().and_then(Path::extension);
        let can_turn =
            ending.is_some_and(|ending| endings.iter().any(|e| ending.eq_ignore_ascii_case(e)));
        ensure!(
            can_turn,
            "--rotate needs a video that ends in .mp4, .mov or .m4v"
        );
    }
    if let Some(video) = &video {
        ensure!(
            video.extension().is_some(),
            "{} has no ending; it says what kind of file to write, please add .mp4",
            video.display()
        );
    }
    let Some(beside) = video.as_ref().or(args.images.as_ref()) else {
        bail!("neither a video nor images are to be written");
    };
    let truth = beside.with_extension("truth.csv");
    for path in video.iter().chain([&truth]) {
        ensure!(
            args.overwrite || !path.exists(),
            "{} is there already; --overwrite replaces it",
            path.display()
        );
    }

    let count = match args.frames {
        Some(count) => count,
        None => ((f64::from(args.seconds) * args.fps).round() as usize).max(1),
    };
    let mut times = frame_times(count, args.fps, args.variable_frame_rate, args.seed);
    if args.frames.is_none() {
        // Longer gaps make for fewer frames, not for a longer video.
        let end = (f64::from(args.seconds) * f64::from(TICKS_PER_SECOND)).round() as i64;
        times.retain(|&time| time == 0 || time < end);
    }
    let count = times.len();
    let last = times.last().copied().unwrap_or_default();
    let seconds = last as f32 / TICKS_PER_SECOND as f32 + 1.0 / args.fps as f32;
    let clip = Clip::new(
        &ClipOptions {
            width: args.size.width,
            height: args.size.height,
            seconds,
            faces: args.faces,
            most_angle: args.max_angle,
            absent: args.absent.clone(),
            occluded: args.occlude.clone(),
            restless: args.restless,
        },
        args.seed,
    );
    let film = Film {
        video,
        images: args.images.clone(),
        truth,
        times,
        frame_rate: args.fps,
        quarters: args.quarters(),
        threads: render_threads(args.size.width, args.size.height),
    };
    let mut bar = Counter::new(count);
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
    }
    let made = film.make(&clip, |done| {
        bar.show(done);
        match signal.load(Ordering::Relaxed) {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    });
    bar.end();
    match made {
        Ok(encoder) => {
            if !args.quiet {
                report(&film, encoder);
            }
            Ok(Exit::Code(GOOD))
        }
        Err(FilmError::Stopped) => Ok(Exit::Signal(signal.load(Ordering::Relaxed) as i32)),
        Err(error) => Err(error.into()),
    }
}

/// Says what was made.
fn report(film: &Film, encoder: Option<&str>) {
    let mut text = String::new();
    if let (Some(video), Some(encoder)) = (&film.video, encoder) {
        text += &format!("video: {} ({encoder})\n", video.display());
        if encoder == "mpeg4" {
            text += "note: this FFmpeg has no H.264 encoder, so the video is MPEG-4\n";
        }
    }
    if let Some(folder) = &film.images {
        text += &format!("images: {}\n", folder.display());
    }
    text += &format!("truth: {}\n", film.truth.display());
    // Nobody is left to tell when this fails.
    let _ = super::super::print(text);
}

/// How many frames are done, on a terminal only.
struct Counter {
    count: usize,
    is_shown: bool,
}

impl Counter {
    fn new(count: usize) -> Self {
        Self {
            count,
            is_shown: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, done: usize) {
        if self.is_shown && (done.is_multiple_of(10) || done == self.count) {
            let _ = write!(io::stderr(), "\rframe {done} of {}", self.count);
        }
    }

    fn end(&mut self) {
        if self.is_shown {
            let _ = writeln!(io::stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_or_refused() {
        let span = Span { from: 4.0, to: 6.5 };
        assert_eq!(parse_span("4-6.5"), Ok(span));
        for nonsense in ["", "4", "6-4", "a-b", "-4", "1-inf", "3-3"] {
            assert!(parse_span(nonsense).is_err(), "{nonsense}");
        }
    }
}
