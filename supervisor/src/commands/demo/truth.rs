//! The truth about a demo clip as a table that can be compared with a measured one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use faceau_compare::table::Table;

/// From this intensity on an action unit counts as present.
const PRESENT: f64 = 1.0;
/// A face of whose landmarks this share is to be seen must be found.
const VISIBLE: f64 = 0.9;
/// One of which no more than this share is to be seen is not there.
const GONE: f64 = 0.05;

/// Whether a face is to be seen in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is.
    Visible,
    /// Only a part of it: nobody can say whether it should be found.
    Partly,
    /// It is not.
    Gone,
}

impl Sight {
    fn of(share: f64) -> Self {
        if share >= VISIBLE {
            Self::Visible
        } else if share > GONE {
            Self::Partly
        } else {
            Self::Gone
        }
    }
}

/// The truth about one face of a clip.
#[derive(Debug)]
pub struct Truth {
    /// Landmarks, pose, intensities and presences; succeeded where the face is to be seen.
    pub table: Table,
    /// For each row of the table.
    pub sight: Vec<Sight>,
}

impl Truth {
    /// Reads the truth that lies beside a clip, of its first face.
    ///
    /// # Errors
    /// When the file cannot be read or is no such table.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the truth {}", path.display()))?;
        Self::parse(&text, path)
            .with_context(|| format!("{} is no truth of a demo clip", path.display()))
    }

    fn parse(text: &str, path: &Path) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let (Some(face_id), Some(visible)) = (
            header.iter().position(|&name| name == "face_id"),
            header.iter().position(|&name| name == "visible"),
        ) else {
            bail!("it has no columns face_id and visible");
        };
        let intensities: Vec<(usize, &str)> = header
            .iter()
            .enumerate()
            .filter_map(|(i, name)| Some((i, name.strip_suffix("_r")?)))
            .collect();
        // The same table with the columns that measured ones have.
        let mut same = format!("{},success", header.join(","));
        for (_, au) in &intensities {
            let _ = write!(same, ",{au}_c");
        }
        same.push('\n');
        let mut sight = Vec::new();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            if cells.len() != header.len() {
                bail!(
                    "a row has {} cells instead of {}",
                    cells.len(),
                    header.len()
                );
            }
            if cells[face_id] != "0" {
                continue;
            }
            let seen = Sight::of(cells[visible].parse()?);
            let _ = write!(same, "{line},{}", u8::from(seen == Sight::Visible));
            for &(i, _) in &intensities {
                let present = cells[i].parse::<f64>()? >= PRESENT;
                let _ = write!(same, ",{}", u8::from(present));
            }
            same.push('\n');
            sight.push(seen);
        }
        Ok(Self {
            table: Table::parse(same.as_bytes(), path, Some(0))?,
            sight,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_compare::column::Measure;

    #[test]
    fn what_follows_from_the_truth_is_added() {
        let text = "frame,face_id,timestamp,visible,x_0,y_0,AU12_r,AU28_r\n\
                    1,0,0.0,1.000,5,6,0.9,4.0\n1,1,0.0,0.000,7,8,0.0,0.0\n\
                    2,0,0.1,0.500,5,6,1.0,0.0\n3,0,0.2,0.010,5,6,0.0,0.0\n";
        let truth = Truth::parse(text, Path::new("t.csv")).unwrap();
        assert_eq!(truth.sight, [Sight::Visible, Sight::Partly, Sight::Gone]);
        assert_eq!(truth.table.rows, 3);
        let success: Vec<bool> = (0..3).map(|row| truth.table.succeeded(row)).collect();
        assert_eq!(success, [true, false, false]);
        let present = truth.table.column(Measure::Presence(12)).unwrap();
        assert_eq!(present, [0.0, 1.0, 0.0]);
        assert_eq!(
            truth.table.column(Measure::Presence(28)).unwrap(),
            [1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn other_tables_are_refused() {
        for text in [
            "",
            "frame,success\n1,1\n",
            "face_id,visible\n0\n",
            "face_id,visible\n0,x\n",
        ] {
            assert!(Truth::parse(text, Path::new("t.csv")).is_err(), "{text:?}");
        }
    }
}
