use super::*;
use crate::identity::tests::identity;
use crate::job::pieces::Finding;
use crate::job::testing::{self, LIMITS};
use faceau_measure::Payload;
use proptest::prelude::*;
use std::fs;

/// A result as tests compare it: task, frame, what the frame's own mark is, extras.
type Seen = (TaskId, usize, Result<u64, String>, Vec<u8>);

const SEGMENTS: [(usize, Range<usize>); 2] = [(0, 0..6), (2, 6..12)];

fn segments() -> Vec<Segment> {
    SEGMENTS
        .iter()
        .map(|(start, frames)| Segment {
            start: *start,
            frames: frames.clone(),
        })
        .collect()
}

/// What is found on a frame: up to three faces, with longer values on every other frame.
fn analysis(frame: usize) -> Payload {
    let mut payload = Payload::new(LIMITS.record);
    let values = vec![frame as u8; if frame.is_multiple_of(2) { 600 } else { 10 }];
    for track in 0..frame as u32 % 4 {
        testing::add(&mut payload, track, frame as f32, [track, 9], &values);
    }
    payload
}

/// What a run finds, piece by piece.
fn pieces() -> Vec<(TaskId, Range<usize>)> {
    vec![
        (TaskId::Segment(0), 0..3),
        (TaskId::Segment(1), 5..9),
        (TaskId::Segment(0), 3..6),
        (TaskId::RunOn(0), 6..8),
        (TaskId::Segment(1), 9..12),
    ]
}

fn feed(journal: &mut Journal, task: TaskId, frames: Range<usize>) {
    for frame in frames {
        let analysis = analysis(frame);
        let finding = if frame == 4 {
            Finding::Failed("it brought down three workers")
        } else {
            Finding::Analysed(analysis.faces())
        };
        let found = Found {
            task,
            frame,
            finding,
            extras: &[frame as u8; 3][..frame % 4],
        };
        journal.found(&found).unwrap();
    }
}

fn open(output: &Path, restart: bool) -> Result<Journal, JournalError> {
    Journal::open(JobFolder::take(output).unwrap(), &identity(), restart)
}

fn note(seen: &mut Vec<Seen>, found: &Found<'_>) -> io::Result<()> {
    let finding = match found.finding {
        Finding::Analysed(given) => {
            assert_eq!(given.bytes(), analysis(found.frame).bytes());
            Ok(found.frame as u64)
        }
        Finding::Failed(reason) => Err(reason.to_owned()),
    };
    seen.push((found.task, found.frame, finding, found.extras.to_vec()));
    Ok(())
}

fn begun(journal: &mut Journal) -> Vec<Seen> {
    let mut seen = Vec::new();
    let begun = journal.begin(&segments(), &LIMITS, &mut |found| note(&mut seen, found));
    begun.unwrap();
    seen
}

/// What a file holds, without opening it as a journal. `None` if it is none.
fn read(bytes: &[u8]) -> Option<Vec<Seen>> {
    use std::io::Write;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    if blocks::beginning(&file).unwrap() != Beginning::Journal {
        return None;
    }
    let contents = Contents::read(&file).unwrap();
    let (mut seen, mut content) = (Vec::new(), Vec::new());
    let mut reader = PartReader::default();
    for part in &contents.parts {
        blocks::read_again(&file, part.place, &mut content).unwrap();
        let read = reader.read(&content, &LIMITS, &mut |found| note(&mut seen, found));
        read.unwrap();
    }
    Some(seen)
}

/// Writes a whole journal and returns its bytes and what it holds.
fn whole(output: &Path) -> (Vec<u8>, Vec<Seen>) {
    let mut journal = open(output, false).unwrap();
    assert_eq!(begun(&mut journal), []);
    for (task, frames) in pieces() {
        feed(&mut journal, task, frames.clone());
        journal.piece_complete(task, frames).unwrap();
    }
    let folder = journal.leave().unwrap();
    let bytes = fs::read(folder.join("journal")).unwrap();
    let mut journal = open(output, false).unwrap();
    let seen = begun(&mut journal);
    assert_eq!(seen.len(), 15);
    drop(journal);
    (bytes, seen)
}

