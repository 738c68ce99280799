//! A decoded picture of which only those parts are converted that somebody looks at.
//!
//! An upright picture of pixels is cut into tiles. Whoever asks for a run of pixels gets them, and the
//! tiles that they lie in are converted before, if they are not yet. So what is read never depends on
//! what was read before, only the time that it takes does.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use super::convert::Converter;
use super::format::Planes;
use super::orientation::Orientation;

/// Columns and rows of a tile, as the picture is stored: long runs of a few rows, because each run has a
/// cost of its own and memory is read fastest along rows. Whole runs on turned pictures were slower with
/// tiles of 64 x 64.
const TILE: (usize, usize) = (256, 32);

/// The memory of pictures, kept from one to the next.
#[derive(Debug, Default)]
pub struct TileBuffer {
    pixels: Vec<u8>,
    work: RefCell<Work>,
}

#[derive(Debug, Default)]
struct Work {
    converter: Option<Converter>,
    /// Which tiles are converted, row after row.
    done: Vec<bool>,
    /// Stored rows of a tile that is turned.
    lying: Vec<u8>,
}

/// A picture that is converted where it is read.
#[derive(Debug)]
pub struct TiledPicture<'a> {
    planes: Planes<'a>,
    orientation: Orientation,
    width: usize,
    height: usize,
    /// Columns and rows of a tile, upright.
    tile: (usize, usize),
    tiles_across: usize,
    /// Rows of `3 * width` bytes. Of a tile that is marked as done they are never written again.
    pixels: &'a [Cell<u8>],
    work: &'a RefCell<Work>,
}

impl TileBuffer {
    /// Looks at a decoded picture, made upright; nothing of it is converted yet.
    pub fn picture<'a>(
        &'a mut self,
        planes: Planes<'a>,
        orientation: Orientation,
    ) -> TiledPicture<'a> {
        let (width, height) = orientation.apply_to((planes.width(), planes.height()));
        let tile = orientation.apply_to(TILE);
        let tiles_across = width.div_ceil(tile.0);
        let Self {
            pixels,
            work: shared_work,
        } = self;
        let work = shared_work.get_mut();
        // What is in there is never read before it is written.
        pixels.resize(3 * width * height, 0);
        work.done.clear();
        work.done
            .resize(tiles_across * height.div_ceil(tile.1), false);
        if !work.converter.as_ref().is_some_and(|it| it.fits(&planes)) {
            let size = (planes.width(), planes.height());
            work.converter = Some(Converter::new(planes.format(), size.0, size.1));
        }
        TiledPicture {
            planes,
            orientation,
            width,
            height,
            tile,
            tiles_across,
            pixels: Cell::from_mut(&mut pixels[..]).as_slice_of_cells(),
            work: shared_work,
        }
    }
}

impl TiledPicture<'_> {
    /// Width in pixels, upright.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, upright.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns `columns` of row `y`, three bytes each: blue, green, red.
    ///
    /// # Panics
    /// When they are not in the picture.
    #[inline]
    pub fn span(&self, y: usize, columns: Range<usize>) -> &[u8] {
        assert!(y < self.height && columns.start <= columns.end && columns.end <= self.width);
        if columns.is_empty() {
            return &[];
        }
        let (across, down) = self.tile;
        let first_tile = y / down * self.tiles_across;
        let tiles = first_tile + columns.start / across..first_tile + columns.end.div_ceil(across);
        let is_done = self.work.borrow().done[tiles.clone()]
            .iter()
            .all(|&done| done);
        if !is_done {
            self.convert(tiles);
        }
        let start = 3 * (y * self.width + columns.start);
        let cells = &self.pixels[start..start + 3 * columns.len()];
        // SAFETY: all tiles of these cells are done, checked or made so above, and `convert` writes
        // into no tile that is, so nothing changes behind a reference while `self` lives; cells of
        // bytes lie in memory as bytes do.
        unsafe { std::slice::from_raw_parts(cells.as_ptr().cast::<u8>(), cells.len()) }
    }

    /// Converts those of `tiles`, which are of one row of tiles, that are not done.
    #[cold]
    fn convert(&self, tiles: Range<usize>) {
        let work = &mut *self.work.borrow_mut();
        for tile in tiles {
            if !work.done[tile] {
                let (row, column) = (tile / self.tiles_across, tile % self.tiles_across);
                let (across, down) = self.tile;
                let columns = column * across..((column + 1) * across).min(self.width);
                let rows = row * down..((row + 1) * down).min(self.height);
                self.convert_tile(work, columns, rows);
                work.done[tile] = true;
            }
        }
    }

    fn convert_tile(&self, work: &mut Work, columns: Range<usize>, rows: Range<usize>) {
        let Some(converter) = &mut work.converter else {
            return;
        };
        if self.orientation.is_upright() {
            for y in rows {
                let pixels = converter.row(&self.planes, y, columns.clone());
                let start = 3 * (y * self.width + columns.start);
                put(pixels, &self.pixels[start..]);
            }
            return;
        }
        let (stored_columns, stored_rows) = self.stored(&columns, &rows);
        work.lying.clear();
        for y in stored_rows.clone() {
            let pixels = converter.row(&self.planes, y, stored_columns.clone());
            work.lying.extend_from_slice(pixels);
        }
        // The tile is a picture of its own, turned like the whole.
        let size = (stored_columns.len(), stored_rows.len());
        let source = self.orientation.source(size, 3, 3 * size.0 as isize);
        for (down, y) in rows.enumerate() {
            let start = 3 * (y * self.width + columns.start);
            let row = &self.pixels[start..start + 3 * columns.len()];
            let mut from = source.at(0, down);
            for [blue, green, red] in row.as_chunks::<3>().0 {
                let stored = &work.lying[from as usize..from as usize + 3];
                blue.set(stored[0]);
                green.set(stored[1]);
                red.set(stored[2]);
                from += source.per_column;
            }
        }
    }

    /// The part of the stored picture that `columns` and `rows` of the upright one are.
    fn stored(&self, columns: &Range<usize>, rows: &Range<usize>) -> (Range<usize>, Range<usize>) {
        let (width, height) = (self.planes.width(), self.planes.height());
        let mirrored = |range: &Range<usize>, size: usize| size - range.end..size - range.start;
        let (across, down) = match self.orientation.quarter_turns {
            0 => (columns.clone(), rows.clone()),
            1 => (rows.clone(), mirrored(columns, height)),
            2 => (mirrored(columns, width), mirrored(rows, height)),
            _ => (mirrored(rows, width), columns.clone()),
        };
        match self.orientation.flipped {
            true => (mirrored(&across, width), down),
            false => (across, down),
        }
    }
}

