//! The layers of the small convolutional networks that OpenFace ships in its own binary format.
//!
//! Reading one layer's numbers from a model file, and running it on the CPU. Which layers a
//! network has, and what the numbers in its file that name them mean, differs from file to file
//! and belongs to the readers of those files.

mod convolution;
mod dense;
mod direct;
mod pool;
mod prelu;

pub use convolution::Convolution;
pub use dense::Dense;
pub use pool::MaxPool;
pub use prelu::Prelu;

/// The most channels, or elements of a vector, that a layer may claim to have.
const MOST_CHANNELS: usize = 4096;

/// A stack of equally large maps; also a plain vector, as maps of one element each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Maps {
    /// Number of maps.
    pub channels: usize,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
    /// Map after map, row after row.
    pub data: Vec<f32>,
}

/// How large a stack of maps is, without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapsShape {
    /// Number of maps.
    pub channels: usize,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
}

impl MapsShape {
    /// Number of values in all maps together.
    pub fn count(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl Maps {
    /// The size of the stack.
    pub fn shape(&self) -> MapsShape {
        MapsShape {
            channels: self.channels,
            height: self.height,
            width: self.width,
        }
    }

    /// Takes on `shape`, keeping the allocation; the values are unspecified afterwards.
    pub fn reshape(&mut self, shape: MapsShape) {
        self.channels = shape.channels;
        self.height = shape.height;
        self.width = shape.width;
        self.data.resize(shape.count(), 0.0);
    }
}

#[cfg(test)]
mod tests;
