//! Peaks of a curve with their prominence and width, as blinks are found.

/// A local maximum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Its place; the middle of one that is flat.
    pub place: usize,
    /// Its value.
    pub value: f64,
    /// How far it stands above the higher one of the valleys that part it from higher ground.
    pub prominence: f64,
    /// Where the curve has half the prominence, before and behind it: a place between points.
    pub half: (f64, f64),
}

/// All peaks whose prominence is at least `least`. The ends of the curve are no peaks.
pub fn find(values: &[f64], least: f64) -> Vec<Peak> {
    let mut found = Vec::new();
    let mut i = 1;
    while i + 1 < values.len() {
        if values[i] <= values[i - 1] {
            i += 1;
            continue;
        }
        let flat = values[i..]
            .iter()
            .take_while(|&&value| value == values[i])
            .count();
        let end = i + flat;
        if end < values.len() && values[end] < values[i] {
            let place = (i + end - 1) / 2;
            let prominence = prominence(values, i, end - 1);
            if prominence >= least {
                found.push(Peak {
                    place,
                    value: values[place],
                    prominence,
                    half: half(values, i, end - 1, values[i] - prominence / 2.0),
                });
            }
        }
        i = end;
    }
    found
}

fn prominence(values: &[f64], first: usize, last: usize) -> f64 {
    let value = values[first];
    let valley = |side: &mut dyn Iterator<Item = &f64>| {
        side.take_while(|&&other| other <= value)
            .fold(value, |low, &other| low.min(other))
    };
    let before = valley(&mut values[..first].iter().rev());
    let behind = valley(&mut values[last + 1..].iter());
    value - before.max(behind)
}

/// Where the curve crosses `level` before `first` and behind `last`.
fn half(values: &[f64], first: usize, last: usize, level: f64) -> (f64, f64) {
    let mut before = first;
    while before > 0 && values[before] > level {
        before -= 1;
    }
    let mut behind = last;
    while behind + 1 < values.len() && values[behind] > level {
        behind += 1;
    }
    let between = |low: usize, high: usize| {
        let (a, b) = (values[low], values[high]);
        if a < b { (level - a) / (b - a) } else { 0.0 }
    };
    let start = match values[before] > level {
        true => before as f64,
        false => before as f64 + between(before, (before + 1).min(first)),
    };
    let end = match values[behind] > level {
        true => behind as f64,
        false => behind as f64 - between(behind, behind.saturating_sub(1).max(last)),
    };
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prominence_is_measured_from_the_higher_valley() {
        let values = [0.0, 1.0, 0.5, 0.8, 0.2, 0.2];
        let found = find(&values, 0.0);
        assert_eq!(
            found.iter().map(|peak| peak.place).collect::<Vec<_>>(),
            [1, 3]
        );
        assert!((found[0].prominence - 0.8).abs() < 1e-12);
        assert!((found[1].prominence - 0.3).abs() < 1e-12);
        assert_eq!(find(&values, 0.5).len(), 1);
    }

    #[test]
    fn flat_peaks_are_one_and_the_ends_none() {
        let found = find(&[2.0, 0.0, 1.0, 1.0, 1.0, 0.0, 2.0], 0.1);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, 3);
        assert_eq!(found[0].half, (1.5, 4.5));
    }

    #[test]
    fn widths_are_between_points() {
        let found = find(&[0.0, 0.0, 2.0, 4.0, 1.0, 0.0], 0.1);
        assert_eq!(found[0].half, (2.0, 3.0 + 2.0 / 3.0));
    }

    proptest! {
        #[test]
        fn peaks_lie_inside_their_width(values in prop::collection::vec(0.0..1.0_f64, 3..60)) {
            for peak in find(&values, 0.1) {
                prop_assert!(peak.half.0 <= peak.place as f64 && peak.place as f64 <= peak.half.1);
                prop_assert!(peak.prominence <= peak.value + 1e-12);
            }
        }
    }
}
