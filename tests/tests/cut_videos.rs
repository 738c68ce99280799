//! Videos that were cut or damaged anywhere: every picture that decodes has its row.

use std::fs;
use std::path::Path;

use faceau_demo::video::{Codec, Pixels, VideoFormat, VideoWriter};
use faceau_media::reader::{ReadError, Reader};
use faceau_media::{Input, InputError, Reading, Source};
use faceau_shared::ring::RingLayout;
use faceau_tests::video::{HEIGHT, Picture, WIDTH};
use ffmpeg_next as ffmpeg;

const FRAMES: usize = 40;

fn write(path: &Path, options: &[(&'static str, &'static str)]) {
    let format = VideoFormat {
        width: WIDTH,
        height: HEIGHT,
        ticks_per_second: 25,
        frame_rate: 25.0,
        codec: Codec::H264,
        gop: 12,
        b_frames: 2,
        options: options.to_vec(),
    };
    let mut writer = VideoWriter::create(path, &format).unwrap();
    for number in 0..FRAMES {
        let picture = Picture::numbered(number);
        writer
            .write(Pixels::Luma(&picture.luma), number as i64)
            .unwrap();
    }
    writer.finish().unwrap();
}

/// How many pictures come out of FFmpeg's decoder when whatever it refuses is left out. `None` when
/// the file cannot be opened.
fn pictures(path: &Path) -> Option<usize> {
    let mut input = ffmpeg::format::input(path).ok()?;
    let stream = input.streams().best(ffmpeg::media::Type::Video)?;
    let (track, parameters) = (stream.index(), stream.parameters());
    let codec = ffmpeg::codec::context::Context::from_parameters(parameters).ok()?;
    let mut decoder = codec.decoder().video().ok()?;
    let mut picture = ffmpeg::frame::Video::empty();
    let mut count = 0;
    let mut take = |decoder: &mut ffmpeg::decoder::Video| {
        let mut errors = 0;
        while errors < 50 {
            match decoder.receive_frame(&mut picture) {
                Ok(()) => count += 1,
                Err(ffmpeg::Error::InvalidData) => errors += 1,
                Err(_) => return,
            }
        }
    };
    let mut errors = 0;
    while errors < 50 {
        let mut packet = ffmpeg::Packet::empty();
        match packet.read(&mut input) {
            Ok(()) if packet.stream() == track => {
                let _ = decoder.send_packet(&packet);
                take(&mut decoder);
            }
            Ok(()) => {}
            Err(ffmpeg::Error::Eof) => break,
            Err(_) => errors += 1,
        }
    }
    let _ = decoder.send_eof();
    take(&mut decoder);
    Some(count)
}

/// How many frames the program's own reader gives, as a job reads them: by the packets, and by
/// decoding where these do not tell the truth.
fn frames(path: &Path) -> Result<usize, InputError> {
    let input = Input::Video(path.into());
    let reading = Reading::default();
    let mut source = Source::open(&input, &reading)?;
    for _ in 0..2 {
        match read_all(&source) {
            Ok(()) => break,
            Err(ReadError::Mismatch(_)) => source = Source::open_by_decoding(&input, &reading)?,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    read_all(&source).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Ok(source.frame_index().frames)
}

fn read_all(source: &Source) -> Result<(), ReadError> {
    let size = source.geometry();
    let mut pixels = vec![0; RingLayout::frame_bytes(size.width, size.height)];
    let mut reader = Reader::open(source, 1)?;
    reader.go_to(0)?;
    for frame in 0..source.frame_index().frames {
        reader.read(frame, RingLayout::row_stride, &mut pixels)?;
    }
    Ok(())
}

#[track_caller]
fn expect_all_that_decodes(path: &Path, what: &str) {
    let expected = pictures(path).unwrap_or(0);
    match frames(path) {
        Ok(found) => assert!(
            found.abs_diff(expected) <= 1,
            "{what}: {found} of {expected}"
        ),
        Err(error) => assert_eq!(expected, 0, "{what}: {error}"),
    }
}

#[test]
fn cut_anywhere_and_damaged_anywhere() {
    ffmpeg::init().unwrap();
    ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Quiet);
    let folder = tempfile::tempdir().unwrap();
    let fragmented = [("movflags", "frag_keyframe+empty_moov")];
    let front = [("movflags", "faststart")];
    let cases: [(&str, &[(&str, &str)]); 7] = [
        ("mp4", &front),
        ("mp4", &fragmented),
        ("mov", &front),
        ("flv", &[]),
        ("mkv", &[]),
        ("ts", &[]),
        ("avi", &[]),
    ];
    for (ending, options) in cases {
        let whole = folder.path().join(format!("whole.{ending}"));
        write(&whole, options);
        expect_all_that_decodes(&whole, ending);
        let bytes = fs::read(&whole).unwrap();
        let damaged = folder.path().join(format!("damaged.{ending}"));
        // Two of them near the end, where the last picture is.
        let places = [0.2, 0.5, 0.75, 0.9, 0.985, 0.999];
        for place in places {
            let at = (bytes.len() as f64 * place) as usize;
            fs::write(&damaged, &bytes[..at]).unwrap();
            expect_all_that_decodes(&damaged, &format!("{ending} cut at {place}"));
            let mut bytes = bytes.clone();
            let end = bytes.len().min(at + 8);
            bytes[at..end].fill(0xa5);
            fs::write(&damaged, bytes).unwrap();
            expect_all_that_decodes(&damaged, &format!("{ending} overwritten at {place}"));
        }
    }
}

#[test]
fn a_buffer_that_is_too_small_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    write(&path, &[]);
    let source = Source::open(&Input::Video(path), &Reading::default()).unwrap();
    let mut reader = Reader::open(&source, 1).unwrap();
    reader.go_to(0).unwrap();
    let mut pixels = vec![0; 3 * WIDTH * HEIGHT];
    let refused = reader.read(0, |width| 3 * width, &mut pixels);
    assert!(matches!(refused, Err(ReadError::Buffer(_))), "{refused:?}");
}
