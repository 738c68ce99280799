//! How a detector's box goes with landmarks, so that the landmarks of one frame tell where the
//! detector would draw its box.

use crate::tracking::face_box::FaceBox;

/// How the detector's box lies to that of the landmarks of the same frame. It is measured on every
/// look, so that it fits the person and takes no constants that a network's training decides.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Relation {
    /// From the landmarks' centre to the box's, in units of the landmarks' extent.
    offset: [f32; 2],
    /// The box's width and height in units of the landmarks' extent.
    size: [f32; 2],
}

impl Relation {
    /// As both were on one frame.
    pub(super) fn between(face: &FaceBox, landmarks: &FaceBox) -> Self {
        let extent = extent(landmarks);
        let ((fx, fy), (lx, ly)) = (face.center(), landmarks.center());
        Self {
            offset: [(fx - lx) / extent, (fy - ly) / extent],
            size: [face.width() / extent, face.height() / extent],
        }
    }

    /// The box that belongs to these landmarks.
    pub(super) fn face(&self, landmarks: &FaceBox) -> FaceBox {
        let extent = extent(landmarks);
        let (x, y) = landmarks.center();
        let [dx, dy] = self.offset.map(|offset| offset * extent);
        let [width, height] = self.size.map(|size| size * extent);
        FaceBox::around((x + dx, y + dy), width, height)
    }

    /// Its numbers, to be remembered.
    pub(super) fn to_array(self) -> [f32; 4] {
        let ([dx, dy], [width, height]) = (self.offset, self.size);
        [dx, dy, width, height]
    }

    /// From numbers that were remembered.
    pub(super) fn from_array([dx, dy, width, height]: [f32; 4]) -> Self {
        Self {
            offset: [dx, dy],
            size: [width, height],
        }
    }
}

/// Mean of width and height: turning the head changes it less than either.
fn extent(landmarks: &FaceBox) -> f32 {
    (landmarks.width() + landmarks.height()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_moves_and_grows_with_the_landmarks() {
        let landmarks = FaceBox::around((100.0, 120.0), 80.0, 120.0);
        let face = FaceBox::around((101.0, 110.0), 90.0, 140.0);
        let relation = Relation::between(&face, &landmarks);
        let same = relation.face(&landmarks);
        let larger = relation.face(&FaceBox::around((200.0, 220.0), 160.0, 240.0));
        let close = |a: FaceBox, b: FaceBox| {
            assert!((a.left - b.left).abs() < 1e-3 && (a.bottom - b.bottom).abs() < 1e-3);
        };
        close(same, face);
        close(larger, FaceBox::around((202.0, 200.0), 180.0, 280.0));
        assert_eq!(Relation::from_array(relation.to_array()), relation);
    }
}
