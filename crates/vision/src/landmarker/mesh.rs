//! 478 points from a crop of the face by one run of the landmark network ("Face Mesh V2"), and
//! whether there is a face at all.

use crate::image::BgrView;
use crate::network::{Network, NetworkError, Tensor};
use crate::warp::Outside;

use super::crop::Crop;
use super::detection::sigmoid;
use super::rect::TurnedRect;
use super::{LANDMARKS, PictureSize};

/// Side of the network's input in pixels.
const SIDE: usize = 256;

/// The network and the buffers it needs.
#[derive(Debug)]
pub(crate) struct Mesh<N> {
    network: N,
    crop: Crop,
    outputs: Vec<Tensor>,
}

impl<N: Network> Mesh<N> {
    /// Wraps a network that takes 1x256x256x3 floats (R, G, B of each pixel, 0 to 1) and returns
    /// x, y and z of each point in turn in pixels of the crop, and a logit of the face's presence.
    pub fn new(network: N) -> Self {
        let scale = 1.0_f32 / 255.0;
        Self {
            network,
            crop: Crop::new(SIDE, Outside::Edge, |level| f32::from(level) * scale),
            outputs: Vec::new(),
        }
    }

    /// Places the points of the face in `rect`, in shares of the picture (z in shares of its width),
    /// and returns how sure the network is that there is a face, 0 to 1.
    ///
    /// # Errors
    /// When the network cannot be run or does not return as many values.
    pub fn locate(
        &mut self,
        picture: &BgrView<'_>,
        rect: &TurnedRect,
        points: &mut [[f32; 3]; LANDMARKS],
    ) -> Result<f32, NetworkError> {
        let input = self.crop.take(picture, rect);
        self.network
            .run(&[1, SIDE, SIDE, 3], input, &mut self.outputs)?;
        let (raw, presence) = match self.outputs.as_slice() {
            [points, presence, ..] => (points.data.as_chunks().0, presence.data.as_slice()),
            _ => (&[] as _, &[] as _),
        };
        let (Ok(raw), [logit]) = (<&[[f32; 3]; LANDMARKS]>::try_from(raw), presence) else {
            return Err(NetworkError {
                network: self.network.name().to_owned(),
                reason: format!(
                    "it returned {} points and {} presences instead of {LANDMARKS} and 1",
                    raw.len(),
                    presence.len()
                ),
            });
        };
        project(raw, rect, PictureSize::of(picture), points);
        Ok(sigmoid(*logit))
    }
}

/// From pixels of the crop to shares of the picture.
fn project(
    raw: &[[f32; 3]; LANDMARKS],
    rect: &TurnedRect,
    size: PictureSize,
    points: &mut [[f32; 3]; LANDMARKS],
) {
    let (width, height) = (rect.width * size.width, rect.height * size.height);
    let centre = [rect.x * size.width, rect.y * size.height];
    let (sin, cos) = rect.rotation.sin_cos();
    // Where the crop's corner lies.
    let left = -0.5 * width * cos + 0.5 * height * sin + centre[0];
    let top = -0.5 * height * cos - 0.5 * width * sin + centre[1];
    // Depth goes with the length of the rectangle's upper edge in shares of the picture, which in
    // a picture that is no square depends a little on the rotation.
    let depth = (width * cos / size.width).hypot(width * sin / size.height);
    for (point, raw) in points.iter_mut().zip(raw) {
        let [x, y, z] = raw.map(|value| value / SIDE as f32);
        *point = [
            (width * cos * x - height * sin * y + left) / size.width,
            (width * sin * x + height * cos * y + top) / size.height,
            z * depth,
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::FakeNetwork;

    #[test]
    fn points_go_back_to_where_the_rectangle_was() {
        let network = FakeNetwork::new("mesh", |shape, input| {
            assert_eq!(shape, [1, 256, 256, 3]);
            assert!(input.iter().all(|v| *v == 51.0 * (1.0_f32 / 255.0)));
            let mut points = vec![0.0; 3 * LANDMARKS];
            points[3..9].copy_from_slice(&[256.0, 0.0, 0.0, 64.0, 128.0, -64.0]);
            vec![(vec![1, 1, 1, 1434], points), (vec![1, 1, 1, 1], vec![0.0])]
        });
        let pixels = [51; 3 * 200 * 100];
        let picture = BgrView::new(&pixels, 200, 100, 600).unwrap();
        // 40 x 40 px around (100, 50), a quarter turned: its upper left corner is on the right.
        let rect = TurnedRect::from_array([0.5, 0.5, 0.2, 0.4, std::f32::consts::FRAC_PI_2]);
        let mut points = [[9.0; 3]; LANDMARKS];
        let presence = Mesh::new(network)
            .locate(&picture, &rect, &mut points)
            .unwrap();
        assert_eq!(presence, 0.5);
        let expected = [[120.0, 30.0, 0.0], [120.0, 70.0, 0.0], [100.0, 40.0, -0.1]];
        for (ours, expected) in points.iter().zip(expected) {
            let ours = [ours[0] * 200.0, ours[1] * 100.0, ours[2]];
            for (ours, expected) in ours.into_iter().zip(expected) {
                assert!((ours - expected).abs() < 1e-4, "{ours} {expected}");
            }
        }
    }

    #[test]
    fn outputs_of_another_shape_are_an_error() {
        let points = (vec![1, 1, 1, 1434], vec![0.0; 1434]);
        for wrong in [vec![], vec![points.clone()], vec![points.clone(), points]] {
            let network = FakeNetwork::new("mesh", move |_, _| wrong.clone());
            let picture = BgrView::new(&[0; 48], 4, 4, 12).unwrap();
            let rect = TurnedRect::from_array([0.5, 0.5, 1.0, 1.0, 0.0]);
            let mut points = [[0.0; 3]; LANDMARKS];
            let error = Mesh::new(network)
                .locate(&picture, &rect, &mut points)
                .unwrap_err();
            assert!(error.to_string().contains("478"), "{error}");
        }
    }
}
