//! How a camera was held, and which stored pixel an upright one comes from.

/// A clockwise turn that makes the picture upright, after an optional left-right flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    /// Quarter turns clockwise, 0 to 3.
    pub quarter_turns: u8,
    /// Whether the stored picture is mirrored left-right first.
    pub flipped: bool,
}

/// Where pixels of an upright picture lie in the stored one, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// Of the upper left pixel.
    pub first: isize,
    /// From one pixel of a row to the next.
    pub per_column: isize,
    /// From one row to the next.
    pub per_row: isize,
}

impl Source {
    /// Of the pixel at (`x`, `y`).
    pub fn at(&self, x: usize, y: usize) -> isize {
        self.first + self.per_column * x as isize + self.per_row * y as isize
    }
}

impl Orientation {
    /// Whether pictures can be used as they are stored.
    pub fn is_upright(self) -> bool {
        self == Self::default()
    }

    /// Width and height of a picture once it is upright.
    pub fn apply_to(self, (width, height): (usize, usize)) -> (usize, usize) {
        if self.quarter_turns % 2 == 1 {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where pixels of the upright picture lie in one stored as `width` x `height` pixels, where the
    /// next pixel of a row is `pixel` away and the next row `row`.
    pub fn source(self, (width, height): (usize, usize), pixel: isize, row: isize) -> Source {
        let (width, height) = (width as isize, height as isize);
        // As if the stored picture were mirrored already: column x is then width - 1 - x.
        let (first_column, column) = if self.flipped {
            (pixel * (width - 1), -pixel)
        } else {
            (0, pixel)
        };
        let (last_column, last_row) = (first_column + column * (width - 1), row * (height - 1));
        match self.quarter_turns {
            0 => Source {
                first: first_column,
                per_column: column,
                per_row: row,
            },
            1 => Source {
                first: first_column + last_row,
                per_column: -row,
                per_row: column,
            },
            2 => Source {
                first: last_column + last_row,
                per_column: -column,
                per_row: -row,
            },
            _ => Source {
                first: last_column,
                per_column: row,
                per_row: -column,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 3 x 2 pixels, numbered row by row, made upright.
    fn turned(quarter_turns: u8, flipped: bool) -> Vec<isize> {
        let orientation = Orientation {
            quarter_turns,
            flipped,
        };
        let (width, height) = orientation.apply_to((3, 2));
        let source = orientation.source((3, 2), 1, 3);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places.map(|(x, y)| source.at(x, y)).collect()
    }

    #[test]
    fn turns_are_clockwise_and_come_after_the_flip() {
        assert_eq!(turned(0, false), [0, 1, 2, 3, 4, 5]);
        assert_eq!(turned(1, false), [3, 0, 4, 1, 5, 2]);
        assert_eq!(turned(2, false), [5, 4, 3, 2, 1, 0]);
        assert_eq!(turned(3, false), [2, 5, 1, 4, 0, 3]);
        assert_eq!(turned(0, true), [2, 1, 0, 5, 4, 3]);
        assert_eq!(turned(1, true), [5, 2, 4, 1, 3, 0]);
    }
}
