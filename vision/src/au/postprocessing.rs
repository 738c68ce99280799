//! What OpenFace does to a whole video's AU values once all of them are known.
//!
//! Works on one model's values over all frames; where they come from is not known here.

/// An intensity's least and greatest value.
const INTENSITY_RANGE: (f64, f64) = (0.0, 5.0);
/// Frames over which intensities are averaged.
const INTENSITY_WINDOW: usize = 3;
/// Frames over which presences are put to the vote.
const PRESENCE_WINDOW: usize = 7;

/// Intensities from scores: shifted so that the value at the quantile `cutoff` of the successful
/// frames becomes 0, clamped, and averaged over three frames. Failed frames count as 0.
pub fn intensities(scores: &[f64], success: &[bool], cutoff: Option<f64>) -> Vec<f64> {
    let offset = cutoff.map_or(0.0, |cutoff| quantile(scores, success, cutoff));
    let (low, high) = INTENSITY_RANGE;
    let clamped: Vec<f64> = scores
        .iter()
        .zip(success)
        .map(|(score, &success)| {
            if success {
                (score - offset).clamp(low, high)
            } else {
                0.0
            }
        })
        .collect();
    moving_mean(&clamped, INTENSITY_WINDOW)
}

/// Presences from classes (0 or 1): the majority over seven frames.
pub fn presences(classes: &[f64]) -> Vec<f64> {
    let mut means = moving_mean(classes, PRESENCE_WINDOW);
    for mean in interior(&mut means, PRESENCE_WINDOW) {
        *mean = if *mean < 0.5 { 0.0 } else { 1.0 };
    }
    means
}

/// The value at a quantile of the successful frames; 0 when there are none.
fn quantile(scores: &[f64], success: &[bool], cutoff: f64) -> f64 {
    let successful = scores.iter().zip(success).filter(|(_, success)| **success);
    let mut values: Vec<f64> = successful.map(|(score, _)| *score).collect();
    if values.is_empty() {
        return 0.0;
    }
    let index = ((values.len() as f64 * cutoff) as usize).min(values.len() - 1);
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}

/// The mean of `window` values around each; where the window does not fit, the value itself.
fn moving_mean(values: &[f64], window: usize) -> Vec<f64> {
    let mut means = values.to_vec();
    for (mean, around) in interior(&mut means, window)
        .iter_mut()
        .zip(values.windows(window))
    {
        *mean = around.iter().sum::<f64>() / window as f64;
    }
    means
}

/// The values around which a window of odd width fits.
fn interior(values: &mut [f64], window: usize) -> &mut [f64] {
    let (count, edge) = (values.len(), window / 2);
    if count < window {
        &mut []
    } else {
        &mut values[edge..count - edge]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intensities_are_shifted_clamped_and_averaged() {
        let scores = [1.0, 2.0, 9.0, 4.0, 9.0];
        let success = [true, true, true, true, false];
        // Sorted: 1 2 4 9; a quarter of four is index 1, so 2 becomes 0.
        let found = intensities(&scores, &success, Some(0.25));
        assert_eq!(found, [0.0, 5.0 / 3.0, 7.0 / 3.0, 7.0 / 3.0, 0.0]);
        let unshifted = intensities(&scores, &success, None);
        assert_eq!(unshifted, [1.0, 8.0 / 3.0, 11.0 / 3.0, 3.0, 0.0]);
    }

    #[test]
    fn short_videos_are_left_alone_at_the_edges() {
        assert_eq!(intensities(&[1.0, 2.0], &[true; 2], None), [1.0, 2.0]);
        assert_eq!(intensities(&[7.0], &[false], Some(0.5)), [0.0]);
        assert!(intensities(&[], &[], Some(0.5)).is_empty());
        assert!(presences(&[]).is_empty());
        let six = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        assert_eq!(presences(&six), six);
    }

    #[test]
    fn presences_follow_the_majority_but_at_the_edges() {
        let raw = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        // Windows of seven around frames 3 and 4: 4 and 3 ones.
        assert_eq!(presences(&raw), [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
