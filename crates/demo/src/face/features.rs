//! Where brows, eyes, nose and mouth are, seen from the front, and how action units move them.
//!
//! The points are the landmarks themselves (numbered as in the 300-W annotations), so whatever is
//! painted or modelled along them agrees with the truth by construction. The jaw's points
//! (0 to 16) lie on the surface; see [`Surface`](super::Surface).

use glam::Vec2;

use super::Curve;
use crate::{Au, AuIntensities, Identity};

/// Index of the first landmark that is not on the jaw.
const FIRST: usize = 17;
/// How far apart the edges of closed lips are in mm.
const CLOSED: f32 = 0.3;

/// One eye.
#[derive(Debug, Clone, Copy)]
pub struct Eye {
    /// Middle between the corners.
    pub centre: Vec2,
    /// Edge of the upper lid, from the smaller x to the larger.
    pub upper: Curve,
    /// Edge of the lower lid.
    pub lower: Curve,
    /// Smallest and largest x.
    pub ends: (f32, f32),
    /// Middle of the iris.
    pub iris: Vec2,
    /// Radius of the iris in mm.
    pub iris_radius: f32,
    /// +1 when the outer corner is at the larger x.
    pub side: f32,
    /// How far the lids are closed, 0 to 1.
    pub closed: f32,
    /// How far the upper lid is raised above where it rests, 0 to 1.
    pub raised: f32,
}

/// The mouth.
#[derive(Debug, Clone, Copy)]
pub struct Mouth {
    /// Upper edge of the upper lip.
    pub top: Curve,
    /// Lower edge of the upper lip.
    pub upper: Curve,
    /// Upper edge of the lower lip.
    pub lower: Curve,
    /// Lower edge of the lower lip.
    pub bottom: Curve,
    /// Corners: smaller x, larger x.
    pub corners: [Vec2; 2],
    /// How far the jaw has dropped, in mm.
    pub jaw_drop: f32,
    /// Where the upper teeth end.
    pub teeth: f32,
    /// How tightly the lips are pressed together, 0 to 1.
    pub tightened: f32,
}

/// All features, seen from the front.
#[derive(Debug, Clone)]
pub struct Features {
    points: [Vec2; 68 - FIRST],
    /// The eyes: the picture's left, the picture's right.
    pub eyes: [Eye; 2],
    /// The mouth.
    pub mouth: Mouth,
}

impl Features {
    /// The features of this face showing these action units. `gaze` moves the irises, in mm.
    pub fn new(who: &Identity, aus: &AuIntensities, gaze: Vec2) -> Self {
        let mut points = [Vec2::ZERO; 68 - FIRST];
        place_brows(who, aus, &mut points);
        place_nose(who, aus, &mut points);
        let eyes = place_eyes(who, aus, gaze, &mut points);
        let mouth = place_mouth(who, aus, &mut points);
        Self {
            points,
            eyes,
            mouth,
        }
    }

    /// A landmark, 17 to 67.
    ///
    /// # Panics
    /// For others: those of the jaw have no place of their own.
    pub fn point(&self, landmark: usize) -> Vec2 {
        self.points[landmark - FIRST]
    }
}

/// The jaw's drop in mm.
pub fn jaw_drop(aus: &AuIntensities) -> f32 {
    3.4 * aus[Au::Au26]
}

fn place_brows(who: &Identity, aus: &AuIntensities, points: &mut [Vec2; 51]) {
    // From the outer end to the inner one.
    const REST: [(f32, f32); 5] = [
        (57.5, -12.5),
        (51.0, -18.5),
        (41.0, -21.2),
        (29.0, -20.0),
        (16.5, -16.5),
    ];
    const ARCH: [f32; 5] = [0.3, 1.0, 1.0, 0.4, -0.2];
    const INNER_UP: [f32; 5] = [0.0, 0.05, 0.4, 1.05, 1.5];
    const OUTER_UP: [f32; 5] = [1.0, 1.5, 1.2, 0.4, 0.0];
    const DOWN: [f32; 5] = [0.1, 0.35, 0.7, 1.0, 1.15];
    const INWARD: [f32; 5] = [0.0, 0.1, 0.3, 0.55, 0.8];
    for (i, (x, y)) in REST.into_iter().enumerate() {
        let x = x * who.width + 0.6 * who.eye_spread - INWARD[i] * aus[Au::Au04];
        let y = y
            - who.brow_height
            - ARCH[i] * who.brow_arch
            - INNER_UP[i] * aus[Au::Au01]
            - OUTER_UP[i] * aus[Au::Au02]
            + DOWN[i] * aus[Au::Au04]
            + 0.35 * DOWN[i] * aus[Au::Au09]
            + 0.25 * OUTER_UP[i] * aus[Au::Au06];
        points[i] = Vec2::new(-x, y);
        points[9 - i] = Vec2::new(x, y);
    }
}

