//! The small text file that names everything OpenFace's landmark tracker needs: the face's model,
//! the models of its parts, and the validator.

use crate::analysis::LANDMARKS;
use crate::model_file::ModelFileError;

/// A part of the face that has a landmark model of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartIndex {
    /// The part's own index, relative to this one's folder.
    pub path: String,
    /// What OpenFace calls it.
    pub name: String,
    /// Which landmark of the face is which landmark of the part.
    pub mapping: Vec<(usize, usize)>,
}

/// What the index names, as paths relative to its own folder (with `/`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainIndex {
    /// The list of the files of the landmark model itself.
    pub model: String,
    /// Its parts, in the order in which they are fitted.
    pub parts: Vec<PartIndex>,
    /// The detection validator; parts have none.
    pub validator: Option<String>,
}

const CONTEXT: &str = "index of a landmark tracker";

impl MainIndex {
    /// Reads an index. Lines with unknown keywords are passed over.
    ///
    /// # Errors
    /// When it names no landmark model, or a part is not mapped to the face.
    pub fn parse(text: &str) -> Result<Self, ModelFileError> {
        let mut model = None;
        let mut parts = Vec::new();
        let mut validator = None;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(keyword), Some(path)) = (words.next(), words.next()) else {
                continue;
            };
            let path = path.replace('\\', "/");
            match keyword {
                "LandmarkDetector" => model = Some(path),
                "LandmarkDetector_part" => parts.push(PartIndex::parse(path, words)?),
                "DetectionValidator" => validator = Some(path),
                _ => {}
            }
        }
        let model =
            model.ok_or_else(|| ModelFileError::new(CONTEXT, "it names no LandmarkDetector"))?;
        Ok(Self {
            model,
            parts,
            validator,
        })
    }
}

impl PartIndex {
    fn parse<'a>(
        path: String,
        mut words: impl Iterator<Item = &'a str>,
    ) -> Result<Self, ModelFileError> {
        let wrong = |reason: String| ModelFileError::new(CONTEXT, reason);
        let Some(name) = words.next() else {
            return Err(wrong(format!("the part `{path}` has no name")));
        };
        let number = |word: &str| {
            word.parse::<usize>()
                .map_err(|_| wrong(format!("part `{name}`: `{word}` is no landmark")))
        };
        let mut mapping = Vec::new();
        while let Some(of_face) = words.next() {
            let Some(of_part) = words.next() else {
                return Err(wrong(format!("part `{name}`: a pair is incomplete")));
            };
            let pair = (number(of_face)?, number(of_part)?);
            if pair.0 >= LANDMARKS {
                return Err(wrong(format!("part `{name}`: no landmark {}", pair.0)));
            }
            mapping.push(pair);
        }
        if mapping.is_empty() {
            return Err(wrong(format!("part `{name}` is mapped to no landmark")));
        }
        Ok(Self {
            path,
            name: name.to_owned(),
            mapping,
        })
    }
}

/// A path that the file `from` gives, relative to what `from` is relative to.
pub fn relative_to(from: &str, path: &str) -> String {
    match from.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{path}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_with_their_mapping() {
        let text = "LandmarkDetector clnf.txt\r\n\
                    LandmarkDetector_part eye\\main_left.txt left_eye_28 36 8 37 10 \r\n\
                    FaceDetConversion haar.txt\r\n\
                    DetectionValidator validation/cnn.txt";
        let index = MainIndex::parse(text).unwrap();
        assert_eq!(index.model, "clnf.txt");
        assert_eq!(index.validator.as_deref(), Some("validation/cnn.txt"));
        let part = PartIndex {
            path: "eye/main_left.txt".to_owned(),
            name: "left_eye_28".to_owned(),
            mapping: vec![(36, 8), (37, 10)],
        };
        assert_eq!(index.parts, [part]);
    }

    #[test]
    fn what_names_no_usable_model_is_refused() {
        for text in [
            "",
            "LandmarkDetector_part a.txt eye 36 8",
            "LandmarkDetector a.txt\nLandmarkDetector_part b.txt",
            "LandmarkDetector a.txt\nLandmarkDetector_part b.txt eye",
            "LandmarkDetector a.txt\nLandmarkDetector_part b.txt eye 36",
            "LandmarkDetector a.txt\nLandmarkDetector_part b.txt eye 36 x",
            "LandmarkDetector a.txt\nLandmarkDetector_part b.txt eye 68 8",
        ] {
            assert!(MainIndex::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file_that_gives_them() {
        assert_eq!(relative_to("main.txt", "pdms/a.txt"), "pdms/a.txt");
        assert_eq!(relative_to("eye/main.txt", "pdms/a.txt"), "eye/pdms/a.txt");
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends_in_a_value_or_an_error(text: String) {
            let _ = MainIndex::parse(&text);
        }
    }
}
