//! Another worker can go on after any frame, with the same bytes: this is what a replacement does,
//! and a run that goes on where an earlier one was interrupted. Proven with the real models.

use std::path::Path;

use faceau_media::reader::{Reader, SPARE_BYTES};
use faceau_media::{Input, Reading, Source};
use faceau_models::{ModelSet, Store};
use faceau_tests::driving::Worker;
use faceau_vision::image::BgrView;

/// The size of `default.wmv`.
const SIZE: (usize, usize) = (640, 480);

/// The first frames of a video of this size.
fn decode(video: &Path, count: usize) -> Vec<Vec<u8>> {
    let source = Source::open(&Input::Video(video.into()), &Reading::default()).unwrap();
    let mut reader = Reader::open(&source, 1).unwrap();
    reader.go_to(0).unwrap();
    let frame = |number| {
        let mut pixels = vec![0; 3 * SIZE.0 * SIZE.1 + SPARE_BYTES];
        let size = reader.read(number, |width| 3 * width, &mut pixels).unwrap();
        assert_eq!((size.width, size.height), SIZE);
        pixels
    };
    (0..count).map(frame).collect()
}

fn view(pixels: &[u8]) -> BgrView<'_> {
    BgrView::new(pixels, SIZE.0, SIZE.1, 3 * SIZE.0).unwrap()
}

fn folder(variable: &str) -> Option<std::path::PathBuf> {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty());
    if folder.is_none() {
        eprintln!("skipped: {variable} is not set");
    }
    folder.map(Into::into)
}

fn can_go_on_anywhere(set: ModelSet) {
    let (Some(models), Some(videos)) = (folder("FACEAU_MODELS"), folder("FACEAU_VIDEOS")) else {
        return;
    };
    let store = Store::locate(Some(&models));
    let Some(mut first) = Worker::with_pipeline(&store, set, SIZE) else {
        eprintln!("skipped: the models of {set} are not all there");
        return;
    };
    // A face, then the dark for a while, then the face again.
    let mut frames = decode(&videos.join("default.wmv"), 16);
    let back = frames.split_off(8);
    frames.extend((0..3).map(|_| vec![0; 3 * SIZE.0 * SIZE.1]));
    frames.extend(back);
    let whole: Vec<_> = (1..)
        .zip(&frames)
        .map(|(number, pixels)| first.analyse(&view(pixels), number, None))
        .collect();
    let found: Vec<bool> = whole
        .iter()
        .map(|payload| first.is_successful(payload))
        .collect();
    assert!(found[7] && !found[9] && found[18], "{found:?}");

    let mut second = Worker::with_pipeline(&store, set, SIZE).unwrap();
    // What it knows of other frames must not matter.
    second.analyse(&view(&frames[18]), 1, None);
    for cut in [1, 2, 7, 8, 9, 10, 11, 12, 16] {
        for at in cut..frames.len().min(cut + 4) {
            let last = (at == cut).then(|| &whole[cut - 1]);
            let analysis = second.analyse(&view(&frames[at]), at as u64 + 1, last);
            let same = analysis == whole[at];
            assert!(same, "{set}: frame {at}, gone on after {cut} frames");
        }
    }
}

#[test]
fn pfld() {
    can_go_on_anywhere(ModelSet::Pfld);
}

#[test]
fn openface_with_clnf() {
    can_go_on_anywhere(ModelSet::OpenfaceClnf);
}

#[test]
fn openface3() {
    can_go_on_anywhere(ModelSet::Openface3);
}
