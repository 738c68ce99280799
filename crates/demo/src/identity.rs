//! Who the face is: everything about it that does not move.

use glam::Vec3;

use crate::random::Random;

/// How the hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HairStyle {
    /// Cropped: follows the skull.
    Short,
    /// Some volume on top, short at the sides.
    Full,
    /// Down to the shoulders.
    Long,
    /// A wreath, no hair on top.
    Receding,
    /// None.
    Bald,
}

/// Shape and colours of one face.
///
/// Proportions are factors about 1, offsets are in mm; colours are linear RGB, 0..1.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Width of the head.
    pub width: f32,
    /// Width of the jaw, on top of that.
    pub jaw_width: f32,
    /// How much lower the chin is.
    pub chin: f32,
    /// How far apart the eyes are: offset of each from where it normally is.
    pub eye_spread: f32,
    /// Size of the eyes.
    pub eye_size: f32,
    /// How much higher the outer corners of the eyes are.
    pub eye_slant: f32,
    /// How much higher the brows are.
    pub brow_height: f32,
    /// Thickness of the brows at their thickest, in mm.
    pub brow_thickness: f32,
    /// How much higher the brows' arch is.
    pub brow_arch: f32,
    /// How much lower the nose ends.
    pub nose_length: f32,
    /// Width of the nose.
    pub nose_width: f32,
    /// How far the nose stands out.
    pub nose_height: f32,
    /// Width of the mouth.
    pub mouth_width: f32,
    /// How much lower the mouth is.
    pub mouth_drop: f32,
    /// Thickness of the upper lip.
    pub upper_lip: f32,
    /// Thickness of the lower lip.
    pub lower_lip: f32,
    /// How full the cheeks are: 0 lean, 1 normal.
    pub cheeks: f32,
    /// How much age shows in the skin: 0 to 1.
    pub age: f32,
    /// Colour of the skin.
    pub skin: Vec3,
    /// How red the lips are against the skin, 0 to 1.
    pub lip_colour: f32,
    /// Colour of the hair and brows.
    pub hair: Vec3,
    /// How the hair is worn.
    pub hair_style: HairStyle,
    /// How far the hairline is up, in mm.
    pub hairline: f32,
    /// Colour of the irises.
    pub iris: Vec3,
    /// Shadow of a beard, 0 to 1.
    pub beard: f32,
    /// Colour of the clothes.
    pub clothes: Vec3,
    /// Gives freckles, strands and folds their places.
    pub texture_seed: u32,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            width: 1.0,
            jaw_width: 1.0,
            chin: 0.0,
            eye_spread: 0.0,
            eye_size: 1.0,
            eye_slant: 0.5,
            brow_height: 0.0,
            brow_thickness: 5.0,
            brow_arch: 0.0,
            nose_length: 0.0,
            nose_width: 1.0,
            nose_height: 1.0,
            mouth_width: 1.0,
            mouth_drop: 0.0,
            upper_lip: 1.0,
            lower_lip: 1.0,
            cheeks: 1.0,
            age: 0.3,
            skin: Vec3::new(0.62, 0.38, 0.27),
            lip_colour: 0.35,
            hair: Vec3::new(0.06, 0.035, 0.02),
            hair_style: HairStyle::Full,
            hairline: 0.0,
            iris: Vec3::new(0.10, 0.16, 0.22),
            beard: 0.0,
            clothes: Vec3::new(0.08, 0.12, 0.22),
            texture_seed: 1,
        }
    }
}

/// The colour of some cloth or thing: rather grey than bright.
pub(crate) fn dyed(random: &mut Random) -> Vec3 {
    let bright = random.unit().powi(2) * 0.6 + 0.01;
    let colour = Vec3::new(random.unit(), random.unit(), random.unit()).powf(2.2);
    Vec3::splat(bright).lerp(colour, random.between(0.1, 0.7))
}

