use super::*;
use crate::openface3::LANDMARKS;
use crate::tracking::retinaface::{RetinaFace, RetinaFaceOptions};
use crate::tracking::testing::{Answer, FakeNetwork};

const WIDTH: usize = 128;
const HEIGHT: usize = 96;
/// Cells of the detector at strides 8, 16 and 32, two boxes each.
const PRIORS: usize = 2 * (16 * 12 + 8 * 6 + 4 * 3);

type Fake = FakeNetwork<Box<dyn FnMut(&[usize], &[f32]) -> Answer>>;

fn fake(name: &'static str, answer: impl FnMut(&[usize], &[f32]) -> Answer + 'static) -> Fake {
    FakeNetwork::new(name, Box::new(answer))
}

/// Sees a face of 64 pixels around the column that the top left pixel's blue names (in units of 16
/// pixels), unless that is 0; its score is the same pixel's green in per cent.
fn detector(options: RetinaFaceOptions) -> RetinaFace<Fake> {
    let network = fake("RetinaFace", |_, input| {
        let plane = WIDTH * HEIGHT;
        let [column, score] = [input[0] + 104.0, (input[plane] + 117.0) / 100.0];
        let mut scores = vec![0.0; 2 * PRIORS];
        if column > 0.0 {
            let cell = 2 * 8 + column as usize;
            scores[2 * (2 * (16 * 12 + cell)) + 1] = score;
        }
        let outputs = [
            (4, vec![0.0; 4 * PRIORS]),
            (2, scores),
            (10, vec![0.0; 10 * PRIORS]),
        ];
        outputs.map(|(n, v)| (vec![1, PRIORS, n], v)).into()
    });
    RetinaFace::new(network, options)
}

fn mtl() -> Mtl<Fake> {
    Mtl::new(fake("MTL", |_, input| {
        let first = input[0];
        [(8, 0.1), (2, first), (8, 0.7)]
            .map(|(n, v)| (vec![1, n], vec![v; n]))
            .into()
    }))
}

/// Landmarks on a circle in the middle of the crop.
fn star(convention: Convention) -> Star<Fake> {
    let network = fake("STAR", |_, _| {
        let points = (0..LANDMARKS).flat_map(|i| {
            let angle = i as f32;
            [0.8 * angle.cos(), 0.7 * angle.sin()]
        });
        vec![(vec![1, LANDMARKS, 2], points.collect())]
    });
    Star::new(network, convention)
}

fn picture(column: u8, score: u8) -> Vec<u8> {
    let mut data = vec![60; 3 * WIDTH * HEIGHT];
    data[..3].copy_from_slice(&[column, score, 0]);
    data
}

fn analyse(analyser: &mut OpenFace3Analyser<Fake>, data: &[u8]) -> FrameAnalysis {
    let frame = BgrView::new(data, WIDTH, HEIGHT, 3 * WIDTH).unwrap();
    let mut out = FrameAnalysis::zeroed();
    analyser.analyse(&frame, &mut out).unwrap();
    assert_eq!(out.check(), Ok(()));
    out.stage_nanos = Default::default();
    out
}

fn every_frame() -> OpenFace3Analyser<Fake> {
    let convention = Convention::AsTrained;
    let faces = FaceFinder::every_frame(detector(RetinaFaceOptions::default()), convention);
    OpenFace3Analyser::new(faces, mtl(), Some(star(convention)), convention)
}

fn follow(look_every: u32) -> OpenFace3Analyser<Fake> {
    let convention = Convention::AsTrained;
    let faces = FaceFinder::follow(detector(RetinaFaceOptions::default()), look_every);
    OpenFace3Analyser::new(faces, mtl(), Some(star(convention)), convention)
}

#[test]
fn every_frame_has_its_own_face() {
    let mut analyser = every_frame();
    let first = analyse(&mut analyser, &picture(3, 90));
    assert_eq!(first.success, 1);
    assert!((first.confidence - 0.9).abs() < 1e-6);
    let part = &first.openface3;
    assert_eq!((part.face[0] + part.face[2]) / 2.0, 56.0);
    let flags = (part.has_landmarks, part.has_closure);
    assert_eq!((part.aus, flags), ([0.7; 8], (1, 1)));
    let second = analyse(&mut analyser, &picture(4, 80));
    assert_eq!(
        (second.openface3.face[0] + second.openface3.face[2]) / 2.0,
        72.0
    );
    let (ax, bx) = (
        first.openface3.landmark(7).0,
        second.openface3.landmark(7).0,
    );
    assert!((bx - ax - 16.0).abs() < 1e-3);
}

#[test]
fn a_frame_without_a_face_says_where_it_was_and_nothing_else() {
    let mut analyser = every_frame();
    let seen = analyse(&mut analyser, &picture(3, 90));
    let gone = analyse(&mut analyser, &picture(0, 0));
    let mut expected = FrameAnalysis::zeroed();
    expected.openface3.face = seen.openface3.face;
    expected.tracker = seen.tracker;
    assert_eq!(bytemuck::bytes_of(&gone), bytemuck::bytes_of(&expected));
    analyser.begin_segment();
    let never = analyse(&mut analyser, &picture(0, 0));
    let zeros = FrameAnalysis::zeroed();
    assert_eq!(bytemuck::bytes_of(&never), bytemuck::bytes_of(&zeros));
}

#[test]
fn the_whole_frame_can_be_the_face() {
    let convention = Convention::FaceMirror;
    let mut analyser = OpenFace3Analyser::new(FaceFinder::WholeFrame, mtl(), None, convention);
    let out = analyse(&mut analyser, &picture(0, 0));
    assert_eq!(
        (out.success, out.confidence, out.openface3.has_landmarks),
        (1, 1.0, 0)
    );
    assert_eq!(out.openface3.face, [0.0, 0.0, WIDTH as f32, HEIGHT as f32]);
}

#[test]
fn a_face_that_is_followed_is_looked_for_now_and_then() {
    let mut analyser = follow(4);
    let first = analyse(&mut analyser, &picture(3, 90));
    // What the detector would see in the next three frames is not asked for.
    for _ in 0..3 {
        let next = analyse(&mut analyser, &picture(0, 0));
        assert_eq!(next.success, 1);
        assert_eq!(next.confidence, first.confidence);
        for (a, b) in next.openface3.face.iter().zip(first.openface3.face) {
            assert!(
                (a - b).abs() < 1.0,
                "{:?} {:?}",
                next.openface3.face,
                first.openface3.face
            );
        }
    }
    let lost = analyse(&mut analyser, &picture(0, 0));
    assert_eq!((lost.success, lost.openface3.has_landmarks), (0, 0));
}

#[test]
fn another_analyser_goes_on_as_the_first_would() {
    let pictures: Vec<Vec<u8>> = [3, 3, 4, 0, 0, 4, 4, 5, 0, 0, 0, 3, 3, 4]
        .into_iter()
        .map(|column| picture(column, 90 + column))
        .collect();
    for make in [every_frame, || follow(3)] {
        let mut whole = make();
        let expected: Vec<_> = pictures.iter().map(|p| analyse(&mut whole, p)).collect();
        for cut in 1..pictures.len() {
            let mut other = make();
            other.resume_after(&expected[cut - 1]);
            for (picture, expected) in pictures.iter().zip(&expected).skip(cut) {
                let out = analyse(&mut other, picture);
                assert_eq!(
                    bytemuck::bytes_of(&out),
                    bytemuck::bytes_of(expected),
                    "after frame {cut}"
                );
            }
        }
    }
}
