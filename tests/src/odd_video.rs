//! Videos as recorders and converters leave them, and good ones do not: pixels that are not square,
//! sizes that change on the way, several tracks, sound beside the picture, formats without times.
//!
//! Every frame spells its number as in [`crate::video`], in whatever size it has.

use std::ops::Range;
use std::path::Path;

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{Id, encoder};
use ffmpeg::format::{Pixel, context::Output};
use ffmpeg::{Dictionary, Packet, Rational};

use crate::video::CELLS;

/// A run of frames of one size.
#[derive(Debug, Clone)]
pub struct Part {
    /// Their numbers, counted from 0.
    pub frames: Range<usize>,
    /// Width and height in pixels, even.
    pub size: (usize, usize),
    /// Width to height of a pixel; 0 to 1 says nothing.
    pub pixel: (i32, i32),
}

impl Part {
    /// Frames with square pixels.
    pub fn new(frames: Range<usize>, size: (usize, usize)) -> Self {
        Self {
            frames,
            size,
            pixel: (0, 1),
        }
    }
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct OddVideo {
    /// The format of the video.
    pub codec: Id,
    /// Tracks of pictures, each of parts that follow each other.
    pub tracks: Vec<Vec<Part>>,
    /// Frames per second.
    pub rate: i32,
    /// Time of the first frame in seconds.
    pub start: f64,
    /// Whether there is a second of silence, from 0 on.
    pub sound: bool,
    /// Options of the file format.
    pub options: Vec<(&'static str, &'static str)>,
}

impl OddVideo {
    /// One track, 25 frames a second, without sound.
    pub fn new(codec: Id, parts: Vec<Part>) -> Self {
        Self {
            codec,
            tracks: vec![parts],
            rate: 25,
            start: 0.0,
            sound: false,
            options: Vec::new(),
        }
    }

    /// Writes it; the file format is said by the path's ending.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &Path) {
        self.try_write(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn try_write(&self, path: &Path) -> Result<(), ffmpeg::Error> {
        ffmpeg::init()?;
        ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Error);
        let mut output = ffmpeg::format::output(path)?;
        let base = Rational(1, self.rate);
        let mut packets = Vec::new();
        for (number, parts) in self.tracks.iter().enumerate() {
            for (n, part) in parts.iter().enumerate() {
                let mut encoder = self.encoder(part, &output)?;
                if n == 0 {
                    let mut stream =
                        output.add_stream(encoder.codec().ok_or(ffmpeg::Error::Bug)?)?;
                    stream.set_parameters(&encoder);
                    stream.set_time_base(base);
                    stream.set_avg_frame_rate(Rational(self.rate, 1));
                    // SAFETY: the stream is live and borrowed exclusively; a plain field is written
                    // that callers set. (The safe wrapper does not have it.)
                    unsafe {
                        (*stream.as_mut_ptr()).sample_aspect_ratio =
                            Rational(part.pixel.0, part.pixel.1).into();
                    }
                }
                let first = (self.start * f64::from(self.rate)).round() as i64;
                for frame in part.frames.clone() {
                    let mut picture = picture(part.size, frame);
                    picture.set_pts(Some(first + frame as i64));
                    encoder.send_frame(&picture)?;
                    take(&mut encoder, number, &mut packets);
                }
                encoder.send_eof()?;
                take(&mut encoder, number, &mut packets);
            }
        }
        let sound = if self.sound {
            Some(add_sound(&mut output)?)
        } else {
            None
        };
        let mut options = Dictionary::new();
        for (name, value) in &self.options {
            options.set(name, value);
        }
        output.write_header_with(options)?;
        if let Some((stream, packet)) = sound {
            packet.write_to(&mut output, stream, Rational(1, 8000))?;
        }
        // As muxers want them: by time.
        packets.sort_by_key(|(_, packet): &(usize, Packet)| packet.dts());
        for (stream, packet) in packets {
            packet.write_to(&mut output, stream, base)?;
        }
        output.write_trailer()
    }