impl Identity {
    /// Somebody.
    pub fn random(random: &mut Random) -> Self {
        /// From pale to dark.
        const SKINS: [Vec3; 6] = [
            Vec3::new(0.74, 0.49, 0.38),
            Vec3::new(0.66, 0.41, 0.29),
            Vec3::new(0.56, 0.34, 0.22),
            Vec3::new(0.42, 0.235, 0.14),
            Vec3::new(0.26, 0.135, 0.08),
            Vec3::new(0.14, 0.07, 0.042),
        ];
        const HAIRS: [Vec3; 7] = [
            Vec3::new(0.012, 0.010, 0.009),
            Vec3::new(0.03, 0.018, 0.012),
            Vec3::new(0.07, 0.038, 0.02),
            Vec3::new(0.15, 0.075, 0.035),
            Vec3::new(0.42, 0.27, 0.11),
            Vec3::new(0.26, 0.075, 0.025),
            Vec3::new(0.38, 0.37, 0.36),
        ];
        const IRISES: [Vec3; 5] = [
            Vec3::new(0.05, 0.025, 0.012),
            Vec3::new(0.12, 0.06, 0.025),
            Vec3::new(0.13, 0.13, 0.05),
            Vec3::new(0.12, 0.20, 0.27),
            Vec3::new(0.17, 0.20, 0.22),
        ];
        const STYLES: [HairStyle; 8] = [
            HairStyle::Short,
            HairStyle::Short,
            HairStyle::Full,
            HairStyle::Full,
            HairStyle::Long,
            HairStyle::Long,
            HairStyle::Receding,
            HairStyle::Bald,
        ];
        let tone = random.between(0.0, (SKINS.len() - 1) as f32);
        let (lower, share) = (tone as usize, tone.fract());
        let skin = SKINS[lower].lerp(SKINS[(lower + 1).min(SKINS.len() - 1)], share)
            * random.between(0.92, 1.08);
        // Dark skin goes with dark hair and eyes.
        let (hairs, irises) = if tone > 2.6 { (2, 2) } else { (7, 5) };
        let mut hair = *random.pick(&HAIRS[..hairs]) * random.between(0.8, 1.25);
        let age = random.unit();
        if age > 0.7 {
            hair = hair.lerp(HAIRS[6], random.between(0.0, 1.0));
        }
        let hair_style = *random.pick(&STYLES);
        let bearded = hair_style != HairStyle::Long && random.chance(0.4);
        Self {
            width: 1.0 + 0.035 * random.normal(),
            jaw_width: 1.0 + 0.04 * random.normal(),
            chin: 3.0 * random.normal(),
            eye_spread: 1.2 * random.normal(),
            eye_size: 1.0 + 0.05 * random.normal(),
            eye_slant: 0.8 + 0.8 * random.normal(),
            brow_height: 1.4 * random.normal(),
            brow_thickness: random.between(3.6, 7.0),
            brow_arch: 0.9 * random.normal(),
            nose_length: 1.8 * random.normal(),
            nose_width: 1.0 + 0.09 * random.normal(),
            nose_height: 1.0 + 0.07 * random.normal(),
            mouth_width: 1.0 + 0.05 * random.normal(),
            mouth_drop: 1.2 * random.normal(),
            upper_lip: 1.0 + 0.16 * random.normal(),
            lower_lip: 1.0 + 0.14 * random.normal(),
            cheeks: 1.0 + 0.35 * random.normal(),
            age,
            skin,
            lip_colour: random.unit()
                * if hair_style == HairStyle::Long {
                    1.0
                } else {
                    0.5
                },
            hair,
            hair_style,
            hairline: 7.0 * random.normal(),
            iris: *random.pick(&IRISES[..irises]),
            beard: if bearded {
                random.between(0.2, 0.85)
            } else {
                0.0
            },
            clothes: dyed(random),
            texture_seed: random.seed() as u32,
        }
    }
}
