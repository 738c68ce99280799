//! How each input of a batch ended, as a table for people.

use std::fmt::Write as _;

use faceau_events::{InputSummary, Status};

/// What people read in the morning: a line for each input.
pub fn table(inputs: &[InputSummary], file: Option<&str>) -> String {
    let mut text = String::from("status      frames   faces   frames/s  input\n");
    for entry in inputs {
        let status = match entry.status {
            Status::Skipped => "skipped",
            status => status.for_people(),
        };
        let share = 100.0 * entry.successful as f64 / entry.frames.max(1) as f64;
        let speed = match entry.seconds {
            seconds if seconds > 0.0 => format!("{:.1}", entry.frames as f64 / seconds),
            _ => "-".to_owned(),
        };
        let (frames, share) = match entry.frames {
            0 => ("-".to_owned(), "-".to_owned()),
            frames => (frames.to_string(), format!("{share:.1}%")),
        };
        let input = match &entry.reason {
            // Reasons name the input themselves, mostly.
            Some(reason) if reason.contains(&entry.path) => reason.clone(),
            Some(reason) => format!("{}: {reason}", entry.path),
            None if entry.failed_frames > 0 => {
                let failed = entry.failed_frames;
                format!(
                    "{} (frames that could not be analysed: {failed})",
                    entry.path
                )
            }
            None => entry.path.clone(),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{status:<9} {frames:>8} {share:>7} {speed:>10}  {input}"
        );
    }
    if let Some(file) = file {
        let _ = write!(text, "summary: {file}");
    } else {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_input() {
        let entry = |path: &str, status, frames, successful, reason: Option<&str>| {
            let mut entry = InputSummary::waiting(path.into());
            entry.status = status;
            (entry.frames, entry.successful) = (frames, successful);
            entry.failed_frames = usize::from(path == "a.mp4");
            entry.seconds = if frames > 0 { 10.0 } else { 0.0 };
            entry.reason = reason.map(str::to_owned);
            entry
        };
        let inputs = [
            entry("a.mp4", Status::Done, 200, 150, None),
            entry("b.mp4", Status::Failed, 0, 0, Some("b.mp4: no frames")),
            entry("c.mp4", Status::Failed, 0, 0, Some("disk full")),
            entry("d.mp4", Status::Waiting, 0, 0, None),
        ];
        let expected = "\
status      frames   faces   frames/s  input
done           200   75.0%       20.0  a.mp4 (frames that could not be analysed: 1)
failed           -       -          -  b.mp4: no frames
failed           -       -          -  c.mp4: disk full
not begun        -       -          -  d.mp4
summary: out/batch.json";
        assert_eq!(table(&inputs, Some("out/batch.json")), expected);
        assert_eq!(table(&inputs[..1], None).lines().count(), 2);
    }
}
