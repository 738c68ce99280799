//! All pipelines there are. A new one is a folder beside this file and a line in it.

use faceau_models::ModelSet;

use crate::definition::Definition;
use crate::open::OpenError;
use crate::{demo, openface2, openface3};

/// The pipelines, in the order in which they are listed.
pub static ALL: [&dyn Definition; 6] = [
    &openface2::CECLM,
    &openface2::CLNF,
    &openface2::CLM,
    &openface2::PFLD,
    &demo::DEMO,
    &openface3::OPENFACE3,
];

/// The pipeline that needs this set of models.
///
/// # Errors
/// When there is none.
pub fn of(set: ModelSet) -> Result<&'static dyn Definition, OpenError> {
    ALL.iter()
        .find(|definition| definition.set() == set)
        .copied()
        .ok_or_else(|| OpenError::NoPipeline(set.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn every_pipeline_has_models_of_its_own_and_columns_with_names_of_their_own() {
        for definition in ALL {
            let set = definition.set();
            assert_eq!(ALL.iter().filter(|d| d.set() == set).count(), 1, "{set}");
            assert_eq!(of(set).unwrap().set(), set);
            let schema = definition.own_schema();
            let mut names: Vec<&str> = schema.columns().iter().map(|c| &*c.name).collect();
            assert!(names.starts_with(&["frame", "face_id", "timestamp", "confidence", "success"]));
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{set}");
            for column in schema.columns() {
                let about = column.about;
                assert!(
                    !about.is_empty() && !about.ends_with('.'),
                    "{}",
                    column.name
                );
            }
        }
        assert!(of(ModelSet::OpenfaceEyes).is_err());
    }

    #[test]
    fn only_networks_that_will_run_are_named() {
        let networks = |set| of(set).unwrap().networks(&Options::default()).len();
        assert_eq!(networks(ModelSet::Openface3), 3);
        assert_eq!(networks(ModelSet::Pfld), 2);
        assert_eq!(networks(ModelSet::OpenfaceClnf), 0);
        let mut options = Options::default();
        (options.openface3.whole_frame, options.openface3.landmarks) = (true, false);
        let openface3 = of(ModelSet::Openface3).unwrap();
        assert_eq!(openface3.networks(&options).len(), 1);
        assert_eq!(openface3.unneeded_models(&options).len(), 2);
    }
}