fn place_nose(who: &Identity, aus: &AuIntensities, points: &mut [Vec2; 51]) {
    let tip = 35.0 + who.nose_length;
    // Wrinkling draws the wings up and the tip a little.
    let wings = -0.85 * aus[Au::Au09] - 0.3 * aus[Au::Au10];
    for i in 0..4 {
        let y = -1.0 + (tip + 1.0) * i as f32 / 3.0 + 0.25 * wings * (i as f32 / 3.0);
        points[10 + i] = Vec2::new(0.0, y);
    }
    let spread = who.nose_width * (1.0 + 0.02 * aus[Au::Au09] + 0.015 * aus[Au::Au12]);
    for (i, (x, y)) in [(13.5, 8.0), (7.2, 10.8), (0.0, 12.4)]
        .into_iter()
        .enumerate()
    {
        let up = wings * [1.0, 0.75, 0.4][i];
        points[14 + i] = Vec2::new(-x * spread, tip + y + up);
        points[18 - i] = Vec2::new(x * spread, tip + y + up);
    }
}

fn place_eyes(
    who: &Identity,
    aus: &AuIntensities,
    gaze: Vec2,
    points: &mut [Vec2; 51],
) -> [Eye; 2] {
    let closed = (aus[Au::Au45] / 5.0).clamp(0.0, 1.0);
    let half = 14.8 * who.eye_size;
    let raise = 5.9 * who.eye_size + 0.85 * aus[Au::Au05]
        - 0.55 * aus[Au::Au07]
        - 0.1 * aus[Au::Au06]
        - 0.06 * aus[Au::Au09];
    // Each that raises the lower lid must show, also when others do so as well.
    let below = 4.3 * who.eye_size
        - 0.26 * aus[Au::Au06]
        - 0.46 * aus[Au::Au07]
        - 0.06 * aus[Au::Au12]
        - 0.08 * aus[Au::Au09];
    let below = below.max(0.6);
    let raise = raise.max(0.8 - below);
    // A closing lid comes down to where the lower one is, which rises a little to meet it.
    let below_closed = below * (1.0 - 0.25 * closed);
    let above = raise + (-below_closed + 0.25 - raise) * closed;

    let eye = |side: f32, points: &mut [Vec2; 51]| {
        let centre = Vec2::new(side * (31.4 * who.width + who.eye_spread), 0.0);
        // Local: u along the eye, -1 at the inner corner to 1 at the outer; v down.
        let at = |u: f32, v: f32| {
            let tilt = -who.eye_slant * u + 0.5;
            Vec2::new(centre.x + side * u * half, centre.y + v + tilt)
        };
        let inner = at(-1.0, 1.2);
        let outer = at(1.0, -0.6);
        // The upper lid is highest on the inner side, the lower one lowest on the outer.
        let upper_inner = at(-0.36, -above);
        let upper_outer = at(0.36, -above * 0.97);
        let lower_inner = at(-0.36, below_closed * 0.94);
        let lower_outer = at(0.36, below_closed);
        let (u, l) = if side < 0.0 {
            points[19] = outer;
            points[20] = upper_outer;
            points[21] = upper_inner;
            points[22] = inner;
            points[23] = lower_inner;
            points[24] = lower_outer;
            (
                [outer, upper_outer, upper_inner, inner],
                [outer, lower_outer, lower_inner, inner],
            )
        } else {
            points[25] = inner;
            points[26] = upper_inner;
            points[27] = upper_outer;
            points[28] = outer;
            points[29] = lower_outer;
            points[30] = lower_inner;
            (
                [inner, upper_inner, upper_outer, outer],
                [inner, lower_inner, lower_outer, outer],
            )
        };
        Eye {
            centre,
            upper: Curve::through(&u),
            lower: Curve::through(&l),
            ends: (u[0].x, u[3].x),
            iris: centre + Vec2::new(0.0, -0.6) + gaze,
            iris_radius: 5.9,
            side,
            closed,
            raised: lid_raise(aus) / 5.0,
        }
    };
    [eye(-1.0, points), eye(1.0, points)]
}

/// The intensity of AU05 that can be seen: none while the eye is closed.
pub fn lid_raise(aus: &AuIntensities) -> f32 {
    aus[Au::Au05] * (1.0 - (aus[Au::Au45] / 5.0).clamp(0.0, 1.0))
}

/// How far each lip has left the lips' line in the middle of the mouth, in mm, down is positive: the
/// upper lip and the lower one, which is never less than [`CLOSED`] below it.
fn lip_edges(aus: &AuIntensities) -> (f32, f32) {
    let au = |unit: Au| aus[unit];
    let lift = -1.15 * au(Au::Au10) - 0.4 * au(Au::Au09) - 0.45 * au(Au::Au17);
    let upper_edge = lift - 0.4 * au(Au::Au25) - 0.25 * au(Au::Au12);
    let lower_edge = CLOSED + 1.05 * au(Au::Au25) + 0.88 * jaw_drop(aus) - 1.0 * au(Au::Au17)
        + 0.25 * au(Au::Au10)
        - 0.1 * au(Au::Au12)
        - 0.25 * au(Au::Au28);
    (upper_edge, lower_edge.max(upper_edge + CLOSED))
}

