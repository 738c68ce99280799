//! Which columns a table has: those that the user wants, of those that the pipeline knows; and what
//! stands between them.

use std::fmt;

use faceau_measure::Schema;

/// Columns that are written together or not at all, in the order of OpenFace's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum ColumnGroup {
    /// Where the eyes look.
    Gaze,
    /// Emotion and the probability of each.
    Emotion,
    /// Landmarks of the eyes, in 2-D and 3-D.
    Eyes,
    /// Position and rotation of the head.
    Pose,
    /// Landmarks of the face in pixels.
    Landmarks2d,
    /// Landmarks of the face in millimetres.
    Landmarks3d,
    /// Parameters of the face's shape.
    Params,
    /// Intensities and presences of action units.
    Aus,
}

impl ColumnGroup {
    /// All groups, in their order.
    pub const ALL: [Self; 8] = [
        Self::Gaze,
        Self::Emotion,
        Self::Eyes,
        Self::Pose,
        Self::Landmarks2d,
        Self::Landmarks3d,
        Self::Params,
        Self::Aus,
    ];

    /// Its name on command lines and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaze => "gaze",
            Self::Emotion => "emotion",
            Self::Eyes => "eyes",
            Self::Pose => "pose",
            Self::Landmarks2d => "landmarks2d",
            Self::Landmarks3d => "landmarks3d",
            Self::Params => "params",
            Self::Aus => "aus",
        }
    }
}

/// The groups of a table. Every table also has the frame's number, its time, the confidence and
/// whether it succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    groups: [bool; ColumnGroup::ALL.len()],
    plain: bool,
}

/// A group was asked for that the pipeline does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownColumns {
    wanted: ColumnGroup,
    known: Columns,
}

impl fmt::Display for UnknownColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "--columns: this pipeline does not measure `{}`; it knows {}",
            self.wanted.name(),
            self.known.names().join(", ")
        )
    }
}

impl std::error::Error for UnknownColumns {}

impl Columns {
    /// All groups of a pipeline's columns.
    pub fn known(schema: &Schema) -> Self {
        let groups = schema.groups();
        Self::those(|group| groups.iter().any(|known| known.name == group.name()))
    }

    /// The groups of `wanted`, or all that the pipeline knows when there are none.
    ///
    /// # Errors
    /// When the pipeline does not know one of them.
    pub fn select(wanted: &[ColumnGroup], known: Self) -> Result<Self, UnknownColumns> {
        if wanted.is_empty() {
            return Ok(known);
        }
        if let Some(&unknown) = wanted.iter().find(|&&group| !known.has(group)) {
            return Err(UnknownColumns {
                wanted: unknown,
                known,
            });
        }
        Ok(Self::those(|group| wanted.contains(&group)))
    }

    fn those(chosen: impl Fn(ColumnGroup) -> bool) -> Self {
        Self {
            groups: ColumnGroup::ALL.map(chosen),
            plain: false,
        }
    }

    /// The same columns in a plain table: with nothing but a comma between them.
    pub fn plain(self) -> Self {
        Self {
            plain: true,
            ..self
        }
    }

    /// Whether nothing but a comma stands between two columns.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The groups by name.
    pub fn names(&self) -> Vec<String> {
        let wanted = ColumnGroup::ALL.iter().filter(|&&group| self.has(group));
        wanted.map(|group| group.name().to_owned()).collect()
    }

    /// Whether the table has this group.
    pub fn has(&self, group: ColumnGroup) -> bool {
        self.groups[group as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_models::ModelSet;
    use faceau_pipelines::registry;

    /// What pipelines with and without landmarks on the eyes know.
    fn known(eyes: bool) -> Columns {
        let set = match eyes {
            true => ModelSet::OpenfaceClnf,
            false => ModelSet::Pfld,
        };
        Columns::known(&registry::of(set).unwrap().own_schema())
    }

    #[test]
    fn without_a_wish_there_is_everything_that_is_known() {
        let all = Columns::select(&[], known(true)).unwrap();
        for group in ColumnGroup::ALL {
            assert_eq!(all.has(group), group != ColumnGroup::Emotion);
        }
        let some = Columns::select(&[], known(false)).unwrap();
        assert!(!some.has(ColumnGroup::Gaze) && !some.has(ColumnGroup::Eyes));
        assert!(some.has(ColumnGroup::Pose) && some.has(ColumnGroup::Aus));
    }

    #[test]
    fn what_is_wanted_must_be_known() {
        let wanted = [ColumnGroup::Aus, ColumnGroup::Gaze];
        let columns = Columns::select(&wanted, known(true)).unwrap();
        for group in ColumnGroup::ALL {
            assert_eq!(columns.has(group), wanted.contains(&group));
        }
        let error = Columns::select(&wanted, known(false)).unwrap_err();
        assert!(error.to_string().contains("`gaze`"), "{error}");
        assert!(Columns::select(&[ColumnGroup::Landmarks3d], known(false)).is_ok());
    }
}
