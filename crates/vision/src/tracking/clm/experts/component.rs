//! The small text file that lists what a landmark model consists of: its shape model and the
//! files of its patch experts, one per scale.

use crate::model_file::ModelFileError;

/// What kind of patch experts a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpertKind {
    /// Support vector regressors on intensities and gradients (CLM).
    Svr,
    /// Continuous conditional neural fields (CLNF).
    Ccnf,
    /// Convolutional experts networks (CE-CLM).
    Cen,
}

/// The files of one landmark model, as paths relative to the index (with `/`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentIndex {
    /// The 3-D shape model.
    pub shape_model: String,
    /// What kind of experts `experts` are. An index that names several kinds means the best one
    /// of them: CEN before CCNF before SVR.
    pub kind: ExpertKind,
    /// The files of the patch experts, one per scale, in the order of the scales.
    pub experts: Vec<String>,
    /// The numbers for stopping the search over initial rotations early.
    pub early_termination: Option<String>,
}

impl ComponentIndex {
    /// Reads an index: lines of a keyword and a path. Lines with other keywords are passed over.
    ///
    /// # Errors
    /// When it names no shape model or no patch experts.
    pub fn parse(text: &str) -> Result<Self, ModelFileError> {
        let context = "list of a landmark model's files";
        let mut shape_model = None;
        let mut early_termination = None;
        let mut experts: Vec<(ExpertKind, String)> = Vec::new();
        for line in text.lines() {
            let line = line.trim();
            let Some((keyword, path)) = line.split_once(|c: char| c.is_ascii_whitespace()) else {
                continue;
            };
            let path = path.trim().replace('\\', "/");
            match keyword {
                "PDM" => shape_model = Some(path),
                "PatchesIntensity" => experts.push((ExpertKind::Svr, path)),
                "PatchesCCNF" => experts.push((ExpertKind::Ccnf, path)),
                "PatchesCEN" => experts.push((ExpertKind::Cen, path)),
                "EarlyTermination" => early_termination = Some(path),
                _ => {}
            }
        }
        let missing = |what: &str| ModelFileError::new(context, format!("it names no {what}"));
        let shape_model = shape_model.ok_or_else(|| missing("shape model (PDM)"))?;
        let best = experts.iter().map(|&(kind, _)| kind).max();
        let kind = best.ok_or_else(|| missing("patch experts"))?;
        experts.retain(|&(of_kind, _)| of_kind == kind);
        Ok(Self {
            shape_model,
            kind,
            experts: experts.into_iter().map(|(_, path)| path).collect(),
            early_termination,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_kind_counts_in_the_order_of_the_file() {
        let text = "PDM pdms/a.txt\r\nTriangulations t.txt\r\nPatchesCCNF old.txt\r\n\
                    PatchesCEN one.dat\r\nPatchesCEN two.dat\r\nEarlyTermination stop.txt";
        let index = ComponentIndex::parse(text).unwrap();
        assert_eq!(index.shape_model, "pdms/a.txt");
        assert_eq!(index.kind, ExpertKind::Cen);
        assert_eq!(index.experts, ["one.dat", "two.dat"]);
        assert_eq!(index.early_termination.as_deref(), Some("stop.txt"));
    }

    #[test]
    fn a_model_without_shape_or_experts_is_refused() {
        assert!(ComponentIndex::parse("PDM a.txt\n").is_err());
        assert!(ComponentIndex::parse("PatchesCCNF a.txt\n").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends_in_a_value_or_an_error(text: String) {
            let _ = ComponentIndex::parse(&text);
        }
    }
}
