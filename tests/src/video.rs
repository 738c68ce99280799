//! Videos and pictures that tell which frame they are, for the tests of the whole program.
//!
//! Every frame is 160 x 120 pixels of grey, laid out in 8 x 8 cells: the upper two rows of cells
//! spell the frame's number in black and white, below them a bright disk moves over a dim ground.

use std::path::Path;

use faceau_demo::video::{Codec, Pixels, VideoError, VideoFormat, VideoWriter};
use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{Id, encoder};
use ffmpeg::{Packet, Rational};

/// Width of all frames in pixels.
pub const WIDTH: usize = 160;
/// Height of all frames in pixels.
pub const HEIGHT: usize = 120;
/// Cells per row and per column.
pub const CELLS: usize = 8;
/// Radius of the disk in pixels.
pub const DISK: f64 = 14.0;

/// Luma of black and white in the range that video uses.
const BLACK: u8 = 16;
const WHITE: u8 = 235;

/// What is seen in a frame, as luma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Row after row, [`WIDTH`] x [`HEIGHT`].
    pub luma: Vec<u8>,
}

impl Picture {
    /// The frame of this number (counted from 0, below 65,536).
    pub fn numbered(number: usize) -> Self {
        let (cx, cy) = disk_at(number);
        Self::drawn(|x, y| {
            let cell = (y * CELLS / HEIGHT) * CELLS + x * CELLS / WIDTH;
            if cell < 16 {
                return if number >> cell & 1 == 1 {
                    WHITE
                } else {
                    BLACK
                };
            }
            let distance = (x as f64 + 0.5 - cx).hypot(y as f64 + 0.5 - cy);
            if distance > DISK {
                return 40 + 8 * ((x / 8 + y / 8) % 2) as u8;
            }
            // A pattern that turns, so that descriptors change from frame to frame.
            let angle = (y as f64 - cy).atan2(x as f64 - cx) + 0.3 * number as f64;
            (200.0 + 25.0 * (3.0 * angle).sin()) as u8
        })
    }

    /// Nothing.
    pub fn black() -> Self {
        Self::drawn(|_, _| BLACK)
    }

    /// White in the upper left cell, black elsewhere.
    pub fn corner() -> Self {
        Self::drawn(|x, y| {
            if x < WIDTH / CELLS && y < HEIGHT / CELLS {
                WHITE
            } else {
                BLACK
            }
        })
    }

    fn drawn(luma: impl Fn(usize, usize) -> u8) -> Self {
        let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
        Self {
            luma: pixels.map(|(x, y)| luma(x, y)).collect(),
        }
    }

    /// Writes the picture as an image file, whose format the ending says.
    pub fn save(&self, path: &Path) {
        let grey = |luma: &u8| ((f64::from(*luma) - 16.0) * 255.0 / 219.0).clamp(0.0, 255.0) as u8;
        let pixels = self.luma.iter().map(grey).collect();
        image::GrayImage::from_raw(WIDTH as u32, HEIGHT as u32, pixels)
            .expect("the size is right")
            .save(path)
            .expect("the image can be written");
    }
}

/// Centre of the disk in the frame of this number, in pixels.
pub fn disk_at(number: usize) -> (f64, f64) {
    let phase = number as f64 * 0.15;
    (72.0 + 5.0 * phase.sin(), 72.0 + 4.0 * (1.3 * phase).cos())
}

/// The number that a frame spells, from the mean brightness (0 to 255) of its cells.
pub fn number_in(cells: &[f64]) -> usize {
    (0..16)
        .filter(|&bit| cells[bit] > 128.0)
        .map(|bit| 1 << bit)
        .sum()
}

/// How a video is to be written.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Frames from one key frame to the next.
    pub gop: u32,
    /// Frames predicted from both sides between two others.
    pub b_frames: usize,
    /// When each frame is shown, in milliseconds, ascending; 40 apart if there are fewer.
    pub times: Vec<i64>,
    /// Options of the file format.
    pub options: Vec<(&'static str, &'static str)>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            gop: 12,
            b_frames: 0,
            times: Vec::new(),
            options: Vec::new(),
        }
    }
}

impl Recipe {
    /// When frame `number` is shown, in milliseconds.
    pub fn time_of(&self, number: usize) -> i64 {
        self.times.get(number).copied().unwrap_or_else(|| {
            let last = self.times.last().map_or(0, |last| last + 40);
            last + 40 * (number - self.times.len()) as i64
        })
    }