#[test]
fn what_is_written_is_known_to_the_next_run_in_an_order_that_can_be_merged() {
    let folder = tempfile::tempdir().unwrap();
    let (_, seen) = whole(&folder.path().join("a.csv"));
    let places: Vec<(TaskId, usize)> = seen.iter().map(|s| (s.0, s.1)).collect();
    let expected = [
        (TaskId::Segment(0), 0..6),
        (TaskId::Segment(1), 5..9),
        (TaskId::RunOn(0), 6..8),
        (TaskId::Segment(1), 9..12),
    ];
    let expected = expected
        .into_iter()
        .flat_map(|(task, frames)| frames.map(move |frame| (task, frame)));
    assert!(places.into_iter().eq(expected));
    assert_eq!(seen[4].2, Err("it brought down three workers".to_owned()));
    assert_eq!(seen[3].3, [3, 3, 3]);
}

/// Makes sure that `seen` are whole pieces of each task from its first on, exactly as they were.
fn check_pieces(seen: &[Seen], all: &[Seen]) {
    for task in [TaskId::Segment(0), TaskId::Segment(1), TaskId::RunOn(0)] {
        let of_task =
            |seen: &[Seen]| -> Vec<Seen> { seen.iter().filter(|s| s.0 == task).cloned().collect() };
        let (found, expected) = (of_task(seen), of_task(all));
        assert_eq!(found[..], expected[..found.len()]);
        let mut ends = vec![0];
        for (_, frames) in pieces().iter().filter(|piece| piece.0 == task) {
            ends.push(ends[ends.len() - 1] + frames.len());
        }
        assert!(ends.contains(&found.len()));
    }
}

/// A run after a crash, which left `bytes`, can write on from there, and knows everything in the
/// end.
fn check_going_on(output: &Path, bytes: &[u8], all: &[Seen]) {
    fs::create_dir_all(JobFolder::beside(output)).unwrap();
    fs::write(JobFolder::beside(output).join("journal"), bytes).unwrap();
    let mut journal = open(output, false).unwrap();
    let seen = begun(&mut journal);
    check_pieces(&seen, all);
    for (task, frames) in pieces() {
        if !seen.iter().any(|s| (s.0, s.1) == (task, frames.start)) {
            feed(&mut journal, task, frames.clone());
            journal.piece_complete(task, frames).unwrap();
        }
    }
    drop(journal);
    let mut journal = open(output, false).unwrap();
    assert_eq!(begun(&mut journal), all);
    journal.done();
    assert!(!JobFolder::beside(output).exists());
}

#[test]
fn cut_anywhere_it_holds_the_pieces_before() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let (bytes, all) = whole(&output);
    let mut known = 0;
    for length in 0..=bytes.len() {
        let seen = read(&bytes[..length]).unwrap_or_default();
        check_pieces(&seen, &all);
        assert!(seen.len() >= known, "{length}");
        known = seen.len();
        if length % 97 == 0 {
            check_going_on(&output, &bytes[..length], &all);
        }
    }
    assert_eq!(known, all.len());
}

#[test]
fn no_wrong_bit_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let (mut bytes, all) = whole(&output);
    for at in 0..bytes.len() {
        let flip = 1 << (at % 8);
        bytes[at] ^= flip;
        if let Some(seen) = read(&bytes) {
            check_pieces(&seen, &all);
            assert!(seen.len() < all.len(), "{at}");
            if at % 211 == 100 {
                check_going_on(&output, &bytes, &all);
            }
        }
        bytes[at] ^= flip;
    }
}

#[test]
fn no_garbage_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (good, all) = whole(&folder.path().join("a.csv"));
    let garbage = prop::collection::vec(any::<u8>(), 0..300);
    proptest!(|(garbage in garbage, keep in any::<prop::sample::Index>())| {
        let mut bytes = good[..keep.index(good.len())].to_vec();
        bytes.extend_from_slice(&garbage);
        if let Some(seen) = read(&bytes) {
            check_pieces(&seen, &all);
        }
    });
}