    fn encoder(&self, part: &Part, output: &Output) -> Result<encoder::Video, ffmpeg::Error> {
        let codec = encoder::find(self.codec).ok_or(ffmpeg::Error::EncoderNotFound)?;
        let mut encoder = ffmpeg::codec::context::Context::new_with_codec(codec)
            .encoder()
            .video()?;
        encoder.set_width(part.size.0 as u32);
        encoder.set_height(part.size.1 as u32);
        encoder.set_format(match self.codec {
            Id::MJPEG => Pixel::YUVJ420P,
            _ => Pixel::YUV420P,
        });
        encoder.set_time_base(Rational(1, self.rate));
        encoder.set_frame_rate(Some(Rational(self.rate, 1)));
        encoder.set_aspect_ratio(Rational(part.pixel.0, part.pixel.1));
        encoder.set_gop(6);
        encoder.set_max_b_frames(0);
        encoder.set_qmin(2);
        encoder.set_qmax(4);
        // With parts of several sizes, each must tell its own.
        let tells = output
            .format()
            .flags()
            .contains(ffmpeg::format::Flags::GLOBAL_HEADER);
        if tells && self.codec != Id::MJPEG {
            encoder.set_flags(ffmpeg::codec::Flags::GLOBAL_HEADER);
        }
        encoder.open()
    }
}

/// What the encoder has ready.
fn take(encoder: &mut encoder::Video, stream: usize, packets: &mut Vec<(usize, Packet)>) {
    let mut packet = Packet::empty();
    while encoder.receive_packet(&mut packet).is_ok() {
        packets.push((stream, std::mem::replace(&mut packet, Packet::empty())));
    }
}

trait WriteTo {
    fn write_to(
        self,
        output: &mut Output,
        stream: usize,
        base: Rational,
    ) -> Result<(), ffmpeg::Error>;
}

impl WriteTo for Packet {
    fn write_to(
        mut self,
        output: &mut Output,
        stream: usize,
        base: Rational,
    ) -> Result<(), ffmpeg::Error> {
        let to = output
            .stream(stream)
            .map_or(base, |stream| stream.time_base());
        self.set_stream(stream);
        self.rescale_ts(base, to);
        self.set_position(-1);
        self.write_interleaved(output).map(|_| ())
    }
}

/// Grey cells that spell the frame's number.
fn picture((width, height): (usize, usize), number: usize) -> ffmpeg::frame::Video {
    let mut frame = ffmpeg::frame::Video::new(Pixel::YUV420P, width as u32, height as u32);
    let stride = frame.stride(0);
    for (y, row) in frame
        .data_mut(0)
        .chunks_mut(stride)
        .take(height)
        .enumerate()
    {
        for (x, luma) in row.iter_mut().take(width).enumerate() {
            let cell = (y * CELLS / height) * CELLS + x * CELLS / width;
            *luma = match cell {
                0..16 if number >> cell & 1 == 1 => 235,
                0..16 => 16,
                _ => 90,
            };
        }
    }
    frame.data_mut(1).fill(128);
    frame.data_mut(2).fill(128);
    frame
}

/// A track of silence: its number, and its one packet.
fn add_sound(output: &mut Output) -> Result<(usize, Packet), ffmpeg::Error> {
    let codec = encoder::find(Id::PCM_S16LE).ok_or(ffmpeg::Error::EncoderNotFound)?;
    let mut encoder = ffmpeg::codec::context::Context::new_with_codec(codec)
        .encoder()
        .audio()?;
    let format = ffmpeg::format::Sample::I16(ffmpeg::format::sample::Type::Packed);
    encoder.set_rate(8000);
    encoder.set_channel_layout(ffmpeg::ChannelLayout::MONO);
    encoder.set_format(format);
    encoder.set_time_base(Rational(1, 8000));
    let encoder = encoder.open()?;
    let mut stream = output.add_stream(codec)?;
    stream.set_parameters(&encoder);
    stream.set_time_base(Rational(1, 8000));
    let number = stream.index();
    let mut packet = Packet::copy(&[0; 16_000]);
    packet.set_pts(Some(0));
    packet.set_dts(Some(0));
    packet.set_duration(8000);
    packet.set_flags(ffmpeg::codec::packet::Flags::KEY);
    Ok((number, packet))
}
