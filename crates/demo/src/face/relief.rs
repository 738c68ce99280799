//! What the features add to the head's depth: sockets, nose, lips, cheeks, chin.
//!
//! A sum of smooth bumps placed at the features, so that they move with identity and action
//! units.

use glam::Vec2;

use super::{Features, smooth_step};
use crate::{Au, AuIntensities, Identity};

/// A bump of Gaussian shape: centre, widths and height in mm.
#[derive(Debug, Clone, Copy)]
struct Bump {
    centre: Vec2,
    inverse: Vec2,
    height: f32,
}

/// The relief of one face.
#[derive(Debug, Clone)]
pub struct Relief {
    bumps: Vec<Bump>,
    nose: Nose,
    mouth: (Vec2, f32, f32, f32),
}

#[derive(Debug, Clone, Copy)]
struct Nose {
    tip: f32,
    base: f32,
    height: f32,
    width: f32,
}

impl Relief {
    /// The relief for these features.
    pub fn new(who: &Identity, aus: &AuIntensities, features: &Features) -> Self {
        let mut bumps = Vec::with_capacity(40);
        let mut bump = |x: f32, y: f32, wide: f32, high: f32, height: f32| {
            bumps.push(Bump {
                centre: Vec2::new(x, y),
                inverse: Vec2::new(1.0 / wide, 1.0 / high),
                height,
            });
        };
        let au = |unit: Au| aus[unit];
        let mouth = &features.mouth;
        let chin = 98.0 + 0.9 * (who.chin + mouth.jaw_drop);
        let raised_cheek = au(Au::Au06) + 0.5 * au(Au::Au12);
        for (i, eye) in features.eyes.iter().enumerate() {
            let side = eye.side;
            let (x, y) = (eye.centre.x, eye.centre.y);
            // Socket, deepest beside the nose, and the ball in it.
            bump(x - side * 3.0, y - 1.0, 17.0, 10.5, -8.5);
            bump(side * 15.5, y - 1.0, 7.0, 10.0, -6.0);
            bump(x, y - 0.5, 9.5, 7.5, 7.5);
            // The brow's ridge goes with the brow.
            let brow = features.point(if i == 0 { 19 } else { 24 });
            let inner = features.point(if i == 0 { 21 } else { 22 });
            bump(brow.x, brow.y + 2.0, 19.0, 6.5, 4.2);
            bump(inner.x, inner.y + 1.0, 9.0, 6.0, 1.5 + 0.5 * au(Au::Au04));
            // Cheekbone; the cheek's flesh, which raising pushes up and out.
            bump(x + side * 14.0, 27.0 - 0.6 * raised_cheek, 17.0, 13.0, 4.0);
            bump(
                x + side * 6.0,
                36.0 - 1.9 * raised_cheek,
                15.0,
                12.0 - 0.5 * raised_cheek,
                2.0 * who.cheeks + 1.0 * raised_cheek,
            );
            bump(
                side * 48.0,
                66.0,
                13.0,
                20.0,
                3.5 * (who.cheeks - 1.0) - 0.5,
            );
            // Temples are hollow.
            bump(side * 66.0, -22.0, 12.0, 18.0, -3.0);
            // Bag under the eye.
            bump(
                x,
                y + 11.5,
                12.0,
                4.5,
                1.0 + 0.8 * who.age + 0.35 * au(Au::Au06),
            );
            // The tightened lower lid bulges.
            let lid = eye.lower.at(x);
            bump(x, lid + 2.5, 11.0, 2.8, 0.32 * au(Au::Au07));
            // Flesh beside the mouth's corner.
            let corner = mouth.corners[i];
            bump(
                corner.x + side * 5.0,
                corner.y + 1.0,
                4.5,
                8.0,
                0.3 * au(Au::Au12),
            );
            bump(
                corner.x + side * 2.0,
                corner.y,
                3.0,
                3.0,
                -1.2 - 0.6 * au(Au::Au14),
            );
            // The dimpler's bulge behind its pit.
            bump(
                corner.x + side * 9.0,
                corner.y,
                4.0,
                6.0,
                0.4 * au(Au::Au14),
            );
            bump(
                corner.x + side * 5.0,
                corner.y + 9.0,
                6.0,
                5.0,
                0.45 * au(Au::Au15),
            );
        }
        bump(0.0, -14.0, 9.0, 9.0, -1.0 + 0.4 * au(Au::Au04));
        bump(0.0, -50.0, 38.0, 20.0, 2.0);
        // Below the lower lip, and the chin.
        let below = features.point(57).y;
        bump(0.0, below + 6.0, 16.0, 4.5, -3.6 + 0.4 * au(Au::Au17));
        bump(
            0.0,
            chin - 1.2 * au(Au::Au17),
            15.0,
            9.0,
            5.0 + 0.8 * au(Au::Au17),
        );
        bump(
            0.0,
            0.5 * (features.point(33).y + features.point(51).y),
            3.0,
            5.0,
            -1.3,
        );

        let lips = (features.point(51).y, features.point(57).y);
        Self {
            bumps,
            nose: Nose {
                tip: features.point(30).y,
                base: features.point(33).y,
                height: 25.0 * who.nose_height,
                width: who.nose_width,
            },
            mouth: (
                Vec2::new(0.0, 0.5 * (features.point(62).y + features.point(66).y)),
                mouth.corners[1].x,
                lips.0,
                lips.1,
            ),
        }
        .with_lips(aus, features)
    }

