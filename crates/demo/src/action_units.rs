//! The action units that the face can show, and how strongly it shows each.

use std::ops::{Index, IndexMut};

/// An action unit of the Facial Action Coding System.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Au {
    /// Inner brow raiser.
    Au01,
    /// Outer brow raiser.
    Au02,
    /// Brow lowerer.
    Au04,
    /// Upper lid raiser.
    Au05,
    /// Cheek raiser.
    Au06,
    /// Lid tightener.
    Au07,
    /// Nose wrinkler.
    Au09,
    /// Upper lip raiser.
    Au10,
    /// Lip corner puller.
    Au12,
    /// Dimpler.
    Au14,
    /// Lip corner depressor.
    Au15,
    /// Chin raiser.
    Au17,
    /// Lip stretcher.
    Au20,
    /// Lip tightener.
    Au23,
    /// Lips part.
    Au25,
    /// Jaw drop.
    Au26,
    /// Lip suck.
    Au28,
    /// Blink.
    Au45,
}

impl Au {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::Au01,
        Self::Au02,
        Self::Au04,
        Self::Au05,
        Self::Au06,
        Self::Au07,
        Self::Au09,
        Self::Au10,
        Self::Au12,
        Self::Au14,
        Self::Au15,
        Self::Au17,
        Self::Au20,
        Self::Au23,
        Self::Au25,
        Self::Au26,
        Self::Au28,
        Self::Au45,
    ];

    /// The name in OpenFace's tables, such as `AU01`.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 18] = [
            "AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12", "AU14", "AU15",
            "AU17", "AU20", "AU23", "AU25", "AU26", "AU28", "AU45",
        ];
        NAMES[self as usize]
    }
}

/// How strongly each action unit shows: 0 is not at all, 1 a trace (FACS: A), 5 the most (E).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AuIntensities([f32; Au::ALL.len()]);

impl AuIntensities {
    /// A face at rest.
    pub const NEUTRAL: Self = Self([0.0; Au::ALL.len()]);

    /// A face that shows `shown` and nothing else. Intensities are clamped to 0..5.
    pub fn of(shown: &[(Au, f32)]) -> Self {
        let mut all = Self::NEUTRAL;
        for &(au, intensity) in shown {
            all[au] = intensity.clamp(0.0, 5.0);
        }
        all
    }

    /// Intensities in the order of [`Au::ALL`].
    pub fn values(&self) -> &[f32; Au::ALL.len()] {
        &self.0
    }
}

impl Index<Au> for AuIntensities {
    type Output = f32;

    fn index(&self, au: Au) -> &f32 {
        &self.0[au as usize]
    }
}

impl IndexMut<Au> for AuIntensities {
    fn index_mut(&mut self, au: Au) -> &mut f32 {
        &mut self.0[au as usize]
    }
}
