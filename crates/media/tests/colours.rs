//! Our colours against libswscale's on x86-64, byte by byte, on random planes.
#![cfg(target_arch = "x86_64")]

use faceau_media::video::planes_of;
use faceau_vision::colour::Converter;
use ffmpeg_next as ffmpeg;

use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling::{Context, Flags};

const FORMATS: [Pixel; 12] = [
    Pixel::GRAY8,
    Pixel::YUV420P,
    Pixel::YUVJ420P,
    Pixel::NV12,
    Pixel::YUV422P,
    Pixel::YUVJ422P,
    Pixel::YUV444P,
    Pixel::YUVJ444P,
    Pixel::YUV420P10LE,
    Pixel::P010LE,
    Pixel::YUV422P10LE,
    Pixel::YUV444P10LE,
];

/// Numbers that look random, always the same (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A picture of random values; extreme ones are frequent.
fn picture(format: Pixel, width: u32, height: u32, random: &mut Random) -> Video {
    let mut picture = Video::new(format, width, height);
    for plane in 0..picture.planes() {
        for bytes in picture.data_mut(plane).chunks_mut(2) {
            let value = match random.next() % 8 {
                0 => 0,
                1 => u64::MAX,
                _ => random.next(),
            };
            let word = match format {
                Pixel::YUV420P10LE | Pixel::YUV422P10LE | Pixel::YUV444P10LE => value & 1023,
                Pixel::P010LE => (value & 1023) << 6,
                _ => value,
            };
            let two = (word as u16).to_le_bytes();
            bytes.copy_from_slice(&two[..bytes.len()]);
        }
    }
    picture
}

fn by_libswscale(picture: &Video) -> Vec<u8> {
    let (width, height) = (picture.width(), picture.height());
    let mut scaler = Context::get(
        picture.format(),
        width,
        height,
        Pixel::BGR24,
        width,
        height,
        Flags::BICUBIC,
    )
    .unwrap();
    let mut out = Video::empty();
    scaler.run(picture, &mut out).unwrap();
    let row = 3 * width as usize;
    let rows = out.data(0).chunks(out.stride(0)).take(height as usize);
    rows.flat_map(|bytes| bytes[..row].to_vec()).collect()
}

fn by_us(picture: &Video) -> Vec<u8> {
    let planes = planes_of(picture).unwrap();
    let (width, height) = (planes.width(), planes.height());
    let mut converter = Converter::new(planes.format(), width, height);
    (0..height)
        .flat_map(|y| converter.row(&planes, y, 0..width).to_vec())
        .collect()
}

fn compare(format: Pixel, width: u32, height: u32, random: &mut Random) {
    let picture = picture(format, width, height, random);
    let (theirs, ours) = (by_libswscale(&picture), by_us(&picture));
    let different = theirs.iter().zip(&ours).position(|(a, b)| a != b);
    assert_eq!(theirs.len(), ours.len());
    if let Some(byte) = different {
        let (pixel, colour) = (byte / 3, byte % 3);
        let (x, y) = (pixel as u32 % width, pixel as u32 / width);
        panic!(
            "{format:?} {width}x{height}: colour {colour} of ({x}, {y}) is {}, libswscale has {}",
            ours[byte], theirs[byte]
        );
    }
}

#[test]
fn small_pictures_of_every_size() {
    // libswscale warns of each picture of odd width.
    ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Quiet);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for format in FORMATS {
        for width in 1..=67 {
            for height in 1..=67 {
                compare(format, width, height, &mut random);
            }
        }
    }
}

#[test]
fn large_pictures() {
    ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Quiet);
    let mut random = Random(42);
    for format in FORMATS {
        for (width, height) in [(1920, 1080), (1080, 1920), (641, 481), (854, 480)] {
            compare(format, width, height, &mut random);
        }
    }
}
