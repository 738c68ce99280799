//! Words with a fixed meaning: what an input's turn is at, and what became of it.
//!
//! The macro gives an enum one spelling for text, JSON and documentation, and a place for words of
//! later versions.

/// An enum whose values are words in JSON. A word that is not known is read as `Other`.
macro_rules! words {
    (
        $(#[$outer:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )+ }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$doc])* $variant, )+
            /// One of a later version.
            #[default]
            Other,
        }

        impl $name {
            /// All but `Other`.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other => "other",
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    _ => Self::Other,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                Ok(Self::from(&*word))
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What is being done about an input.
    Stage {
        /// Its file is looked through: how many frames there are, and when each is shown.
        Reading = "reading",
        /// Its frames are analysed.
        Analysing = "analysing",
        /// Its outputs are written.
        Writing = "writing",
        /// Somebody has asked for the end; what is being worked on is finished first.
        Stopping = "stopping",
    }
}

words! {
    /// What became of an input.
    Status {
        /// Its turn has not come.
        Waiting = "waiting",
        /// It is being worked on.
        Running = "running",
        /// All its outputs have been written.
        Done = "done",
        /// They were there already, and would have been the same.
        Skipped = "skipped",
        /// It was stopped; what there was has been written.
        Partial = "partial",
        /// It was stopped; nothing has been written.
        Stopped = "stopped",
        /// It cannot be done.
        Failed = "failed",
    }
}

impl Status {
    /// The status in a few words for people.
    pub fn for_people(self) -> &'static str {
        match self {
            Self::Waiting => "not begun",
            Self::Skipped => "skipped, as it is done already",
            status => status.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_in_text_and_json() {
        for &status in Status::ALL {
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, format!("\"{status}\""));
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
        }
        let later: Status = serde_json::from_str("\"postponed\"").unwrap();
        assert_eq!(later, Status::Other);
        assert!(serde_json::from_str::<Status>("3").is_err());
    }
}
