//! What a tracker remembers from frame to frame, and its bytes.
//!
//! The bytes are little-endian and the same on every machine, so that another process can go on
//! where one left off.

use super::LANDMARKS;
use super::rect::TurnedRect;
use super::smoothing::{COORDINATES, Smoothing};

/// Everything that the next frame's result depends on, beside its picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackerState {
    /// Where to look for each face on the next frame.
    pub(super) rects: Vec<TurnedRect>,
    pub(super) smoothing: Smoothing,
}

/// Bytes are not those of a tracker's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are not the state of a face landmarker's tracker")]
pub struct StateError {
    bytes: usize,
}

/// Bytes of a rectangle.
const RECT: usize = 5 * 4;
/// Bytes of the filter: two times, then three values for each coordinate.
const FILTER: usize = 8 + 8 + 3 * 4 * COORDINATES;

impl TrackerState {
    /// Most bytes that the state of a tracker of `faces` faces has.
    #[must_use]
    pub const fn most_bytes(faces: usize) -> usize {
        2 + RECT * faces + FILTER
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rects.clear();
        self.smoothing.clear();
    }

    /// Where faces are expected on the next frame.
    #[must_use]
    pub fn rects(&self) -> &[TurnedRect] {
        &self.rects
    }

    /// Appends its bytes: number of rectangles, each as five numbers, whether there is a filter, and
    /// that filter.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        // More than 255 faces are not tracked; see `Options`.
        bytes.push(u8::try_from(self.rects.len()).unwrap_or(u8::MAX));
        for rect in self.rects.iter().take(usize::from(u8::MAX)) {
            for value in rect.to_array() {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        bytes.push(self.smoothing.begun.into());
        if self.smoothing.begun {
            let Smoothing {
                last,
                rate,
                raw,
                speed,
                smooth,
                ..
            } = &self.smoothing;
            bytes.extend_from_slice(&last.to_le_bytes());
            bytes.extend_from_slice(&rate.to_le_bytes());
            for values in [raw, speed, smooth] {
                for value in values.iter() {
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
    }

    /// Becomes what `bytes` say.
    ///
    /// # Errors
    /// When they are not what [`TrackerState::write`] writes; nothing is remembered then.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.clear();
        let read = self.try_read(bytes);
        if read.is_none() {
            self.clear();
        }
        read.ok_or(StateError { bytes: bytes.len() })
    }

    fn try_read(&mut self, bytes: &[u8]) -> Option<()> {
        let (&count, mut bytes) = bytes.split_first()?;
        for _ in 0..count {
            let rect = [(); 5].map(|()| number(&mut bytes));
            let [Some(x), Some(y), Some(width), Some(height), Some(rotation)] = rect else {
                return None;
            };
            self.rects
                .push(TurnedRect::from_array([x, y, width, height, rotation]));
        }
        let (&begun, mut bytes) = bytes.split_first()?;
        match begun {
            0 => return bytes.is_empty().then_some(()),
            1 if bytes.len() == FILTER => {}
            _ => return None,
        }
        let Smoothing {
            begun,
            last,
            rate,
            raw,
            speed,
            smooth,
        } = &mut self.smoothing;
        *last = i64::from_le_bytes(*bytes.split_off(..8)?.first_chunk()?);
        *rate = f64::from_le_bytes(*bytes.split_off(..8)?.first_chunk()?);
        for values in [raw, speed, smooth] {
            for value in values.iter_mut() {
                *value = number(&mut bytes)?;
            }
        }
        *begun = true;
        Some(())
    }

    /// How far the points are apart that two trackers would give as those of their last frame,
    /// in pixels: the largest difference of a coordinate in the plane. `None` where one has a face
    /// and the other has not, or not the same number.
    #[must_use]
    pub fn distance(&self, other: &Self) -> Option<f32> {
        if self.rects.len() != other.rects.len() || self.smoothing.begun != other.smoothing.begun {
            return None;
        }
        if !self.smoothing.begun {
            return Some(0.0);
        }
        let points =
            |state: &Self| -> Vec<[f32; 3]> { state.smoothing.smooth.as_chunks().0.to_vec() };
        let pairs = points(self).into_iter().zip(points(other));
        let apart = pairs.map(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()));
        debug_assert_eq!(COORDINATES, 3 * LANDMARKS);
        Some(apart.fold(0.0, f32::max))
    }
}

fn number(bytes: &mut &[u8]) -> Option<f32> {
    let number = f32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?);
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(rects: usize, begun: bool) -> TrackerState {
        let mut state = TrackerState::default();
        let rect = |i: usize| TurnedRect::from_array([0.1, 0.2, 0.3, 0.4, i as f32]);
        state.rects.extend((0..rects).map(rect));
        if begun {
            let mut points = [[0.0; 3]; LANDMARKS];
            for time in 1..4 {
                for (i, point) in points.iter_mut().enumerate() {
                    *point = [i as f32, (i * time) as f32, 0.5];
                }
                state.smoothing.apply(&mut points, 33_000_000 * time as i64);
            }
        }
        state
    }

    #[test]
    fn bytes_hold_everything() {
        for (rects, begun) in [(0, false), (1, true), (3, false)] {
            let state = state(rects, begun);
            let mut bytes = Vec::new();
            state.write(&mut bytes);
            assert!(bytes.len() <= TrackerState::most_bytes(rects));
            let mut read = self::state(2, true);
            read.read(&bytes).unwrap();
            let mut again = Vec::new();
            read.write(&mut again);
            assert_eq!(bytes, again);
            assert_eq!(read.distance(&state), Some(0.0));
        }
    }

    #[test]
    fn other_bytes_are_refused_and_leave_nothing_behind() {
        let mut bytes = Vec::new();
        state(1, true).write(&mut bytes);
        let mut longer = bytes.clone();
        longer.push(0);
        let mut not_finite = bytes.clone();
        not_finite[1..5].copy_from_slice(&f32::NAN.to_le_bytes());
        for wrong in [
            &[] as &[u8],
            &[1],
            &bytes[..bytes.len() - 1],
            &longer,
            &[0, 2],
            &not_finite,
        ] {
            let mut read = state(1, true);
            let error = read.read(wrong).unwrap_err();
            assert!(error.to_string().starts_with(&wrong.len().to_string()));
            assert!(read.rects().is_empty() && !read.smoothing.begun);
        }
    }

    #[test]
    fn states_of_different_kinds_have_no_distance() {
        assert_eq!(state(1, true).distance(&state(0, false)), None);
        let mut moved = state(1, true);
        moved.smoothing.smooth[3 * 7 + 1] += 2.0;
        moved.smoothing.smooth[3 * 9 + 2] += 5.0;
        assert_eq!(state(1, true).distance(&moved), Some(2.0));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = TrackerState::default().read(&bytes);
        }
    }
}
