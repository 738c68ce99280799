//! Which rows of two tables belong together: those of the same frame, or of the same time.
//!
//! Both ways are symmetric: the same rows meet whichever table comes first.

use serde::Serialize;

use crate::table::Table;

/// What rows are joined by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The frame's number.
    Frame,
    /// The nearest time, within half the time from frame to frame.
    Time,
}

/// Rows cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// A column is missing.
    #[error("{table}: has no `{column}` column, so it cannot be joined by {column}{hint}")]
    Missing {
        /// The table that lacks it.
        table: String,
        /// What it lacks.
        column: &'static str,
        /// What else could be done.
        hint: &'static str,
    },
    /// One has frames only, the other times only.
    #[error(
        "{a} and {b} have neither `frame` nor `timestamp` in common, so their rows cannot be joined"
    )]
    NothingInCommon {
        /// The first table.
        a: String,
        /// The second table.
        b: String,
    },
}

/// Rows that belong together, and those that are alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// What they were joined by.
    pub by: By,
    /// Rows of the first and the second table, in order.
    pub pairs: Vec<(usize, usize)>,
    /// Rows of the first table that have no partner.
    pub only_a: Vec<usize>,
    /// Rows of the second table that have no partner.
    pub only_b: Vec<usize>,
}

impl Join {
    /// Joins by what is asked for, or else by frames if both have them, or else by times.
    ///
    /// # Errors
    /// When a table lacks what it takes.
    pub fn of(a: &Table, b: &Table, by: Option<By>) -> Result<Self, JoinError> {
        let frames = (a.frames.as_deref(), b.frames.as_deref());
        let times = (a.times.as_deref(), b.times.as_deref());
        let missing = |column, has_a: bool, hint| JoinError::Missing {
            table: if has_a { &b.name } else { &a.name }.clone(),
            column,
            hint,
        };
        let (by, pairs) = match (by, frames, times) {
            (None | Some(By::Frame), (Some(a), Some(b)), _) => (By::Frame, by_frame(a, b)),
            (None | Some(By::Time), _, (Some(a), Some(b))) => (By::Time, by_time(a, b)),
            (Some(By::Frame), (in_a, _), _) => {
                return Err(missing("frame", in_a.is_some(), "; try --by time"));
            }
            (Some(By::Time), _, (in_a, _)) => {
                return Err(missing("timestamp", in_a.is_some(), "; try --by frame"));
            }
            (None, ..) => {
                return Err(JoinError::NothingInCommon {
                    a: a.name.clone(),
                    b: b.name.clone(),
                });
            }
        };
        let alone = |rows: usize, paired: &mut dyn Iterator<Item = usize>| {
            let mut alone = vec![true; rows];
            paired.for_each(|row| alone[row] = false);
            (0..rows).filter(|&row| alone[row]).collect()
        };
        Ok(Self {
            by,
            only_a: alone(a.rows, &mut pairs.iter().map(|pair| pair.0)),
            only_b: alone(b.rows, &mut pairs.iter().map(|pair| pair.1)),
            pairs,
        })
    }
}

fn sorted_rows<T: PartialOrd>(keys: &[T]) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..keys.len()).collect();
    rows.sort_by(|&i, &j| {
        keys[i]
            .partial_cmp(&keys[j])
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    rows
}

fn by_frame(a: &[i64], b: &[i64]) -> Vec<(usize, usize)> {
    let (rows_a, rows_b) = (sorted_rows(a), sorted_rows(b));
    let mut pairs = Vec::with_capacity(a.len().min(b.len()));
    let (mut i, mut j) = (0, 0);
    while i < rows_a.len() && j < rows_b.len() {
        match a[rows_a[i]].cmp(&b[rows_b[j]]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                pairs.push((rows_a[i], rows_b[j]));
                i += 1;
                j += 1;
            }
        }
    }
    pairs
}

/// Rows meet that are each other's nearest in time.
fn by_time(a: &[f64], b: &[f64]) -> Vec<(usize, usize)> {
    let (rows_a, rows_b) = (sorted_rows(a), sorted_rows(b));
    let in_order = |times: &[f64], rows: &[usize]| -> Vec<f64> {
        rows.iter().map(|&row| times[row]).collect()
    };
    let (a, b) = (in_order(a, &rows_a), in_order(b, &rows_b));
    let step = [typical_step(&a), typical_step(&b)]
        .into_iter()
        .flatten()
        .reduce(f64::min);
    // A hair more than half, for times that were rounded to milliseconds. Single frames meet when
    // they are of the same millisecond.
    let tolerance = step.map_or(0.0, |step| step / 2.0) + 0.001;
    (0..a.len())
        .filter_map(|i| {
            let j = nearest(&b, a[i])?;
            let mutual = nearest(&a, b[j]) == Some(i);
            (mutual && (a[i] - b[j]).abs() <= tolerance).then(|| (rows_a[i], rows_b[j]))
        })
        .collect()
}

