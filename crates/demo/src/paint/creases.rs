//! Folds and wrinkles: those that age leaves, and those that action units make.

use glam::Vec2;

use crate::face::{Features, smooth_step};
use crate::{Au, AuIntensities, Identity};

/// What folds do to the skin at a place.
#[derive(Debug, Clone, Copy)]
pub struct Fold {
    /// Slope of the surface.
    pub slope: Vec2,
    /// How open it lies, 0 to 1.
    pub openness: f32,
}

/// A groove along a line of a few points.
#[derive(Debug, Clone, Copy)]
struct Crease {
    points: [Vec2; 5],
    lowest: Vec2,
    highest: Vec2,
    width: f32,
    depth: f32,
}

/// All grooves of one face.
#[derive(Debug)]
pub struct Creases(Vec<Crease>);

impl Creases {
    pub fn new(who: &Identity, aus: &AuIntensities, features: &Features) -> Self {
        let mut all = Self(Vec::with_capacity(64));
        let au = |unit: Au| aus[unit] / 5.0;
        let age = who.age;
        all.forehead(au(Au::Au01), au(Au::Au02), age, features);
        for side in [-1.0_f32, 1.0] {
            all.between_brows(side, au(Au::Au04), au(Au::Au09), age, features);
            all.around_eye(side, aus, age, features);
            all.around_mouth(side, aus, age, features);
        }
        // Across the root of the nose.
        let root = features.point(27).y - 3.0;
        let across = 0.55 * au(Au::Au09) + 0.3 * au(Au::Au04);
        all.add(
            arc(Vec2::new(-9.0, root), Vec2::new(9.0, root), -1.0),
            1.0,
            across,
        );
        all.add(
            arc(
                Vec2::new(-8.0, root + 5.0),
                Vec2::new(8.0, root + 5.0),
                -1.2,
            ),
            0.9,
            0.7 * au(Au::Au09),
        );
        // Between lower lip and chin.
        let below = features.point(57).y + 6.0 - 1.5 * au(Au::Au17);
        let half = 13.0 + 3.0 * au(Au::Au17);
        all.add(
            arc(
                Vec2::new(-half, below + 2.5),
                Vec2::new(half, below + 2.5),
                -3.5,
            ),
            1.9,
            0.22 + 0.75 * au(Au::Au17),
        );
        all
    }

    fn forehead(&mut self, inner: f32, outer: f32, age: f32, features: &Features) {
        let up = 0.5 * (features.point(19).y + features.point(24).y);
        for (i, above) in [11.0, 19.5, 28.0].into_iter().enumerate() {
            let y = up - above;
            let weight = [0.8, 1.0, 0.75][i];
            // The inner raiser wrinkles the middle, the outer one the sides.
            self.add(
                arc(
                    Vec2::new(-21.0, y + 1.0),
                    Vec2::new(21.0, y + 1.0),
                    -2.2 + 4.0 * inner,
                ),
                1.35,
                weight * (0.95 * inner + 0.12 * age),
            );
            for side in [-1.0, 1.0] {
                let lateral = arc(
                    Vec2::new(side * 19.0, y + 1.5),
                    Vec2::new(side * 52.0, y + 6.0),
                    -4.5,
                );
                self.add(lateral, 1.35, weight * (0.95 * outer + 0.10 * age));
            }
        }
    }

    fn between_brows(
        &mut self,
        side: f32,
        lowered: f32,
        wrinkled: f32,
        age: f32,
        features: &Features,
    ) {
        let inner = features.point(if side < 0.0 { 21 } else { 22 });
        let x = 0.38 * inner.x;
        let depth = 1.15 * lowered + 0.25 * wrinkled + 0.16 * age;
        self.add(
            arc(
                Vec2::new(x, inner.y - 9.0),
                Vec2::new(x * 0.9, inner.y + 9.0),
                side * 1.2,
            ),
            1.25,
            depth,
        );
        self.add(
            arc(
                Vec2::new(0.75 * inner.x, inner.y - 7.0),
                Vec2::new(0.7 * inner.x, inner.y + 4.0),
                side * 1.0,
            ),
            1.0,
            0.55 * lowered,
        );
        // Around the wing of the nose.
        let wing = features.point(if side < 0.0 { 31 } else { 35 });
        self.add(
            arc(
                wing + Vec2::new(side * -0.5, -10.5),
                wing + Vec2::new(side * 0.2, 1.8),
                side * -2.6,
            ),
            1.1,
            0.55 + 0.2 * wrinkled,
        );
        // Bunny lines down the sides of the nose.
        for (i, from) in [2.0, 7.5, 13.0].into_iter().enumerate() {
            let start = Vec2::new(side * 3.5, from + 3.0);
            let end = Vec2::new(side * (13.5 - i as f32), from - 2.5);
            self.add(
                arc(start, end, side * 1.0),
                1.0,
                (0.9 - 0.15 * i as f32) * wrinkled,
            );
        }
    }

