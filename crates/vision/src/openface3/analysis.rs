//! What this pipeline measures on one frame: its part of a [`FrameAnalysis`].
//!
//! Plain data of a fixed layout, as the rest of the analysis. Success, confidence and what finding
//! the face remembers are where every pipeline has them.
//!
//! [`FrameAnalysis`]: crate::analysis::FrameAnalysis

use bytemuck::{Pod, Zeroable};

use super::{AUS, EMOTIONS, LANDMARKS};

/// Everything that the OpenFace 3.0 pipeline measures on one frame.
///
/// All-zero bytes are a valid value and mean that no face was ever found, or that the pipeline is
/// another.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct OpenFace3Analysis {
    /// How far the eyes are shut on this frame alone, 0 (open) to 5 (AU45 before smoothing). Zero
    /// unless [`has_closure`](Self::has_closure).
    pub closure: f64,
    /// The face's box in pixels: left, top, right, bottom, as the detector drew it. On a frame
    /// without success, the last one.
    pub face: [f32; 4],
    /// Landmarks in pixels: x of all 98, then y of all 98. Zeros unless
    /// [`has_landmarks`](Self::has_landmarks).
    pub landmarks: [f32; 2 * LANDMARKS],
    /// How present each action unit is, 0 to 1, in the network's order; NaN where the network said
    /// something that is no number. So are the next two. Zeros without success.
    pub aus: [f32; AUS],
    /// One logit per emotion.
    pub emotions: [f32; EMOTIONS],
    /// Yaw (positive to the left of the picture) and pitch (positive upward), in radians.
    pub gaze: [f32; 2],
    /// 1 when there are landmarks, else 0.
    pub has_landmarks: u32,
    /// 1 when the closure of at least one eye could be measured, else 0.
    pub has_closure: u32,
}

impl OpenFace3Analysis {
    /// Checks that the numbers can be a measurement, for analyses that come from another process.
    /// What the network says of action units, emotion and gaze may be anything.
    ///
    /// # Errors
    /// Says which part cannot be.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.has_landmarks > 1 || self.has_closure > 1 {
            return Err("a flag is neither 0 nor 1");
        }
        if self.face.iter().any(|v| !v.is_finite()) {
            return Err("the face's box is not a number");
        }
        if self.landmarks.iter().any(|v| !v.is_finite()) {
            return Err("a landmark is not a number");
        }
        if !(0.0..=5.0).contains(&self.closure) {
            return Err("the closure of the eyes is not between 0 and 5");
        }
        Ok(())
    }

    /// The position of landmark `i` in pixels.
    pub fn landmark(&self, i: usize) -> (f32, f32) {
        (self.landmarks[i], self.landmarks[LANDMARKS + i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_noticed() {
        let good = OpenFace3Analysis::zeroed();
        assert_eq!(good.check(), Ok(()));
        let spoil: [fn(&mut OpenFace3Analysis); 4] = [
            |a| a.has_closure = 2,
            |a| a.face[2] = f32::INFINITY,
            |a| a.landmarks[195] = f32::NAN,
            |a| a.closure = 5.1,
        ];
        for spoil in spoil {
            let mut bad = good;
            spoil(&mut bad);
            assert!(bad.check().is_err(), "{bad:?}");
        }
        let mut odd = good;
        odd.aus[3] = f32::NAN;
        assert_eq!(odd.check(), Ok(()));
    }
}