#[test]
fn a_piece_that_was_cut_short_is_known_once_it_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let mut journal = open(&output, false).unwrap();
    begun(&mut journal);
    let task = TaskId::Segment(0);
    feed(&mut journal, task, 0..3);
    journal.piece_complete(task, 0..3).unwrap();
    // As if a part had been full in the middle of the piece.
    feed(&mut journal, task, 3..5);
    let part = journal.open.remove(&task).unwrap();
    journal
        .writer
        .as_ref()
        .unwrap()
        .append(part, false)
        .unwrap();
    drop(journal);

    let mut journal = open(&output, false).unwrap();
    assert_eq!(begun(&mut journal).len(), 3);
    feed(&mut journal, task, 3..6);
    journal.piece_complete(task, 3..6).unwrap();
    drop(journal);
    let mut journal = open(&output, false).unwrap();
    let frames: Vec<usize> = begun(&mut journal).iter().map(|s| s.1).collect();
    assert_eq!(frames, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_second_begin_knows_what_was_written_since_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let mut journal = open(&output, false).unwrap();
    begun(&mut journal);
    feed(&mut journal, TaskId::Segment(0), 0..3);
    journal.piece_complete(TaskId::Segment(0), 0..3).unwrap();
    feed(&mut journal, TaskId::Segment(0), 3..5);
    assert_eq!(begun(&mut journal).len(), 3);
    // Also after everything has been settled because outputs were to appear.
    feed(&mut journal, TaskId::Segment(0), 3..6);
    journal.piece_complete(TaskId::Segment(0), 3..6).unwrap();
    journal.publish().unwrap();
    assert_eq!(begun(&mut journal).len(), 6);
    // Frames counted otherwise: nothing of it is of use.
    journal.count_by_decoding();
    assert_eq!(begun(&mut journal), []);
    drop(journal);
    assert!(
        !JobFolder::beside(&output).exists() || {
            let journal = open(&output, false).unwrap();
            journal.by_decoding()
        }
    );
}

#[test]
fn other_work_is_refused_until_it_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let (_, all) = whole(&output);
    let mut other = identity();
    other.options.redetect_every = 30;
    let take = || JobFolder::take(&output).unwrap();
    let error = Journal::open(take(), &other, false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("redetect_every was 0 and is 30"), "{error}");
    assert!(error.contains("--restart") && error.contains("a.faceau-job"));
    // It was not touched.
    assert_eq!(begun(&mut open(&output, false).unwrap()), all);
    let mut journal = Journal::open(take(), &other, true).unwrap();
    assert_eq!(begun(&mut journal), []);
    assert_eq!(journal.leave(), None);
    assert!(!JobFolder::beside(&output).exists());
}

#[test]
fn a_journal_with_nothing_in_it_binds_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let journal = open(&output, false).unwrap();
    let bytes = fs::read(journal.folder().join("journal")).unwrap();
    drop(journal);
    fs::create_dir(JobFolder::beside(&output)).unwrap();
    fs::write(JobFolder::beside(&output).join("journal"), bytes).unwrap();
    let mut other = identity();
    other.input.bytes += 1;
    Journal::open(JobFolder::take(&output).unwrap(), &other, false).unwrap();
}

#[test]
fn what_is_no_journal_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let path = JobFolder::beside(&output).join("journal");
    fs::create_dir(JobFolder::beside(&output)).unwrap();
    let [mut older, mut newer] = [(); 2].map(|()| blocks::header().to_vec());
    (older[8], newer[8]) = (1, 3);
    for content in [&b"Dear diary, today"[..], &older, &newer] {
        fs::write(&path, content).unwrap();
        let error = open(&output, false).unwrap_err().to_string();
        assert!(error.contains("--restart"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    open(&output, true).unwrap();
}

#[test]
fn that_outputs_appear_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    whole(&output);
    let mut journal = open(&output, false).unwrap();
    assert!(!journal.was_publishing());
    journal.publish().unwrap();
    drop(journal);
    assert!(open(&output, false).unwrap().was_publishing());
}

#[test]
fn results_of_two_engines_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.csv");
    let task = TaskId::Segment(0);
    let mut journal = open(&output, false).unwrap();
    begun(&mut journal);
    assert_eq!(journal.made_with("engine 1").unwrap(), None);
    assert_eq!(journal.made_with("engine 1").unwrap(), None);
    feed(&mut journal, task, 0..3);
    journal.piece_complete(task, 0..3).unwrap();
    drop(journal);
    let mut journal = open(&output, false).unwrap();
    begun(&mut journal);
    assert_eq!(journal.made_with("engine 1").unwrap(), None);
    let earlier = journal.made_with("engine 2").unwrap();
    assert_eq!(earlier.as_deref(), Some("engine 1"));
    drop(journal);
    let mut journal = open(&output, true).unwrap();
    begun(&mut journal);
    assert_eq!(journal.made_with("engine 2").unwrap(), None);
}
