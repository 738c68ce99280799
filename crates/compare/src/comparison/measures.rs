//! Each kind of measurement, one function each.

use crate::action_units;
use crate::column::Measure;
use crate::join::By;
use crate::statistics::{Agreement, Spread, is_constant, pearson};
use crate::table::Table;

use super::{AxisDifference, IntensityDifference, Matched, PresenceDifference, Success};

pub(super) fn notes(matched: &Matched<'_>) -> Vec<String> {
    let (a, b) = (matched.a, matched.b);
    let mut notes = Vec::new();
    if matched.join.by == By::Frame && a.counts_from_zero != b.counts_from_zero {
        let zero = if a.counts_from_zero { "A" } else { "B" };
        notes.push(format!(
            "{zero} counts frames from 0, the other from 1: frame 0 there is frame 1 here"
        ));
    }
    if a.unit_scale != b.unit_scale {
        let unit = if a.unit_scale { "A" } else { "B" };
        notes.push(format!(
            "intensities of {unit} are on a scale from 0 to 1, the other's from 0 to 5: r compares \
             them, differences do not"
        ));
    }
    if let Some((difference, frame)) = time_difference(matched) {
        notes.push(format!(
            "the same frame has different times, by {difference:.3} s at frame {frame}: is it the \
             same video, with no frame dropped? See what --by time gives"
        ));
    }
    notes
}

/// The largest difference of the times of one frame, if it is more than half a frame.
fn time_difference(matched: &Matched<'_>) -> Option<(f64, f64)> {
    let (a, b) = (matched.a.times.as_ref()?, matched.b.times.as_ref()?);
    if matched.join.by != By::Frame {
        return None;
    }
    let pairs = &matched.join.pairs;
    let apart = |&(i, j): &(usize, usize)| (a[i] - b[j]).abs();
    let worst = pairs.iter().max_by(|p, q| apart(p).total_cmp(&apart(q)))?;
    let (first, last) = (pairs.first()?, pairs.last()?);
    let step = (a[last.0] - a[first.0]) / (pairs.len().max(2) - 1) as f64;
    // Times are printed with three decimals.
    (apart(worst) > step.abs() / 2.0 + 0.0015).then(|| (apart(worst), matched.label(worst.0)))
}

pub(super) fn success(matched: &Matched<'_>) -> Option<Success> {
    let (a, b) = (matched.a.success.as_ref()?, matched.b.success.as_ref()?);
    let agreement = Agreement::of(matched.join.pairs.iter().map(|&(i, j)| (a[i], b[j])));
    Some(Success {
        frames: agreement.count(),
        equal: agreement.count() - agreement.flips(),
        only_in_a: agreement.only_a,
        only_in_b: agreement.only_b,
    })
}

pub(super) fn intensities(matched: &Matched<'_>) -> Vec<IntensityDifference> {
    let differ = |measure| {
        let Measure::Intensity(au) = measure else {
            return None;
        };
        let values = matched.values(measure)?;
        let count = values.len() as f64;
        let pairs: Vec<(f64, f64)> = values.iter().map(|&(_, a, b)| (a, b)).collect();
        let size = |&(_, a, b): &(usize, f64, f64)| (b - a).abs();
        let &worst = values.iter().max_by(|p, q| size(p).total_cmp(&size(q)))?;
        Some(IntensityDifference {
            au,
            name: action_units::name(au),
            frames: values.len(),
            r: pearson(&pairs),
            mad: values.iter().map(size).sum::<f64>() / count,
            max: size(&worst),
            max_at: (size(&worst) > 0.0).then(|| matched.label(worst.0)),
            bias: pairs.iter().map(|(a, b)| b - a).sum::<f64>() / count,
            constant_in_a: is_constant(pairs.iter().map(|pair| pair.0)),
            constant_in_b: is_constant(pairs.iter().map(|pair| pair.1)),
        })
    };
    matched.a.measures().filter_map(differ).collect()
}

pub(super) fn presences(matched: &Matched<'_>) -> Vec<PresenceDifference> {
    let differ = |measure| {
        let Measure::Presence(au) = measure else {
            return None;
        };
        let values = matched.values(measure)?;
        let agreement = Agreement::of(values.iter().map(|&(_, a, b)| (a > 0.5, b > 0.5)));
        let share = |yes: usize| yes as f64 / agreement.count() as f64;
        Some(PresenceDifference {
            au,
            name: action_units::name(au),
            frames: agreement.count(),
            flips: agreement.flips(),
            equal: agreement.equal()?,
            kappa: agreement.kappa(),
            share_in_a: share(agreement.both + agreement.only_a),
            share_in_b: share(agreement.both + agreement.only_b),
        })
    };
    matched.a.measures().filter_map(differ).collect()
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Unit {
    Millimetres,
    /// Angles, which are reported in degrees and never differ by more than half a turn.
    Radians,
}

pub(super) fn axes(
    matched: &Matched<'_>,
    count: u8,
    measure: impl Fn(u8) -> Measure,
    unit: Unit,
) -> Vec<AxisDifference> {
    let differ = |(number, axis): (u8, char)| {
        let values = matched.values(measure(number))?;
        let differences: Vec<f64> = values
            .iter()
            .map(|&(_, a, b)| match unit {
                Unit::Millimetres => b - a,
                Unit::Radians => (b - a).sin().atan2((b - a).cos()).to_degrees(),
            })
            .collect();
        let mut sizes: Vec<f32> = differences.iter().map(|d| d.abs() as f32).collect();
        let pairs: Vec<(f64, f64)> = values.iter().map(|&(_, a, b)| (a, b)).collect();
        Some(AxisDifference {
            axis,
            size: Spread::of(&mut sizes)?,
            bias: differences.iter().sum::<f64>() / differences.len() as f64,
            r: pearson(&pairs),
        })
    };
    (0..count).zip(['x', 'y', 'z']).filter_map(differ).collect()
}

/// Angles between the directions of an eye. Directions without length are left out.
pub(super) fn gaze(matched: &Matched<'_>, eye: u8) -> Option<Spread> {
    let column =
        |table: &'_ Table, axis| table.column(Measure::Gaze(eye, axis)).map(<[f32]>::to_vec);
    let columns = |table| Some([column(table, 0)?, column(table, 1)?, column(table, 2)?]);
    let (a, b) = (columns(matched.a)?, columns(matched.b)?);
    let vector =
        |columns: &[Vec<f32>; 3], row: usize| [0, 1, 2].map(|k| f64::from(columns[k][row]));
    let mut angles: Vec<f32> = matched
        .compared
        .iter()
        .filter_map(|&(i, j)| angle_between(vector(&a, i), vector(&b, j)))
        .map(|angle| angle.to_degrees() as f32)
        .collect();
    Spread::of(&mut angles)
}

fn angle_between(a: [f64; 3], b: [f64; 3]) -> Option<f64> {
    let dot: f64 = (0..3).map(|k| a[k] * b[k]).sum();
    let cross = [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ];
    let cross = cross.iter().map(|c| c * c).sum::<f64>().sqrt();
    let is_direction = (cross != 0.0 || dot != 0.0) && cross.is_finite() && dot.is_finite();
    is_direction.then(|| cross.atan2(dot))
}