/// How far the lips are parted in the middle, in mm.
fn parting(aus: &AuIntensities) -> f32 {
    let (upper_edge, lower_edge) = lip_edges(aus);
    lower_edge - upper_edge - CLOSED
}

/// The intensity of AU25 that can be seen: the one that alone would part the lips as far as all
/// action units together do, 0 to 5. A jaw that drops and a lip that is raised part the lips as well,
/// a chin that is raised closes them; FACS scores what is seen.
pub fn lips_part(aus: &AuIntensities) -> f32 {
    let whole = parting(&AuIntensities::of(&[(Au::Au25, 5.0)]));
    (5.0 * parting(aus) / whole).clamp(0.0, 5.0)
}

fn place_mouth(who: &Identity, aus: &AuIntensities, points: &mut [Vec2; 51]) -> Mouth {
    let middle = 68.0 + who.mouth_drop + 0.4 * who.nose_length;
    let drop = jaw_drop(aus);
    let au = |unit: Au| aus[unit];

    let wide = 25.5 * who.mouth_width * who.width
        + 1.35 * au(Au::Au12)
        + 2.0 * au(Au::Au20)
        + 0.8 * au(Au::Au14)
        + 0.15 * au(Au::Au15)
        - 1.2 * au(Au::Au23)
        - 0.12 * drop
        - 0.5 * au(Au::Au17);
    let corner = -1.55 * au(Au::Au12) + 1.8 * au(Au::Au15) + 0.35 * au(Au::Au20)
        - 0.25 * au(Au::Au14)
        + 0.36 * drop
        - 0.2 * au(Au::Au17);
    let thin = (1.0 - 0.15 * au(Au::Au23))
        * (1.0 - 0.06 * au(Au::Au20))
        * (1.0 - 0.03 * au(Au::Au12))
        * (1.0 - 0.17 * au(Au::Au28));
    let thin = thin.max(0.12);
    let (upper_lip, lower_lip) = (who.upper_lip * thin, who.lower_lip * thin);

    let (upper_edge, lower_edge) = lip_edges(aus);
    let pout = 0.25 * au(Au::Au17);
    // The dimpler draws the corners in: the lips end in narrow tips.
    let tip = 1.0 - 0.11 * au(Au::Au14);

    // Shares of the half width, and how much a point goes along with the corner.
    let place = |share: f32, with_corner: f32, y: f32| {
        Vec2::new(share * wide, middle + corner * with_corner + y)
    };
    let sides = |index: [usize; 2], point: Vec2, points: &mut [Vec2; 51]| {
        points[index[0] - FIRST] = Vec2::new(-point.x, point.y);
        points[index[1] - FIRST] = point;
    };
    sides([48, 54], place(1.0, 1.0, 0.0), points);
    sides(
        [49, 53],
        place(0.66, 0.55, 0.55 * upper_edge - 4.4 * tip * upper_lip),
        points,
    );
    sides(
        [50, 52],
        place(0.27, 0.12, upper_edge - 7.1 * upper_lip),
        points,
    );
    points[51 - FIRST] = place(0.0, 0.05, upper_edge - 5.9 * upper_lip);
    sides(
        [59, 55],
        place(
            0.66,
            0.55,
            0.62 * lower_edge + (6.6 + pout) * tip * lower_lip,
        ),
        points,
    );
    sides(
        [58, 56],
        place(0.32, 0.15, lower_edge + (9.3 + pout) * lower_lip),
        points,
    );
    points[57 - FIRST] = place(0.0, 0.05, lower_edge + (9.9 + pout) * lower_lip);
    sides(
        [60, 64],
        place(0.86, 0.85, 0.05 + 0.1 * (upper_edge + lower_edge)),
        points,
    );
    sides(
        [61, 63],
        place(0.36, 0.2, 0.9 * upper_edge - 0.25 * upper_lip),
        points,
    );
    points[62 - FIRST] = place(0.0, 0.05, upper_edge + 0.35 * upper_lip);
    sides([67, 65], place(0.36, 0.2, 0.92 * lower_edge + 0.1), points);
    points[66 - FIRST] = place(
        0.0,
        0.05,
        lower_edge.max(upper_edge + 0.35 * upper_lip) + 0.15,
    );

    let take = |order: &[usize]| -> Curve {
        let mut list = [Vec2::ZERO; 7];
        for (to, &index) in list.iter_mut().zip(order) {
            *to = points[index - FIRST];
        }
        Curve::through(&list[..order.len()])
    };
    Mouth {
        top: take(&[48, 49, 50, 51, 52, 53, 54]),
        upper: take(&[48, 60, 61, 62, 63, 64, 54]),
        lower: take(&[48, 60, 67, 66, 65, 64, 54]),
        bottom: take(&[48, 59, 58, 57, 56, 55, 54]),
        corners: [points[48 - FIRST], points[54 - FIRST]],
        jaw_drop: drop,
        teeth: middle + 2.2,
        tightened: au(Au::Au23) / 5.0,
    }
}