    /// Writes an MPEG-4 video whose ending says the file format.
    pub fn write(&self, path: &Path, pictures: impl IntoIterator<Item = Picture>) {
        self.try_write(path, pictures)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn try_write(
        &self,
        path: &Path,
        pictures: impl IntoIterator<Item = Picture>,
    ) -> Result<(), VideoError> {
        // AVI knows no times but multiples of its frame's length.
        let is_avi = path.extension().is_some_and(|ending| ending == "avi");
        let mut writer = VideoWriter::create(
            path,
            &VideoFormat {
                width: WIDTH,
                height: HEIGHT,
                ticks_per_second: if is_avi { 25 } else { 1000 },
                frame_rate: 25.0,
                codec: Codec::Mpeg4,
                gop: self.gop,
                b_frames: self.b_frames,
                options: self.options.clone(),
            },
        )?;
        for (number, picture) in pictures.into_iter().enumerate() {
            let time = self.time_of(number);
            let time = if is_avi { time / 40 } else { time };
            writer.write(Pixels::Luma(&picture.luma), time)?;
        }
        writer.finish()
    }
}

/// A video of numbered frames, in the plainest way.
pub fn write_numbered(path: &Path, frames: usize) {
    Recipe::default().write(path, (0..frames).map(Picture::numbered));
}

/// Writes a TIFF file of Y, Cb and Cr (TIFF 6.0, section 21), uncompressed, its pixels at the end.
pub fn write_ycbcr_tiff(path: &Path, picture: &Picture) {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const ENTRIES: [(u16, u16); 10] = [
        (256, SHORT), // width
        (257, SHORT), // height
        (258, SHORT), // bits per sample
        (259, SHORT), // compression
        (262, SHORT), // what samples mean
        (273, LONG),  // where pixels begin
        (277, SHORT), // samples per pixel
        (278, SHORT), // rows in one piece
        (279, LONG),  // bytes of pixels
        (530, SHORT), // how much coarser Cb and Cr are
    ];
    let pixels: Vec<u8> = (picture.luma.iter())
        .flat_map(|&luma| [luma, 128, 128])
        .collect();
    let bits_at = 8 + 2 + 12 * ENTRIES.len() as u32 + 4;
    let pixels_at = bits_at + 6;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((ENTRIES.len() as u16).to_le_bytes());
    for (tag, kind) in ENTRIES {
        let (count, value) = match tag {
            256 => (1, WIDTH as u32),
            257 | 278 => (1, HEIGHT as u32),
            258 => (3, bits_at),
            259 => (1, 1),
            262 => (1, 6),
            273 => (1, pixels_at),
            277 => (1, 3),
            279 => (1, pixels.len() as u32),
            _ => (2, 1 | 1 << 16),
        };
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(u32::to_le_bytes(count));
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend([8, 0, 8, 0, 8, 0]);
    bytes.extend(pixels);
    std::fs::write(path, bytes).unwrap();
}

/// A file with sound only: a second of silence.
pub fn write_sound(path: &Path) {
    let write = || -> Result<(), ffmpeg::Error> {
        let mut output = open(path)?;
        let codec = encoder::find(Id::PCM_S16LE).ok_or(ffmpeg::Error::EncoderNotFound)?;
        let mut encoder = ffmpeg::codec::context::Context::new_with_codec(codec)
            .encoder()
            .audio()?;
        let layout = ffmpeg::ChannelLayout::MONO;
        let format = ffmpeg::format::Sample::I16(ffmpeg::format::sample::Type::Packed);
        encoder.set_rate(8000);
        encoder.set_channel_layout(layout);
        encoder.set_format(format);
        encoder.set_time_base(Rational(1, 8000));
        let mut encoder = encoder.open()?;
        output.add_stream(codec)?.set_parameters(&encoder);
        output.write_header()?;
        let mut frame = ffmpeg::frame::Audio::new(format, 8000, layout);
        frame.set_rate(8000);
        frame.set_pts(Some(0));
        frame.data_mut(0).fill(0);
        encoder.send_frame(&frame)?;
        encoder.send_eof()?;
        pass_on(&mut encoder, Rational(1, 8000), &mut output)?;
        output.write_trailer()
    };
    write().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Writes into an MP4 file that its picture is to be turned by as many quarters clockwise, as
/// phones do.
pub fn set_rotation(path: &Path, quarters: usize) {
    faceau_demo::video::set_rotation(path, quarters).expect("an MP4 file");
}

/// Keeps only the first `share` (0 to 1) of a file.
pub fn cut_file(path: &Path, share: f64) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes.truncate((bytes.len() as f64 * share) as usize);
    std::fs::write(path, bytes).unwrap();
}

fn open(path: &Path) -> Result<ffmpeg::format::context::Output, ffmpeg::Error> {
    ffmpeg::init()?;
    ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Error);
    ffmpeg::format::output(path)
}

/// Writes what the encoder has ready.
fn pass_on(
    encoder: &mut ffmpeg::encoder::Encoder,
    base: Rational,
    output: &mut ffmpeg::format::context::Output,
) -> Result<(), ffmpeg::Error> {
    let mut packet = Packet::empty();
    while encoder.receive_packet(&mut packet).is_ok() {
        let to = output.stream(0).map_or(base, |stream| stream.time_base());
        packet.set_stream(0);
        packet.rescale_ts(base, to);
        packet.write_interleaved(output)?;
    }
    Ok(())
}