    fn around_eye(&mut self, side: f32, aus: &AuIntensities, age: f32, features: &Features) {
        let au = |unit: Au| aus[unit] / 5.0;
        let eye = &features.eyes[usize::from(side > 0.0)];
        let outer = features.point(if side < 0.0 { 36 } else { 45 });
        let squeeze = au(Au::Au06);
        // Crow's feet.
        for (i, (rise, long)) in [(-9.0, 13.0), (-2.5, 15.0), (4.5, 14.0), (10.0, 12.0)]
            .into_iter()
            .enumerate()
        {
            let start = outer + Vec2::new(side * 4.0, 0.55 * rise);
            let end = outer + Vec2::new(side * long, 1.25 * rise);
            let weight = [0.7, 1.0, 1.0, 0.7][i];
            self.add(
                arc(start, end, side * 0.8),
                1.0,
                weight * (0.95 * squeeze + 0.14 * age),
            );
        }
        // Folds under the lower lid.
        let low = eye.lower.at(eye.centre.x);
        let fold = |down: f32, wide: f32| {
            arc(
                Vec2::new(eye.centre.x - wide, low + down - 1.5),
                Vec2::new(eye.centre.x + wide, low + down - 1.5),
                3.5,
            )
        };
        self.add(
            fold(4.0, 13.0),
            1.1,
            0.12 + 0.95 * au(Au::Au07) + 0.2 * squeeze + 0.1 * age,
        );
        // The tightened lid bulges: a furrow runs from its inner corner below the bulge.
        let inner = features.point(if side < 0.0 { 39 } else { 42 });
        let tight = au(Au::Au07);
        self.add(
            arc(
                inner + Vec2::new(side * 0.5, 2.0),
                Vec2::new(eye.centre.x + side * 2.0, low + 6.8),
                -side * 1.5,
            ),
            1.4,
            1.1 * tight,
        );
        self.add(
            fold(8.5 - 2.0 * squeeze, 15.0),
            1.6,
            0.08 + 0.85 * squeeze + 0.22 * age,
        );
        // A blink presses the lid's corner.
        self.add(
            arc(outer, outer + Vec2::new(side * 5.0, 2.0), side * 0.3),
            0.9,
            0.25 * eye.closed,
        );
    }

