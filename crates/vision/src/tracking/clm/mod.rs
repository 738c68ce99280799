//! Constrained local models: landmarks found by patch experts that each search their own
//! surroundings, held together by the shape model (Saragih et al. 2011; Baltrušaitis et al. 2013;
//! Zadeh et al. 2017).

pub mod experts;
pub mod face_model;
pub mod fit;
pub mod hypotheses;
pub mod index;
pub mod mean_shift;
pub mod openface_tracker;
pub mod optimiser;
pub mod parameters;
pub mod parts;
pub mod video;