    fn with_lips(mut self, aus: &AuIntensities, features: &Features) -> Self {
        let (line, _, top, bottom) = self.mouth;
        let mut bump = |x: f32, y: f32, wide: f32, high: f32, height: f32| {
            self.bumps.push(Bump {
                centre: Vec2::new(x, y),
                inverse: Vec2::new(1.0 / wide, 1.0 / high),
                height,
            });
        };
        let half = features.mouth.corners[1].x;
        let full = 1.0 - 0.12 * aus[Au::Au28] - 0.05 * aus[Au::Au23];
        // The teeth behind push the mouth forward as a whole.
        bump(0.0, line.y, 0.95 * half, 17.0, 4.5);
        let upper = 0.55 * top + 0.45 * features.point(62).y;
        let lower = 0.5 * bottom + 0.5 * features.point(66).y;
        let (upper_high, lower_high) = (
            0.62 * (features.point(62).y - top).max(2.5),
            0.62 * (bottom - features.point(66).y).max(3.0),
        );
        bump(0.0, upper, 0.5 * half, upper_high, 3.4 * full);
        bump(
            0.0,
            lower,
            0.46 * half,
            lower_high,
            4.4 * full + 0.35 * aus[Au::Au17],
        );
        bump(
            0.0,
            0.5 * (features.point(62).y + features.point(66).y),
            0.75 * half,
            1.8,
            -1.6,
        );
        self
    }

    /// Height in mm to add at this place.
    pub fn at(&self, place: Vec2) -> f32 {
        let mut height = self.nose.at(place);
        for bump in &self.bumps {
            let d = (place - bump.centre) * bump.inverse;
            let distance = d.length_squared();
            if distance < 9.0 {
                // e^(-d²) would do; this has no tail to cut off.
                let fall = 1.0 - distance / 9.0;
                let fall2 = fall * fall;
                let fall4 = fall2 * fall2;
                height += bump.height * fall4 * fall4;
            }
        }
        height
    }
}

impl Nose {
    fn at(&self, place: Vec2) -> f32 {
        let (x, y) = (place.x.abs(), place.y);
        if x > 26.0 || y < -22.0 || y > self.base + 8.0 {
            return 0.0;
        }
        let root = -9.0;
        // The ridge rises from the root to the tip and falls to the base.
        let along = ((y - root) / (self.tip - root)).clamp(0.0, 1.0);
        let rise = smooth_step(-22.0, root, y) * 3.0 + along.powf(1.25) * (self.height - 3.0);
        let fall = 1.0 - smooth_step(self.tip + 2.5, self.base + 2.0, y);
        let width = (5.8 + 3.6 * along.powf(2.0)) * (0.4 + 0.6 * self.width);
        let across = (x / width).powi(2);
        // Flat on top, so that the ridge is no edge.
        let ridge = rise * fall / (1.0 + 0.55 * across + 0.45 * across * across);
        let ridge = ridge * smooth_step(26.0, 16.0, x);
        let ball = Vec2::new(x / (8.5 * self.width), (y - self.tip - 1.0) / 7.5).length_squared();
        let ridge = ridge + 2.2 * (-ball).exp();
        // The wings stand beside the tip.
        let wing = Vec2::new(
            (x - 10.0 * self.width) / (5.2 * self.width),
            (y - (self.base - 5.2)) / 6.6,
        );
        let d = wing.length_squared();
        let wings = 10.5 * (self.height / 25.0) * (-d * d * 0.8).exp();
        // Smooth maximum, so that the wings do not stand on the ridge.
        let sum = ridge * ridge * ridge + wings * wings * wings;
        sum.cbrt()
    }
}
