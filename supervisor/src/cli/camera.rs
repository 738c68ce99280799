//! The part of the command line that says what is known of the camera.
//!
//! What is not given is assumed for each frame's size; how is `faceau_vision`'s business.

use clap::Args;
use faceau_events::CameraOptions;

/// Options that describe the camera.
#[derive(Debug, Clone, Args)]
#[command(
    next_help_heading = "The camera, for what is measured in millimetres and for head pose and gaze"
)]
pub struct CameraArgs {
    /// Focal length in pixels of the picture as it is shown [default: 500 at 640x480, in
    /// proportion at other sizes]
    #[arg(long, value_name = "PIXELS", value_parser = length)]
    pub fx: Option<f64>,

    /// Focal length along y, if it is another one [default: as --fx]
    #[arg(long, value_name = "PIXELS", value_parser = length, requires = "fx")]
    pub fy: Option<f64>,

    /// Where the optical axis meets the picture, in pixels from its left edge [default: the middle]
    #[arg(long, value_name = "PIXELS", value_parser = position, allow_negative_numbers = true)]
    pub cx: Option<f64>,

    /// The same from its upper edge [default: the middle]
    #[arg(long, value_name = "PIXELS", value_parser = position, allow_negative_numbers = true)]
    pub cy: Option<f64>,
}

impl CameraArgs {
    /// What of the camera was given.
    pub fn options(&self) -> CameraOptions {
        let Self { fx, fy, cx, cy } = *self;
        CameraOptions { fx, fy, cx, cy }
    }
}

fn length(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number <= 1e6 {
        Ok(number)
    } else {
        Err("not between 0 and 1000000".to_owned())
    }
}

fn position(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.abs() <= 1e6 {
        Ok(number)
    } else {
        Err("not between -1000000 and 1000000".to_owned())
    }
}