    fn around_mouth(&mut self, side: f32, aus: &AuIntensities, age: f32, features: &Features) {
        let au = |unit: Au| aus[unit] / 5.0;
        let corner = features.point(if side < 0.0 { 48 } else { 54 });
        let wing = features.point(if side < 0.0 { 31 } else { 35 });
        // From the wing of the nose past the mouth's corner.
        let start = wing + Vec2::new(side * 3.0, -5.0);
        let end = corner + Vec2::new(side * (6.0 + 2.0 * au(Au::Au12)), 4.0 - 6.0 * au(Au::Au12));
        let middle = 0.5 * (start + end) + Vec2::new(side * (3.0 + 3.0 * au(Au::Au12)), -2.5);
        let upper = au(Au::Au09).max(au(Au::Au10));
        self.add(
            through(start, middle, end),
            2.1,
            0.10 + 0.32 * age
                + 0.75 * au(Au::Au12)
                + 0.35 * au(Au::Au06)
                + 0.5 * upper
                + 0.3 * au(Au::Au20),
        );
        let beside = start + (middle - start) * 0.9;
        self.add(
            arc(start + Vec2::new(0.0, -4.0), beside, side * 2.0),
            1.7,
            0.8 * upper,
        );
        // Corners drawn down, in, or apart.
        let down = corner + Vec2::new(side * 5.5, 15.0);
        self.add(
            arc(corner + Vec2::new(side * 1.5, 1.5), down, side * -1.5),
            1.7,
            0.95 * au(Au::Au15) + 0.15 * age,
        );
        let beside = |out: f32, high: f32| {
            arc(
                corner + Vec2::new(side * out, -high),
                corner + Vec2::new(side * out, high),
                side * -2.0,
            )
        };
        // The dimpler's pit, and the furrow behind its bulge.
        let dimple = au(Au::Au14);
        self.add(beside(4.5, 6.5), 1.9, 1.4 * dimple + 0.25 * au(Au::Au12));
        self.add(beside(10.0, 7.5), 1.8, 0.9 * dimple);
        self.add(beside(6.5, 9.0), 1.5, 0.85 * au(Au::Au20));
        self.add(beside(11.5, 12.0), 1.5, 0.6 * au(Au::Au20));
        // The tightened lips pucker the skin around them.
        for i in 0..3 {
            let x = corner.x * (0.25 + 0.25 * i as f32);
            let above = features.mouth.top.at(x) - 1.0;
            let under = features.mouth.bottom.at(x) + 1.0;
            let depth = 0.7 * au(Au::Au23) + 0.25 * au(Au::Au28);
            self.add(
                arc(Vec2::new(x, above - 6.0), Vec2::new(x * 0.96, above), 0.0),
                1.1,
                depth,
            );
            self.add(
                arc(Vec2::new(x * 0.96, under), Vec2::new(x, under + 6.0), 0.0),
                1.1,
                depth,
            );
        }
    }

    fn add(&mut self, points: [Vec2; 5], width: f32, depth: f32) {
        if depth < 0.01 {
            return;
        }
        let reach = Vec2::splat(3.0 * width);
        let fold = |start: Vec2, with: fn(Vec2, Vec2) -> Vec2| points.into_iter().fold(start, with);
        self.0.push(Crease {
            points,
            lowest: fold(points[0], Vec2::min) - reach,
            highest: fold(points[0], Vec2::max) + reach,
            width,
            depth: depth.min(1.4),
        });
    }

    /// What the folds do at this place.
    pub fn at(&self, place: Vec2) -> Fold {
        let mut fold = Fold {
            slope: Vec2::ZERO,
            openness: 1.0,
        };
        for crease in &self.0 {
            if place.cmpge(crease.lowest).all() && place.cmple(crease.highest).all() {
                crease.add_to(place, &mut fold);
            }
        }
        fold
    }
}

impl Crease {
    fn add_to(&self, place: Vec2, fold: &mut Fold) {
        let mut nearest = (f32::INFINITY, Vec2::ZERO, 0.0);
        for (i, pair) in self.points.windows(2).enumerate() {
            let along = pair[1] - pair[0];
            let t =
                ((place - pair[0]).dot(along) / along.length_squared().max(1e-6)).clamp(0.0, 1.0);
            let off = place - pair[0] - along * t;
            let distance = off.length_squared();
            if distance < nearest.0 {
                nearest = (distance, off, (i as f32 + t) / 4.0);
            }
        }
        let (distance, off, along) = nearest;
        let shape = (-0.5 * distance / (self.width * self.width)).exp();
        // Shallow towards the ends.
        let taper = smooth_step(0.0, 0.25, along) * smooth_step(1.0, 0.75, along);
        let depth = self.depth * shape * (0.15 + 0.85 * taper);
        fold.slope += off * (0.75 * depth / self.width);
        fold.openness *= 1.0 - 0.5 * depth.min(1.3) / 1.3;
    }
}

/// Five points from `a` to `b`, whose middle lies `bend` mm aside: below a line to the right, to
/// the left of a line downwards.
fn arc(a: Vec2, b: Vec2, bend: f32) -> [Vec2; 5] {
    let aside = (b - a).perp().normalize_or_zero() * bend;
    std::array::from_fn(|i| {
        let t = i as f32 / 4.0;
        a.lerp(b, t) + aside * (4.0 * t * (1.0 - t))
    })
}

/// Five points of the parabola through these three.
fn through(a: Vec2, middle: Vec2, b: Vec2) -> [Vec2; 5] {
    std::array::from_fn(|i| {
        let t = i as f32 / 4.0;
        let bend = middle - 0.5 * (a + b);
        a.lerp(b, t) + bend * (4.0 * t * (1.0 - t))
    })
}