#[inline]
fn put(pixels: &[u8], cells: &[Cell<u8>]) {
    for (cell, &value) in cells.iter().zip(pixels) {
        cell.set(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::{Chroma, Depth, PictureFormat, Range as Brightness};
    use proptest::prelude::*;

    const FORMAT: PictureFormat = PictureFormat {
        chroma: Chroma::Quarter,
        depth: Depth::Eight,
        interleaved: false,
        range: Brightness::Limited,
    };

    fn planes(width: usize, height: usize) -> [Vec<u8>; 3] {
        let plane = |which: usize| {
            let (row, rows) = FORMAT.plane_size(which, width, height);
            (0..row * rows)
                .map(|i| (i * (7 + which) % 251) as u8)
                .collect()
        };
        [plane(0), plane(1), plane(2)]
    }

    fn look(planes: &[Vec<u8>; 3], width: usize, height: usize) -> Planes<'_> {
        let strides = [0, 1, 2].map(|plane| FORMAT.plane_size(plane, width, height).0);
        let bytes = planes.each_ref().map(|plane| &plane[..]);
        Planes::new(FORMAT, width, height, bytes, strides).unwrap()
    }

    /// The upright picture, converted row by row and turned pixel by pixel.
    fn whole(planes: &Planes<'_>, orientation: Orientation) -> Vec<u8> {
        let size = (planes.width(), planes.height());
        let mut converter = Converter::new(FORMAT, size.0, size.1);
        let mut stored = Vec::new();
        for y in 0..size.1 {
            stored.extend_from_slice(converter.row(planes, y, 0..size.0));
        }
        let source = orientation.source(size, 3, 3 * size.0 as isize);
        let (width, height) = orientation.apply_to(size);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places
            .flat_map(|(x, y)| stored[source.at(x, y) as usize..][..3].to_vec())
            .collect()
    }

    proptest! {
        #[test]
        fn any_part_is_that_of_the_whole(
            (width, height) in (1_usize..600, 1_usize..80),
            (quarter_turns, flipped) in (0_u8..4, any::<bool>()),
            spans in prop::collection::vec((0.0..1.0, 0.0..1.0, 0.0..1.0_f64), 1..12),
        ) {
            let bytes = planes(width, height);
            let planes = look(&bytes, width, height);
            let orientation = Orientation { quarter_turns, flipped };
            let expected = whole(&planes, orientation);
            let mut buffer = TileBuffer::default();
            // What an earlier picture left must not show.
            let other = vec![200; 3 * width * height + 1000];
            buffer.pixels = other;
            let picture = buffer.picture(planes, orientation);
            let (width, height) = (picture.width(), picture.height());
            let mut kept = Vec::new();
            for (y, start, end) in spans {
                let at = |share: f64, size: usize| (share * size as f64) as usize;
                let (start, end) = (at(start, width + 1), at(end, width + 1));
                let (y, columns) = (at(y, height), start.min(end)..start.max(end));
                kept.push((y, columns.clone(), picture.span(y, columns)));
            }
            for (y, columns, pixels) in kept {
                let start = 3 * (y * width + columns.start);
                prop_assert_eq!(pixels, &expected[start..start + 3 * columns.len()]);
            }
        }
    }
}
