//! Options on how videos are read, as the command line names them.

use clap::Args;

use faceau_media::video::{DecoderWish, PixelAspect};
use faceau_media::{ClockZero, Reading};

use super::choice;
use faceau::settings::Choice;

/// How videos are read; folders of images need none of it.
#[derive(Debug, Clone, Args)]
pub struct VideoArgs {
    /// What becomes of videos whose pixels are not square
    #[arg(long, value_parser = choice::<PixelAspect>(),
          default_value = PixelAspect::Shown.value_name(), value_name = "SHAPE")]
    pub pixel_aspect: PixelAspect,

    /// Frames per second of files that hold no times, such as .h264 and .mjpeg [default: as the
    /// pictures say, else 25]
    #[arg(long, value_name = "N", value_parser = frame_rate)]
    pub fps: Option<f64>,

    /// Which track of pictures to analyse, where a file has several, counted from 1 [default: the
    /// main one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub track: Option<u16>,

    /// Where times of the table count from
    #[arg(long, value_parser = choice::<ClockZero>(),
          default_value = ClockZero::FirstFrame.value_name(), value_name = "ZERO")]
    pub clock: ClockZero,
}

fn frame_rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=2000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("not between 0.01 and 2000".to_owned())
    }
}

impl VideoArgs {
    /// The same for whoever reads videos.
    pub fn reading(&self, decoder: DecoderWish) -> Reading {
        Reading {
            decoder,
            pixel_aspect: self.pixel_aspect,
            track: self.track.map(usize::from),
            frame_rate: self.fps,
            clock: self.clock,
        }
    }
}
