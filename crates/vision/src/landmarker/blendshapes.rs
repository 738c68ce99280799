//! 52 coefficients of expression from 146 of the points, by one run of the blendshape network.
//!
//! Their names are ARKit's; left and right are the person's. What they are worth, and which of them
//! never move, is told in `docs/landmarker.md`.

use crate::network::{Network, NetworkError, Tensor, first_output};

use super::LANDMARKS;

/// Number of coefficients.
pub const BLENDSHAPES: usize = 52;

/// Their names, in the network's order.
pub const NAMES: [&str; BLENDSHAPES] = [
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
];

/// The points that the network looks at, in its order.
const POINTS: [usize; 146] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
];

/// The network and the buffers it needs.
#[derive(Debug)]
pub(crate) struct Blendshapes<N> {
    network: N,
    input: [f32; 2 * POINTS.len()],
    outputs: Vec<Tensor>,
}

impl<N: Network> Blendshapes<N> {
    /// Wraps a network that takes 1x146x2 floats (x and y of points in pixels) and returns 52
    /// coefficients from 0 to 1.
    pub fn new(network: N) -> Self {
        Self {
            network,
            input: [0.0; 2 * POINTS.len()],
            outputs: Vec::new(),
        }
    }

    /// The coefficients of a face whose points are at `landmarks`, in pixels.
    ///
    /// # Errors
    /// When the network cannot be run or does not return 52 values.
    pub fn rate(
        &mut self,
        landmarks: &[[f32; 3]; LANDMARKS],
    ) -> Result<&[f32; BLENDSHAPES], NetworkError> {
        for (to, &point) in self.input.as_chunks_mut().0.iter_mut().zip(&POINTS) {
            let [x, y, _] = landmarks[point];
            *to = [x, y];
        }
        self.network
            .run(&[1, POINTS.len(), 2], &self.input, &mut self.outputs)?;
        first_output(&self.network, &self.outputs)
    }
}

/// The coefficient called `name`.
///
/// # Panics
/// When there is none, which is found out when the program is compiled.
pub(crate) const fn index(name: &str) -> usize {
    let mut i = 0;
    while i < BLENDSHAPES {
        if same(NAMES[i].as_bytes(), name.as_bytes()) {
            return i;
        }
        i += 1;
    }
    panic!("no such blendshape")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::FakeNetwork;

    #[test]
    fn names_are_found() {
        assert_eq!(
            [index("_neutral"), index("jawOpen"), index("noseSneerRight")],
            [0, 25, 51]
        );
        assert!(std::panic::catch_unwind(|| index("jaw")).is_err());
    }

    #[test]
    fn the_network_gets_its_points_in_its_order() {
        assert!(POINTS.is_sorted() && POINTS[145] == LANDMARKS - 1);
        let network = FakeNetwork::new("blendshapes", |shape, input| {
            assert_eq!(shape, [1, 146, 2]);
            for (values, point) in input.chunks(2).zip(POINTS) {
                assert_eq!(values, [point as f32, 1000.0 + point as f32]);
            }
            vec![(vec![52], (0..52).map(|i| i as f32).collect())]
        });
        let landmarks = std::array::from_fn(|i| [i as f32, 1000.0 + i as f32, 7.0]);
        let mut network = Blendshapes::new(network);
        assert_eq!(network.rate(&landmarks).unwrap()[51], 51.0);
    }
}