/// The time from one frame to the next, in the middle of all.
fn typical_step(sorted: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if steps.is_empty() {
        return None;
    }
    let middle = steps.len() / 2;
    Some(*steps.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// The place of the nearest value; of two equally near ones the first.
fn nearest(sorted: &[f64], value: f64) -> Option<usize> {
    let after = sorted.partition_point(|&v| v < value);
    let before = after.checked_sub(1).map(|place| {
        // Of equal times the first.
        sorted.partition_point(|&v| v < sorted[place])
    });
    match (before, sorted.get(after)) {
        (Some(before), Some(next)) if value - sorted[before] <= next - value => Some(before),
        (Some(before), None) => Some(before),
        (_, Some(_)) => Some(after),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn table(text: &str) -> Table {
        Table::parse(text.as_bytes(), Path::new("t.csv"), None).unwrap()
    }

    #[test]
    fn frames_meet_and_the_others_are_counted() {
        let a = table("frame,AU01_r\n3,0\n1,0\n2,0\n");
        let b = table("frame,AU01_r\n2,0\n3,0\n4,0\n");
        let join = Join::of(&a, &b, None).unwrap();
        assert_eq!(join.by, By::Frame);
        assert_eq!(join.pairs, [(2, 0), (0, 1)]);
        assert_eq!((join.only_a, join.only_b), (vec![1], vec![2]));
    }

    #[test]
    fn times_meet_within_half_a_frame() {
        let a = table("timestamp,AU01_r\n0,0\n0.04,0\n0.08,0\n0.12,0\n");
        let b = table("frame,timestamp,AU01_r\n1,0.001,0\n2,0.0811,0\n3,0.165,0\n");
        let join = Join::of(&a, &b, None).unwrap();
        assert_eq!(join.by, By::Time);
        assert_eq!(join.pairs, [(0, 0), (2, 1)]);
        assert_eq!((join.only_a, join.only_b), (vec![1, 3], vec![2]));
    }

    #[test]
    fn what_is_missing_is_named() {
        let frames = table("frame,AU01_r\n1,0\n");
        let times = table("timestamp,AU01_r\n1,0\n");
        assert!(matches!(
            Join::of(&frames, &times, None),
            Err(JoinError::NothingInCommon { .. })
        ));
        let error = Join::of(&frames, &times, Some(By::Time)).unwrap_err();
        assert!(error.to_string().contains("--by frame"), "{error}");
        assert!(Join::of(&frames, &frames, Some(By::Frame)).is_ok());
    }

    fn sorted(mut pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
        pairs.sort_unstable();
        pairs
    }

    fn turned(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
        pairs.into_iter().map(|(a, b)| (b, a)).collect()
    }

    proptest! {
        #[test]
        fn joining_by_frame_is_symmetric_and_complete(
            a in prop::collection::btree_set(0i64..60, 0..40),
            b in prop::collection::btree_set(0i64..60, 0..40),
        ) {
            let common = a.intersection(&b).count();
            let a: Vec<i64> = a.into_iter().collect();
            // From the end to the beginning: order in the file does not matter.
            let b: Vec<i64> = b.into_iter().rev().collect();
            let pairs = by_frame(&a, &b);
            prop_assert_eq!(pairs.len(), common);
            prop_assert!(pairs.iter().all(|&(i, j)| a[i] == b[j]));
            prop_assert_eq!(sorted(pairs), sorted(turned(by_frame(&b, &a))));
        }

        #[test]
        fn joining_by_time_is_symmetric_and_gives_each_row_one_partner(
            // Few different times, so that some are equal and some equally far.
            a in prop::collection::vec(0u8..40, 0..30),
            b in prop::collection::vec(0u8..40, 0..30),
        ) {
            let seconds = |ticks: &[u8]| -> Vec<f64> {
                ticks.iter().map(|&tick| f64::from(tick) * 0.25).collect()
            };
            let (a, b) = (seconds(&a), seconds(&b));
            let pairs = sorted(by_time(&a, &b));
            prop_assert_eq!(&pairs, &sorted(turned(by_time(&b, &a))));
            for k in 1..pairs.len() {
                prop_assert_ne!(pairs[k - 1].0, pairs[k].0);
            }
            let back = sorted(turned(pairs));
            for k in 1..back.len() {
                prop_assert_ne!(back[k - 1].0, back[k].0);
            }
        }
    }
}
