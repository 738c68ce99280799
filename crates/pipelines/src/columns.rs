//! Columns and groups that several pipelines have, and how lists of columns are put together.

use faceau_measure::{Column, Group, Kind, Text, TextLayout};

/// OpenFace's layout: a comma and a space, also in the header.
pub(crate) const OPENFACE: TextLayout = TextLayout {
    separator: ", ",
    line_end: "\n",
};

pub(crate) const GAZE: Group = Group {
    name: "gaze",
    about: "Where the eyes look",
};
pub(crate) const EMOTION: Group = Group {
    name: "emotion",
    about: "Emotion and the probability of each",
};
pub(crate) const EYES: Group = Group {
    name: "eyes",
    about: "Landmarks of the eyes, in 2-D and 3-D",
};
pub(crate) const POSE: Group = Group {
    name: "pose",
    about: "Position and rotation of the head",
};
pub(crate) const LANDMARKS_2D: Group = Group {
    name: "landmarks2d",
    about: "Landmarks of the face in pixels",
};
pub(crate) const LANDMARKS_3D: Group = Group {
    name: "landmarks3d",
    about: "Landmarks of the face in millimetres",
};
pub(crate) const PARAMS: Group = Group {
    name: "params",
    about: "Parameters of the face's shape",
};
pub(crate) const AUS: Group = Group {
    name: "aus",
    about: "Intensities and presences of action units",
};

/// A list of columns in the making.
#[derive(Debug, Default)]
pub(crate) struct Columns(pub Vec<Column>);

/// What the columns of a run have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Like {
    pub group: Group,
    pub kind: Kind,
    pub text: Text,
    pub unit: &'static str,
    pub about: &'static str,
}

impl Like {
    /// Single-precision numbers with so many digits.
    pub(crate) const fn singles(group: Group, digits: u8, unit: &'static str) -> Self {
        Self {
            group,
            kind: Kind::Single,
            text: Text::Digits(digits),
            unit,
            about: "",
        }
    }

    /// Double-precision numbers with so many digits.
    pub(crate) const fn doubles(group: Group, digits: u8, unit: &'static str) -> Self {
        Self {
            kind: Kind::Double,
            ..Self::singles(group, digits, unit)
        }
    }

    /// Whole numbers.
    pub(crate) const fn wholes(group: Group) -> Self {
        Self {
            kind: Kind::Whole,
            ..Self::singles(group, 0, "")
        }
    }

    /// With this meaning.
    pub(crate) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// Written as Python writes them.
    pub(crate) const fn shortest(self) -> Self {
        Self {
            text: Text::Shortest,
            ..self
        }
    }
}

impl Columns {
    /// Adds columns of these names.
    pub(crate) fn add(&mut self, like: Like, names: impl IntoIterator<Item = String>) {
        self.0.extend(names.into_iter().map(|name| Column {
            name,
            group: like.group,
            kind: like.kind,
            text: like.text,
            unit: like.unit,
            about: like.about,
            is_late: false,
        }));
    }

    /// Adds a column.
    pub(crate) fn one(&mut self, like: Like, name: &str) {
        self.add(like, [name.to_owned()]);
    }

    /// Adds columns that are final only in the end.
    pub(crate) fn add_late(&mut self, like: Like, names: impl IntoIterator<Item = String>) {
        let first = self.0.len();
        self.add(like, names);
        for column in &mut self.0[first..] {
            column.is_late = true;
        }
    }

    /// Adds the columns that every table begins with; the time and the confidence are `time` and
    /// `confidence`.
    pub(crate) fn add_frame(&mut self, number: &'static str, time: Like, confidence: Like) {
        let whole = Like::wholes(Group::FRAME);
        self.one(whole.about(number), "frame");
        self.one(whole.about("Number of the face, from 0"), "face_id");
        self.one(time.about("Time since the first frame"), "timestamp");
        let sure = "How sure it is that this is a face, 0 to 1";
        self.one(confidence.about(sure), "confidence");
        let success = "1 when the face was found on this frame, else 0";
        self.one(whole.about(success), "success");
    }
}

/// Names such as `x_0` to `x_67`.
pub(crate) fn numbered(prefix: &str, count: usize) -> impl Iterator<Item = String> + '_ {
    (0..count).map(move |i| format!("{prefix}_{i}"))
}

/// Names such as `AU01_r`.
pub(crate) fn aus(numbers: &[u8], kind: char) -> impl Iterator<Item = String> + '_ {
    numbers.iter().map(move |au| format!("AU{au:02}_{kind}"))
}
