//! The final values of one face on one frame, by the columns of a schema.
//!
//! A row is written by an ordered stage and read by whatever writes tables; it lies in memory and in
//! files without a name, so it has no layout for others.

use crate::bytes::{Fields, PutFields};
use crate::schema::{Column, Kind};

/// Stands for the word that is none.
const NO_WORD: u32 = u32::MAX;

/// Values of consecutive columns, the first ones first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    bytes: Vec<u8>,
}

impl Row {
    /// Removes all values.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The value of a column of whole numbers.
    pub fn whole(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Values of columns of single-precision numbers.
    pub fn singles(&mut self, values: &[f32]) {
        self.bytes.put_f32s(values);
    }

    /// The same, as they lie in a record.
    pub fn singles_from(&mut self, little_endian: &[u8]) {
        self.bytes.extend_from_slice(little_endian);
    }

    /// Values of columns of double-precision numbers.
    pub fn doubles(&mut self, values: &[f64]) {
        self.bytes.put_f64s(values);
    }

    /// The same, as they lie in a record.
    pub fn doubles_from(&mut self, little_endian: &[u8]) {
        self.bytes.extend_from_slice(little_endian);
    }

    /// The value of a column of words, by its place among them.
    pub fn word(&mut self, place: Option<usize>) {
        self.bytes
            .put_u32(place.map_or(NO_WORD, |place| place as u32));
    }

    /// Zeros in so many bytes: what many columns have where nothing was measured.
    pub fn zeros(&mut self, bytes: usize) {
        self.bytes.resize(self.bytes.len() + bytes, 0);
    }

    /// The bytes, as a [`Selection`](crate::Selection) takes them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// A single-precision number; NaN where it is not known.
    Single(f32),
    /// A double-precision number; NaN where it is not known.
    Double(f64),
    /// A word, if there is one.
    Word(Option<&'static str>),
}

/// The values of a row, column after column.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    columns: std::slice::Iter<'a, Column>,
    fields: Fields<'a>,
}

impl<'a> Values<'a> {
    /// Of the row in `bytes`, which has exactly these columns.
    pub fn of(columns: &'a [Column], bytes: &'a [u8]) -> Self {
        Self {
            columns: columns.iter(),
            fields: Fields::of(bytes),
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = (&'a Column, Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let column = self.columns.next()?;
        let fields = &mut self.fields;
        let value = match column.kind {
            Kind::Whole => Value::Whole(u64::from_le_bytes(chunk(fields)?)),
            Kind::Single => Value::Single(f32::from_le_bytes(chunk(fields)?)),
            Kind::Double => Value::Double(f64::from_le_bytes(chunk(fields)?)),
            Kind::Word(words) => {
                let place = u32::from_le_bytes(chunk(fields)?) as usize;
                Value::Word(words.get(place).copied())
            }
        };
        Some((column, value))
    }
}

#[inline]
fn chunk<const N: usize>(fields: &mut Fields<'_>) -> Option<[u8; N]> {
    fields.bytes(N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Group, Text};

    #[test]
    fn values_come_back_by_their_columns() {
        let kinds = [
            Kind::Whole,
            Kind::Single,
            Kind::Single,
            Kind::Double,
            Kind::Word(&["calm", "glad"]),
            Kind::Word(&["calm"]),
            Kind::Single,
        ];
        let columns: Vec<Column> = kinds
            .into_iter()
            .map(|kind| Column {
                name: String::new(),
                group: Group::FRAME,
                kind,
                text: Text::Shortest,
                unit: "",
                about: "",
                is_late: false,
            })
            .collect();
        let mut row = Row::default();
        row.whole(12);
        row.singles(&[0.5, -1.0]);
        row.doubles(&[1e300]);
        row.word(Some(1));
        row.word(None);
        row.zeros(4);
        let size: usize = kinds.iter().map(|kind| kind.bytes()).sum();
        assert_eq!(row.bytes().len(), size);
        let values: Vec<Value> = Values::of(&columns, row.bytes()).map(|(_, v)| v).collect();
        assert_eq!(
            values,
            [
                Value::Whole(12),
                Value::Single(0.5),
                Value::Single(-1.0),
                Value::Double(1e300),
                Value::Word(Some("glad")),
                Value::Word(None),
                Value::Single(0.0),
            ]
        );
    }
}
