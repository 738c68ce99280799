//! What one person does over time: action units, blinks, gaze, movements of the head.

use glam::{Vec2, Vec3};

use super::{Swing, ease, strongest};
use crate::action_units::{Au, AuIntensities};
use crate::random::Random;

/// Within so many seconds every action unit is shown once.
const ROUND: f32 = 20.0;

/// An action unit that comes, stays and goes.
#[derive(Debug, Clone, Copy)]
struct Event {
    au: Au,
    start: f32,
    onset: f32,
    apex: f32,
    offset: f32,
    intensity: f32,
}

impl Event {
    fn at(&self, time: f32) -> f32 {
        let t = time - self.start;
        let rising = ease(t / self.onset);
        let falling = 1.0 - ease((t - self.onset - self.apex) / self.offset);
        self.intensity * rising.min(falling)
    }
}

/// Everything that one person does.
#[derive(Debug, Clone)]
pub(super) struct Acting {
    events: Vec<Event>,
    /// From when on the eyes look where, in mm of the iris.
    glances: Vec<(f32, Vec2)>,
    turns: [Swing; 3],
    sways: [Swing; 3],
    most_angles: Vec3,
}

impl Acting {
    pub fn new(seconds: f32, most_angle: f32, random: &mut Random) -> Self {
        let mut events = Vec::new();
        perform(seconds, random, &mut events);
        blink(seconds, random, &mut events);
        let mut glances = Vec::new();
        let mut time = 0.0;
        while time < seconds {
            let at_camera = random.chance(0.5);
            let away = if at_camera { 0.2 } else { 1.0 };
            let gaze = Vec2::new(1.6 * random.normal(), 0.7 * random.normal()) * away;
            glances.push((time, gaze));
            time += random.between(0.5, 2.5);
        }
        // Heads turn more than they nod or tilt.
        let shares = Vec3::new(
            random.between(0.4, 0.8),
            random.between(0.7, 1.0),
            random.between(0.3, 0.7),
        );
        Self {
            events,
            glances,
            turns: [(); 3].map(|()| Swing::new(random, 0.04, 0.32)),
            sways: [(); 3].map(|()| Swing::new(random, 0.03, 0.22)),
            most_angles: shares * most_angle.to_radians(),
        }
    }

    pub fn aus(&self, time: f32) -> AuIntensities {
        let mut aus = AuIntensities::NEUTRAL;
        for event in &self.events {
            strongest(&mut aus, event.au, event.at(time));
        }
        aus
    }

    /// Where the irises are; eyes jump within a few hundredths of a second.
    pub fn gaze(&self, time: f32) -> Vec2 {
        let now = self.glances.partition_point(|glance| glance.0 <= time);
        let Some(&(since, gaze)) = now.checked_sub(1).and_then(|i| self.glances.get(i)) else {
            return Vec2::ZERO;
        };
        let before = now.checked_sub(2).map_or(Vec2::ZERO, |i| self.glances[i].1);
        before.lerp(gaze, ease((time - since) / 0.06))
    }

    /// How far the head is from its place, in mm, and how it is turned.
    pub fn movement(&self, time: f32) -> (Vec3, Vec3) {
        let all = |swings: &[Swing; 3]| Vec3::from_array([0, 1, 2].map(|i| swings[i].at(time)));
        let sway = all(&self.sways) * Vec3::new(28.0, 14.0, 35.0);
        (sway, all(&self.turns) * self.most_angles)
    }
}

/// Every action unit but the blink once in each round, in an order of its own.
fn perform(seconds: f32, random: &mut Random, events: &mut Vec<Event>) {
    let rounds = (seconds / ROUND).ceil().max(1.0) as usize;
    let length = seconds / rounds as f32;
    for round in 0..rounds {
        let mut order: Vec<Au> = Au::ALL.into_iter().filter(|au| *au != Au::Au45).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        let gap = length / order.len() as f32;
        for (i, au) in order.into_iter().enumerate() {
            let whole = (0.12 * length).clamp(0.7, 2.8) * random.between(0.8, 1.25);
            let onset = whole * random.between(0.2, 0.35);
            let offset = whole * random.between(0.25, 0.4);
            let start = round as f32 * length + (i as f32 + random.between(-0.2, 0.5)) * gap;
            // Nothing is cut off by the end.
            let start = start.min(seconds - whole).max(0.0);
            events.push(Event {
                au,
                start,
                onset,
                apex: (whole - onset - offset).max(0.0),
                offset,
                intensity: random.between(2.5, 5.0),
            });
        }
    }
}

/// Any few action units, each as often as people of a clip show it, but independent of the others.
pub(super) fn any_aus(random: &mut Random) -> AuIntensities {
    let mut aus = AuIntensities::NEUTRAL;
    for au in Au::ALL {
        if random.chance(0.16) {
            aus[au] = match au {
                // Lids pass quickly from open to closed.
                Au::Au45 if random.chance(0.6) => 5.0,
                _ => random.between(0.3, 5.0),
            };
        }
    }
    aus
}

/// Blinks every few seconds, and now and then closed eyes.
fn blink(seconds: f32, random: &mut Random, events: &mut Vec<Event>) {
    let mut time = random.between(0.3, 1.5);
    while time < seconds {
        let apex = if random.chance(0.25) {
            random.between(0.4, 0.9)
        } else {
            random.between(0.03, 0.1)
        };
        events.push(Event {
            au: Au::Au45,
            start: time,
            onset: random.between(0.08, 0.13),
            apex,
            offset: random.between(0.14, 0.22),
            intensity: 5.0,
        });
        time += apex + random.between(1.2, 4.0);
    }
}
