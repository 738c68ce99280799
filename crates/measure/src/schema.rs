//! The columns of a table: what each is called, what it means, and how its numbers are written.
//!
//! A pipeline says its columns once, here; tables, their descriptions and comparisons follow from it.

use std::fmt;
use std::ops::Range;

/// Columns that are written together or not at all.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What users call it.
    pub name: &'static str,
    /// What it holds, in a few words.
    pub about: &'static str,
}

impl Group {
    /// What every table has: which frame and face, when, and whether it succeeded.
    pub const FRAME: Self = Self {
        name: "frame",
        about: "Which frame and face, when, and whether it succeeded",
    };
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Group {}

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers from 0 on.
    Whole,
    /// Single-precision numbers.
    Single,
    /// Double-precision numbers.
    Double,
    /// One of these words, or none.
    Word(&'static [&'static str]),
}

impl Kind {
    /// Bytes of a value in a [`Row`](crate::Row).
    pub fn bytes(self) -> usize {
        match self {
            Self::Whole | Self::Double => 8,
            Self::Single | Self::Word(_) => 4,
        }
    }
}

/// How numbers become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// With so many digits behind the point; a whole number has none.
    Digits(u8),
    /// The shortest text that reads back as the same number, as Python writes it.
    Shortest,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// The group it belongs to.
    pub group: Group,
    /// What its values are.
    pub kind: Kind,
    /// How they become text.
    pub text: Text,
    /// Their unit, such as `px`, `mm`, `rad` or `s`; empty for none.
    pub unit: &'static str,
    /// What it means, in a line.
    pub about: &'static str,
    /// Whether its values are final only when the last frame is known. Such columns come last.
    pub is_late: bool,
}

/// What a text table puts between and behind cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLayout {
    /// Between cells, in the header, too.
    pub separator: &'static str,
    /// Behind each line.
    pub line_end: &'static str,
}

/// The columns of a table, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
    layout: TextLayout,
}

/// A group was asked for that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownGroup {
    wanted: String,
    known: Vec<&'static str>,
}

impl fmt::Display for UnknownGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this pipeline does not measure `{}`; it knows {}",
            self.wanted,
            self.known.join(", ")
        )
    }
}

impl std::error::Error for UnknownGroup {}

impl Schema {
    /// These columns.
    ///
    /// # Panics
    /// When one that is late stands before one that is not.
    pub fn new(columns: Vec<Column>, layout: TextLayout) -> Self {
        assert!(
            columns.is_sorted_by_key(|column| column.is_late),
            "late columns come last"
        );
        Self { columns, layout }
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How the table is laid out as text.
    pub fn layout(&self) -> TextLayout {
        self.layout
    }

    /// The groups beside [`Group::FRAME`], in order.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for column in &self.columns {
            if column.group != Group::FRAME && !groups.contains(&column.group) {
                groups.push(column.group);
            }
        }
        groups
    }

    /// Columns whose values are not late.
    pub fn early(&self) -> &[Column] {
        let early = self.columns.partition_point(|column| !column.is_late);
        &self.columns[..early]
    }

    /// Columns whose values are late.
    pub fn late(&self) -> &[Column] {
        &self.columns[self.early().len()..]
    }

    /// The groups named `wanted`, or all when there are none.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn select(&self, wanted: &[impl AsRef<str>]) -> Result<Selection, UnknownGroup> {
        let groups = self.groups();
        for name in wanted {
            if !groups.iter().any(|group| group.name == name.as_ref()) {
                return Err(UnknownGroup {
                    wanted: name.as_ref().to_owned(),
                    known: groups.iter().map(|group| group.name).collect(),
                });
            }
        }
        let is_selected = |column: &Column| {
            column.group == Group::FRAME
                || wanted.is_empty()
                || wanted.iter().any(|name| name.as_ref() == column.group.name)
        };
        let ranges = |columns: &[Column]| {
            let mut ranges: Vec<Range<usize>> = Vec::new();
            let mut place = 0;
            for column in columns {
                let end = place + column.kind.bytes();
                if is_selected(column) {
                    match ranges.last_mut() {
                        Some(last) if last.end == place => last.end = end,
                        _ => ranges.push(place..end),
                    }
                }
                place = end;
            }
            ranges
        };
        let columns = self.columns.iter().filter(|column| is_selected(column));
        Ok(Selection {
            early: ranges(self.early()),
            late: ranges(self.late()),
            schema: Self::new(columns.cloned().collect(), self.layout),
        })
    }
}

/// Some of a schema's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    schema: Schema,
    /// Where they lie among the bytes of the early columns, and among those of the late ones.
    early: Vec<Range<usize>>,
    late: Vec<Range<usize>>,
}

impl Selection {
    /// The columns that are left.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Appends to `to` what is left of the early columns of a row.
    ///
    /// # Panics
    /// When `row` is shorter than they are.
    pub fn take_early(&self, row: &[u8], to: &mut Vec<u8>) {
        take(&self.early, row, to);
    }

    /// As [`take_early`](Self::take_early), of the late columns.
    ///
    /// # Panics
    /// When `row` is shorter than they are.
    pub fn take_late(&self, row: &[u8], to: &mut Vec<u8>) {
        take(&self.late, row, to);
    }
}

fn take(ranges: &[Range<usize>], row: &[u8], to: &mut Vec<u8>) {
    for range in ranges {
        to.extend_from_slice(&row[range.clone()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Group = Group {
        name: "a",
        about: "",
    };
    const B: Group = Group {
        name: "b",
        about: "",
    };

    fn column(name: &str, group: Group, kind: Kind, is_late: bool) -> Column {
        Column {
            name: name.into(),
            group,
            kind,
            text: Text::Digits(1),
            unit: "",
            about: "",
            is_late,
        }
    }

    fn schema() -> Schema {
        let layout = TextLayout {
            separator: ", ",
            line_end: "\n",
        };
        let columns = vec![
            column("frame", Group::FRAME, Kind::Whole, false),
            column("a1", A, Kind::Single, false),
            column("b1", B, Kind::Double, false),
            column("a2", A, Kind::Single, true),
            column("b2", B, Kind::Single, true),
        ];
        Schema::new(columns, layout)
    }

    fn names(schema: &Schema) -> Vec<&str> {
        schema.columns().iter().map(|c| &*c.name).collect()
    }

    #[test]
    fn without_a_wish_there_is_everything() {
        let all = schema().select(&[""; 0]).unwrap();
        assert_eq!(all.schema(), &schema());
        let row: Vec<u8> = (0..20).collect();
        let mut taken = Vec::new();
        all.take_early(&row, &mut taken);
        all.take_late(&row[..8], &mut taken);
        assert_eq!(taken, [&row, &row[..8]].concat());
    }

    #[test]
    fn what_is_wanted_is_left_and_in_order() {
        let some = schema().select(&["b"]).unwrap();
        assert_eq!(names(some.schema()), ["frame", "b1", "b2"]);
        let row: Vec<u8> = (0..20).collect();
        let mut taken = Vec::new();
        some.take_early(&row, &mut taken);
        assert_eq!(
            taken,
            [(0..8).collect::<Vec<u8>>(), (12..20).collect()].concat()
        );
        taken.clear();
        some.take_late(&row, &mut taken);
        assert_eq!(taken, [4, 5, 6, 7]);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let error = schema().select(&["a", "nose"]).unwrap_err().to_string();
        assert!(
            error.contains("`nose`") && error.ends_with("a, b"),
            "{error}"
        );
        assert!(schema().select(&["frame"]).is_err());
    }
}
