//! Aligned face, mask and descriptors against OpenFace's, stage by stage.

mod common;

use common::{Dump, face_shape_model, largest_difference};
use faceau_vision::analysis::{FHOG_LEN, GEOMETRY_LEN};
use faceau_vision::au::alignment::{ALIGNED_SIZE, alignment, transform};
use faceau_vision::au::fhog::Fhog;
use faceau_vision::au::geometry;
use faceau_vision::image::BgrView;
use faceau_vision::warp::AffineWarp;

const PIXELS: usize = ALIGNED_SIZE * ALIGNED_SIZE;

/// A last digit of the alignment, which is in single precision, decides a few roundings to 1/32
/// pixel: up to 6 pixels by up to 3 grey levels were seen against an independent implementation.
#[test]
fn the_aligned_face_is_openfaces() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(dumps) = Dump::all() else { return };
    let model = face_shape_model(&models);
    let triangulation = common::triangulation(&models);
    for dump in &dumps {
        let frame = dump.array::<u8>("frame_bgr");
        let frame = BgrView::new(&frame.data, 640, 480, 3 * 640).unwrap();
        let landmarks = dump.landmarks("landmarks");
        let global = dump.array::<f32>("calcparams_global").data;
        let map = alignment(&landmarks, model.mean(), [global[4], global[5]]);

        let mut mask = vec![false; PIXELS];
        triangulation.mask(&transform(&map, &landmarks), &mut mask);
        let expected = dump.array::<u8>("aligned_mask_times255").data;
        let wrong = mask
            .iter()
            .zip(&expected)
            .filter(|(ours, theirs)| **ours != (**theirs != 0));
        assert_eq!(wrong.count(), 0, "mask of frame {}", dump.frame());

        let mut face = vec![0; 3 * PIXELS];
        AffineWarp::new(ALIGNED_SIZE, ALIGNED_SIZE).run(&frame, &map, &mask, &mut face);
        assert_alike(&face, &dump.array("aligned_bgr").data, dump.frame());
        AffineWarp::new(ALIGNED_SIZE, ALIGNED_SIZE).run(&frame, &map, &[true; PIXELS], &mut face);
        assert_alike(&face, &dump.array("aligned_nomask_bgr").data, dump.frame());
    }
}

fn assert_alike(ours: &[u8], theirs: &[u8], frame: usize) {
    let differences: Vec<u8> = ours
        .chunks_exact(3)
        .zip(theirs.chunks_exact(3))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap())
        .collect();
    eprintln!(
        "frame {frame}: {} pixels differ: {differences:?}",
        differences.len()
    );
    assert!(differences.len() <= 10);
    assert!(differences.iter().all(|&levels| levels <= 3));
}

/// Sums in another order may differ in the last digit of single precision.
#[test]
fn fhog_is_dlibs() {
    let Some(dumps) = Dump::all() else { return };
    let mut fhog = Fhog::new();
    for dump in &dumps {
        let mut descriptor = [0.0; FHOG_LEN];
        fhog.describe(&dump.array::<u8>("aligned_bgr").data, &mut descriptor);
        let difference = largest_difference(&descriptor, &dump.array::<f64>("fhog").data);
        eprintln!("frame {}: {difference:e}", dump.frame());
        assert!(difference < 1e-6);
    }
}

/// The same sums of doubles, perhaps in another order.
#[test]
fn the_geometry_is_openfaces() {
    let Some(models) = common::openface_models() else {
        return;
    };
    let Some(dumps) = Dump::all() else { return };
    let model = face_shape_model(&models);
    for dump in &dumps {
        let mut descriptor = [0.0; GEOMETRY_LEN];
        geometry::describe(
            &model,
            &dump.array::<f32>("calcparams_local").data,
            &mut descriptor,
        );
        let expected = dump.array::<f64>("geom_descriptor").data;
        assert!(largest_difference(&descriptor, &expected) < 1e-12);
    }
}
