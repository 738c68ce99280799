//! How fast a video can be decoded when nobody analyses it: no run with one worker is faster.

use std::path::Path;
use std::time::Instant;

use anyhow::bail;
use faceau_shared::ring::RingLayout;

use super::report::DecodeCeiling;
use faceau_media::reader::Reader;
use faceau_media::{Reading, Source, find};

/// Decodes and converts every frame on one thread.
pub fn ceiling(video: &Path) -> anyhow::Result<DecodeCeiling> {
    let mut found = find(&[video.to_owned()], false).found;
    let (Some(input), true) = (found.pop(), found.is_empty()) else {
        bail!("{}: bench takes one video", video.display());
    };
    let source = Source::open(&input.input?, &Reading::default())?;
    let frames = source.frame_index().frames;
    let geometry = source.geometry();
    let mut pixels = vec![0; RingLayout::frame_bytes(geometry.width, geometry.height)];
    let mut reader = Reader::open(&source, 1)?;
    let started = Instant::now();
    reader.go_to(0)?;
    for frame in 0..frames {
        reader.read(frame, RingLayout::row_stride, &mut pixels)?;
    }
    Ok(DecodeCeiling {
        frames_per_second: frames as f64 / started.elapsed().as_secs_f64().max(1e-9),
    })
}
