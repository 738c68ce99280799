//! What a tracker needs of a face detector, and which of several faces it takes.
//!
//! How faces are found is the detectors' business.

use crate::image::BgrView;
use crate::network::NetworkError;

/// A face as a detector draws it, in pixels of the frame. It may reach beyond the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectedBox {
    /// Smallest x.
    pub left: f32,
    /// Smallest y.
    pub top: f32,
    /// Extent along x, positive.
    pub width: f32,
    /// Extent along y, positive.
    pub height: f32,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
}

/// Finds faces in a whole frame.
pub trait FaceDetector {
    /// All faces in `frame`, in the detector's own order.
    ///
    /// # Errors
    /// When a network cannot be run. That there is no face is not an error.
    fn faces(&mut self, frame: &BgrView<'_>) -> Result<&[DetectedBox], NetworkError>;
}

impl<D: FaceDetector + ?Sized> FaceDetector for Box<D> {
    fn faces(&mut self, frame: &BgrView<'_>) -> Result<&[DetectedBox], NetworkError> {
        (**self).faces(frame)
    }
}

/// The face to follow: the widest one, or, when there is a `preference` (x and y in pixels), the
/// one whose centre is nearest to it. The first among equals.
pub fn choose_face(faces: &[DetectedBox], preference: Option<[f32; 2]>) -> Option<DetectedBox> {
    // Smaller is better; `min_by` keeps the first of equals.
    let rank = |face: &DetectedBox| match preference {
        None => -face.width,
        Some([x, y]) => {
            let dx = face.left + face.width / 2.0 - x;
            let dy = face.top + face.height / 2.0 - y;
            dx * dx + dy * dy
        }
    };
    faces
        .iter()
        .copied()
        .min_by(|a, b| rank(a).total_cmp(&rank(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_face_is_taken_unless_another_is_preferred() {
        let face = |left: f32, width: f32| DetectedBox {
            left,
            top: 100.0,
            width,
            height: 50.0,
            confidence: 0.9,
        };
        let faces = [face(0.0, 60.0), face(200.0, 80.0), face(400.0, 80.0)];
        assert_eq!(choose_face(&faces, None), Some(faces[1]));
        assert_eq!(choose_face(&faces, Some([20.0, 90.0])), Some(faces[0]));
        assert_eq!(choose_face(&faces, Some([450.0, 0.0])), Some(faces[2]));
        assert_eq!(choose_face(&[], Some([0.0, 0.0])), None);
    }
}
