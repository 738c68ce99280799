//! Nonsense on the line between supervisor and worker: whatever bytes come, each side ends or
//! replaces the other with a word about it, and neither panics, hangs or writes a wrong number.

use std::fs;
use std::io::Write;

use faceau_shared::protocol::ToWorker;
use faceau_tests::double::{Misdeed, Orders};
use faceau_tests::driving::Worker;
use faceau_tests::program::Bench;
use faceau_tests::video::write_numbered;
use faceau_vision::testing::Sequence;

/// Bytes without any sense.
fn noise(random: &mut Sequence, length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| (128.0 + 128.0 * random.signed()) as u8)
        .collect()
}

/// A message of the right form with a body without sense.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}

#[test]
fn a_worker_that_hears_nonsense_leaves() {
    let mut random = Sequence::new(3);
    let too_early = postcard_like_stop();
    for round in 0..12 {
        let mut worker = Worker::start();
        let bytes = match round % 3 {
            0 => noise(&mut random, 1 + 7 * round),
            1 => framed(&noise(&mut random, 1 + 7 * round)),
            _ => too_early.clone(),
        };
        let sent = worker.connection.writer.stream().write_all(&bytes);
        // Half a message would be waited for.
        let rest = vec![0xff; 1 << 16];
        let _ = sent.and_then(|()| worker.connection.writer.stream().write_all(&rest));
        let status = worker.wait();
        assert_eq!(status.code(), Some(2), "round {round}: {status:?}");
    }
}

/// A message that is one, but not the first that a worker must hear.
fn postcard_like_stop() -> Vec<u8> {
    let (here, there) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut here = faceau_shared::protocol::Connection::new(here).unwrap();
    here.writer.send(&ToWorker::Stop).unwrap();
    drop(here);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut &there, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_supervisor_that_hears_nonsense_replaces_the_speaker() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 200);
    let csv = bench.out().join("a.csv");
    bench
        .with_double(&Orders::default())
        .arg(&video)
        .run()
        .expect_code(0);
    let undisturbed = fs::read(&csv).unwrap();
    let mut random = Sequence::new(4);
    for round in 0..10 {
        let length = 1 + 13 * round;
        let body = noise(&mut random, length);
        let bytes = if round % 2 == 0 { body } else { framed(&body) };
        // Half a message would be waited for until the deadline.
        let bytes = [bytes, vec![0xff; 1 << 12]].concat();
        let marker = bench.path(format!("done{round}"));
        let misdeed = Misdeed::Bytes(bytes);
        bench
            .with_double(&Orders::once(77, misdeed, marker.clone()))
            .args(["--force", "--frame-timeout", "5"])
            .arg(&video)
            .run()
            .expect_code(0);
        assert!(marker.exists());
        assert!(fs::read(&csv).unwrap() == undisturbed, "round {round}");
    }
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);
}
