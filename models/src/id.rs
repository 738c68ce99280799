//! The names by which the rest of the program asks for a file: `id` in the manifest.
//!
//! Only files that code opens by name are here; files that other files name (the AU predictors of a
//! list, say) are found with [`ResolvedSet::named_by`](crate::ResolvedSet::named_by).

/// RetinaFace, ONNX: finds faces.
pub const RETINAFACE: &str = "retinaface";
/// PFLD, ONNX: 68 landmarks in a face's crop.
pub const PFLD: &str = "pfld";
/// OpenFace 3.0's multitask network, ONNX: action units, emotion and gaze of a face's crop.
pub const OPENFACE3_MTL: &str = "openface3-mtl";
/// STAR as OpenFace 3.0 trained it, ONNX: 98 landmarks in a face's crop.
pub const OPENFACE3_STAR: &str = "openface3-star";
/// The network that rates 68 landmarks against the picture (PFLD and CE-CLM pipelines).
pub const VALIDATOR_68: &str = "validator-cnn-68";
/// The older network of the same purpose (CLNF and CLM pipelines).
pub const VALIDATOR: &str = "validator-cnn";
/// Index of the AU analysis of videos: names its list of predictors, its shape model, its triangles.
pub const AU_VIDEO: &str = "au/video";
/// The list of the 35 predictors for videos, most of them corrected for the person.
pub const AU_VIDEO_PREDICTORS: &str = "au/video-predictors";
/// Index of the AU analysis of single images.
pub const AU_IMAGE: &str = "au/image";
/// The list of the 35 predictors for single images.
pub const AU_IMAGE_PREDICTORS: &str = "au/image-predictors";
/// The 68-point shape model of the AU analysis.
pub const AU_PDM: &str = "au/pdm";
/// The triangles that cover the aligned face.
pub const AU_TRIANGLES: &str = "au/triangles";
/// Index of the MTCNN face detector.
pub const MTCNN: &str = "mtcnn";
/// Index of the CLNF landmark model.
pub const CLNF: &str = "clnf";
/// Index of the CE-CLM landmark model.
pub const CECLM: &str = "ceclm";
/// Index of the CLM landmark model.
pub const CLM: &str = "clm";
/// Index of the left eye's model.
pub const EYE_LEFT: &str = "eye/left";
/// Index of the right eye's model.
pub const EYE_RIGHT: &str = "eye/right";

/// Face Landmarker's detector ("BlazeFace"), ONNX: finds faces.
pub const LANDMARKER_DETECTOR: &str = "landmarker-detector";
/// Face Landmarker's landmark network ("Face Mesh V2"), ONNX: 478 points in a face's crop.
pub const LANDMARKER_MESH: &str = "landmarker-mesh";
/// Face Landmarker's blendshape network, ONNX: 52 coefficients of expression from 146 points.
pub const LANDMARKER_BLENDSHAPES: &str = "landmarker-blendshapes";
/// Face Landmarker's canonical face, a table.
pub const LANDMARKER_GEOMETRY: &str = "landmarker-geometry";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;

    #[test]
    fn every_id_is_in_the_manifest() {
        for id in [
            RETINAFACE,
            PFLD,
            OPENFACE3_MTL,
            OPENFACE3_STAR,
            VALIDATOR_68,
            VALIDATOR,
            AU_VIDEO,
            AU_VIDEO_PREDICTORS,
            AU_IMAGE,
            AU_IMAGE_PREDICTORS,
            AU_PDM,
            AU_TRIANGLES,
            MTCNN,
            CLNF,
            CECLM,
            CLM,
            EYE_LEFT,
            EYE_RIGHT,
        ] {
            assert!(Manifest::embedded().file(id).is_some(), "{id}");
        }
    }
}
