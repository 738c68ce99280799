//! What a pixel is worth: mm by the iris or by a distance of the pupils that somebody measured,
//! otherwise % of the distance of the outer corners of the eyes. One scale for a whole recording.

use crate::geometry::GeometryColumns;
use crate::thresholds::{IRIS_OPEN, IRIS_PIXELS, Thresholds};
use crate::timeline::Timeline;

/// How lengths are given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// mm, by the horizontal diameter of the iris.
    Iris {
        /// mm of a pixel.
        mm: f64,
        /// Median diameter in pixels.
        pixels: f64,
    },
    /// mm, by the distance of the pupils.
    Pupils {
        /// mm of a pixel.
        mm: f64,
    },
    /// % of the median distance of the outer corners of the eyes.
    Canthal {
        /// % of a pixel.
        percent: f64,
    },
    /// No face was measured.
    Unknown,
}

impl Scale {
    /// Of a recording. `open` says in which frames the eyes are open enough for irises to be seen.
    pub fn of(
        geometry: &GeometryColumns,
        timeline: &Timeline,
        closure: &[Option<f32>],
        thresholds: &Thresholds,
    ) -> Self {
        let median = |values: &[f32]| timeline.weighted(values).median();
        if let Some(pupil) = thresholds.pupil_mm
            && let Some(pixels) = median(&geometry.pupils).filter(|pixels| *pixels > 0.0)
        {
            return Self::Pupils { mm: pupil / pixels };
        }
        let open = |i: usize| {
            closure
                .get(i)
                .copied()
                .flatten()
                .is_none_or(|c| f64::from(c) < IRIS_OPEN)
        };
        let irises: Vec<f32> = geometry
            .iris
            .iter()
            .enumerate()
            .map(|(i, &iris)| if open(i) { iris } else { f32::NAN })
            .collect();
        if let Some(pixels) = median(&irises).filter(|pixels| *pixels >= IRIS_PIXELS) {
            return Self::Iris {
                mm: thresholds.iris_mm / pixels,
                pixels,
            };
        }
        match median(&geometry.canthal) {
            Some(pixels) if pixels > 0.0 => Self::Canthal {
                percent: 100.0 / pixels,
            },
            _ => Self::Unknown,
        }
    }

    /// What a pixel is worth in [`unit`](Self::unit).
    pub fn of_pixel(&self) -> f64 {
        match self {
            Self::Iris { mm, .. } | Self::Pupils { mm } => *mm,
            Self::Canthal { percent } => *percent,
            Self::Unknown => f64::NAN,
        }
    }

    /// As it stands in tables: `mm`, `canthal_pct`, or nothing.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Iris { .. } | Self::Pupils { .. } => "mm",
            Self::Canthal { .. } => "canthal_pct",
            Self::Unknown => "",
        }
    }

    /// Where it comes from: `iris`, `pupils`, `canthal`, or nothing.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Iris { .. } => "iris",
            Self::Pupils { .. } => "pupils",
            Self::Canthal { .. } => "canthal",
            Self::Unknown => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::FramePoints;
    use crate::testing::face_points;

    /// Twenty frames of a face with irises of so many pixels at a size.
    fn columns(size: f64, iris: f64) -> (GeometryColumns, Timeline) {
        let mut points = FramePoints::default();
        for (to, from) in points.face.iter_mut().zip(face_points()) {
            *to = [size * from[0], size * from[1]];
        }
        for eye in [0, 28] {
            for i in 0..8 {
                let angle = f64::from(i) * std::f64::consts::TAU / 8.0;
                let (x, r) = (if eye == 0 { 265.0 } else { 335.0 }, size * iris / 2.0);
                points.eyes[eye + i as usize] =
                    [size * x + r * angle.cos(), size * 200.0 + r * angle.sin()];
            }
        }
        let mut geometry = GeometryColumns::default();
        for _ in 0..20 {
            geometry.push(Some(&points), true, None);
        }
        let times = (0..20).map(|i| f64::from(i) * 0.04).collect();
        (geometry, Timeline::new(times, vec![true; 20]))
    }

    #[test]
    fn irises_set_the_scale_where_they_are_large_enough() {
        let set = Thresholds::default();
        let open = vec![Some(0.0); 20];
        let (geometry, timeline) = columns(1.0, 25.0);
        let scale = Scale::of(&geometry, &timeline, &open, &set);
        assert!((scale.of_pixel() - 11.71 / 25.0).abs() < 1e-6 && scale.unit() == "mm");
        // With the size of the picture the scale changes, so that mm stay.
        let (geometry, timeline) = columns(2.0, 25.0);
        let twice = Scale::of(&geometry, &timeline, &open, &set);
        assert!((twice.of_pixel() * 2.0 - scale.of_pixel()).abs() < 1e-6);
        // With shut eyes no iris is seen.
        let shut = vec![Some(0.9); 20];
        let scale = Scale::of(&geometry, &timeline, &shut, &set);
        assert_eq!((scale.unit(), scale.of_pixel()), ("canthal_pct", 0.5));
    }

    #[test]
    fn small_irises_leave_percent_and_pupils_are_the_users_word() {
        let mut set = Thresholds::default();
        let (geometry, timeline) = columns(1.0, 19.0);
        let scale = Scale::of(&geometry, &timeline, &[], &set);
        assert_eq!(scale, Scale::Canthal { percent: 1.0 });
        set.pupil_mm = Some(63.0);
        let scale = Scale::of(&geometry, &timeline, &[], &set);
        assert!((scale.of_pixel() - 63.0 / 70.0).abs() < 1e-6);
        assert_eq!(
            Scale::of(
                &GeometryColumns::default(),
                &Timeline::new(Vec::new(), Vec::new()),
                &[],
                &set
            ),
            Scale::Unknown
        );
    }
}
