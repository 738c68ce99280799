//! What a pipeline is told, by whoever has the settings, for workers and for its table.

use serde::{Deserialize, Serialize};

/// What pipelines are told. A pipeline looks at what concerns it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Look for the face in the whole frame every so many frames; 0 = only when needed.
    pub redetect_every: u32,
    /// What is known of the camera.
    pub camera: Camera,
    /// What the OpenFace 3.0 pipeline is told.
    pub openface3: OpenFace3,
}

impl Options {
    /// As bytes, for another process of the same build.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Numbers into memory: it cannot fail.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// What [`to_bytes`](Self::to_bytes) made; `None` if it did not.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// What is known of the camera, in pixels; the rest is assumed for each frame's size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Focal lengths along x and y.
    pub focal: Option<[f64; 2]>,
    /// Principal point, x.
    pub cx: Option<f64>,
    /// Principal point, y.
    pub cy: Option<f64>,
}

/// What the OpenFace 3.0 pipeline is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFace3 {
    /// The whole frame is the face, and nothing looks for one.
    pub whole_frame: bool,
    /// Landmarks are placed and the closure of the eyes is measured.
    pub landmarks: bool,
    /// The closure of the eyes has a column; landmarks may be known without that.
    pub closure: bool,
    /// Results are as FaceMirror's, not as the networks were trained.
    pub as_facemirror: bool,
}

impl Default for OpenFace3 {
    /// Everything that it can measure.
    fn default() -> Self {
        Self {
            whole_frame: false,
            landmarks: true,
            closure: true,
            as_facemirror: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_travel_as_bytes() {
        let options = Options {
            redetect_every: 7,
            camera: Camera {
                focal: Some([1_234.567_890_123, 0.1 + 0.2]),
                ..Camera::default()
            },
            ..Options::default()
        };
        assert_eq!(Options::from_bytes(&options.to_bytes()), Some(options));
        assert_eq!(Options::from_bytes(&[1, 0]), None);
    }
}
