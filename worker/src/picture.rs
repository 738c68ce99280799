//! What lies in a slot, as something that can be looked at: pixels, or planes of which only what is
//! looked at becomes pixels.

use faceau_shared::protocol::FrameTask;
use faceau_vision::colour::{Orientation, PictureFormat, Planes, TileBuffer, TiledPicture};
use faceau_vision::image::BgrView;

/// A frame's picture.
pub enum Picture<'a> {
    /// Pixels that are there.
    Pixels(BgrView<'a>),
    /// Pixels that are made when they are asked for.
    Tiles(TiledPicture<'a>),
}

impl<'a> Picture<'a> {
    /// Looks at `slot`, in which `task` says what lies. `buffer` is kept from frame to frame.
    ///
    /// # Errors
    /// Says what cannot be.
    pub fn of(
        task: &FrameTask,
        slot: &'a [u8],
        buffer: &'a mut TileBuffer,
    ) -> Result<Self, String> {
        let size = (task.width as usize, task.height as usize);
        let Some(planes) = task.planes else {
            let view = BgrView::new(slot, size.0, size.1, task.stride as usize);
            return Ok(Self::Pixels(view.map_err(|e| e.to_string())?));
        };
        let format = PictureFormat::from_code(planes.format)
            .ok_or_else(|| format!("there is no picture format {}", planes.format))?;
        let orientation = Orientation {
            quarter_turns: planes.quarter_turns,
            flipped: planes.flipped,
        };
        // A quarter turn swaps the sides, and another one swaps them back.
        let (width, height) = orientation.apply_to(size);
        let planes = Planes::packed(format, width, height, slot).map_err(|e| e.to_string())?;
        Ok(Self::Tiles(buffer.picture(planes, orientation)))
    }

    /// The picture, upright.
    pub fn view(&self) -> BgrView<'_> {
        match self {
            Self::Pixels(view) => *view,
            Self::Tiles(picture) => BgrView::of(picture),
        }
    }
}
