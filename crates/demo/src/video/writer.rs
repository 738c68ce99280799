//! Pictures to packets to a file.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

use ffmpeg::codec::{self, encoder};
use ffmpeg::format::{self, Pixel};
use ffmpeg::software::scaling;
use ffmpeg::{Dictionary, Packet, Rational};

use super::VideoError;

/// How pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264 with the best encoder that this FFmpeg has; MPEG-4 where it has none.
    H264,
    /// MPEG-4 part 2, which every FFmpeg has, with hardly any loss.
    Mpeg4,
}

impl Codec {
    /// Names of encoders, the best first.
    fn encoders(self) -> &'static [&'static str] {
        match self {
            Self::H264 => &["libx264", "libopenh264", "h264_videotoolbox", "mpeg4"],
            Self::Mpeg4 => &["mpeg4"],
        }
    }
}

/// What a video is like.
#[derive(Debug, Clone)]
pub struct VideoFormat {
    /// Pixels per row, even.
    pub width: usize,
    /// Rows, even.
    pub height: usize,
    /// Units of time per second, at most 65,535: MPEG-4 knows no more.
    pub ticks_per_second: i32,
    /// Frames per second, about.
    pub frame_rate: f64,
    /// How it is encoded.
    pub codec: Codec,
    /// Frames from one key frame to the next.
    pub gop: u32,
    /// Frames predicted from both sides between two others.
    pub b_frames: usize,
    /// Options of the file format.
    pub options: Vec<(&'static str, &'static str)>,
}

/// A picture's bytes, row after row.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    /// R, G, B.
    Rgb(&'a [u8]),
    /// Brightness only, 16 to 235.
    Luma(&'a [u8]),
}

/// Writes a video; the file format is said by the path's ending.
pub struct VideoWriter {
    path: PathBuf,
    output: format::context::Output,
    encoder: encoder::Video,
    encoder_name: &'static str,
    base: Rational,
    frame: ffmpeg::frame::Video,
    rgb: ffmpeg::frame::Video,
    converter: scaling::Context,
}

impl VideoWriter {
    /// Begins a video.
    ///
    /// # Errors
    /// When the size is odd, there is no encoder, or the file cannot be written.
    pub fn create(path: &Path, video: &VideoFormat) -> Result<Self, VideoError> {
        if video.width % 2 == 1 || video.height % 2 == 1 {
            return Err(VideoError::OddSize {
                width: video.width,
                height: video.height,
            });
        }
        let failed = || VideoError::ffmpeg(path);
        ffmpeg::init().map_err(failed())?;
        ffmpeg::util::log::set_level(ffmpeg::util::log::Level::Error);
        let mut output = format::output(path).map_err(failed())?;
        // An encoder may be there and not work: VideoToolbox without the hardware, for example.
        let mut first_error = None;
        for &name in video.codec.encoders() {
            let Some(codec) = encoder::find_by_name(name) else {
                continue;
            };
            let global_header = output
                .format()
                .flags()
                .contains(format::Flags::GLOBAL_HEADER);
            match open_encoder(codec, name, video, global_header) {
                Ok(encoder) => {
                    begin(&mut output, codec, &encoder, video).map_err(failed())?;
                    return Self::with(path, output, encoder, name, video).map_err(failed());
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(match first_error {
            Some(cause) => VideoError::Ffmpeg {
                path: path.to_owned(),
                cause,
            },
            None => VideoError::NoEncoder,
        })
    }

    fn with(
        path: &Path,
        output: format::context::Output,
        encoder: encoder::Video,
        encoder_name: &'static str,
        video: &VideoFormat,
    ) -> Result<Self, ffmpeg::Error> {
        let (width, height) = (video.width as u32, video.height as u32);
        Ok(Self {
            path: path.to_owned(),
            output,
            encoder,
            encoder_name,
            base: Rational(1, video.ticks_per_second),
            frame: ffmpeg::frame::Video::new(Pixel::YUV420P, width, height),
            rgb: ffmpeg::frame::Video::new(Pixel::RGB24, width, height),
            converter: scaling::Context::get(
                Pixel::RGB24,
                width,
                height,
                Pixel::YUV420P,
                width,
                height,
                scaling::Flags::AREA | scaling::Flags::ACCURATE_RND,
            )?,
        })
    }

    /// Name of the encoder that is used, as FFmpeg calls it.
    pub fn encoder_name(&self) -> &'static str {
        self.encoder_name
    }

    /// Writes the next picture, to be shown at `time` in the video's units; times ascend.
    ///
    /// # Errors
    /// When it cannot be encoded or written.
    ///
    /// # Panics
    /// When there are fewer bytes than the picture has.
    pub fn write(&mut self, pixels: Pixels<'_>, time: i64) -> Result<(), VideoError> {
        self.try_write(pixels, time)
            .map_err(VideoError::ffmpeg(&self.path))
    }

    fn try_write(&mut self, pixels: Pixels<'_>, time: i64) -> Result<(), ffmpeg::Error> {
        let width = self.rgb.width() as usize;
        match pixels {
            Pixels::Rgb(bytes) => {
                copy_rows(&mut self.rgb, 3 * width, bytes);
                self.converter.run(&self.rgb, &mut self.frame)?;
            }
            Pixels::Luma(bytes) => {
                copy_rows(&mut self.frame, width, bytes);
                self.frame.data_mut(1).fill(128);
                self.frame.data_mut(2).fill(128);
            }
        }
        self.frame.set_pts(Some(time));
        // The encoder may keep a frame that it was sent, so each gets its own.
        self.encoder.send_frame(&self.frame.clone())?;
        self.pass_on()
    }

    /// Ends the video.
    ///
    /// # Errors
    /// When what is left cannot be encoded or written.
    pub fn finish(mut self) -> Result<(), VideoError> {
        let mut finish = || {
            self.encoder.send_eof()?;
            self.pass_on()?;
            self.output.write_trailer()
        };
        finish().map_err(VideoError::ffmpeg(&self.path))
    }

    /// Writes what the encoder has ready.
    fn pass_on(&mut self) -> Result<(), ffmpeg::Error> {
        let mut packet = Packet::empty();
        while self.encoder.receive_packet(&mut packet).is_ok() {
            let stream = self.output.stream(0);
            let to = stream.map_or(self.base, |stream| stream.time_base());
            packet.set_stream(0);
            packet.rescale_ts(self.base, to);
            packet.write_interleaved(&mut self.output)?;
        }
        Ok(())
    }
}

fn open_encoder(
    codec: ffmpeg::Codec,
    name: &str,
    video: &VideoFormat,
    global_header: bool,
) -> Result<encoder::Video, ffmpeg::Error> {
    let mut encoder = codec::context::Context::new_with_codec(codec)
        .encoder()
        .video()?;
    encoder.set_width(video.width as u32);
    encoder.set_height(video.height as u32);
    encoder.set_format(Pixel::YUV420P);
    encoder.set_time_base(Rational(1, video.ticks_per_second));
    encoder.set_frame_rate(Some(rate(video)));
    encoder.set_gop(video.gop);
    encoder.set_max_b_frames(video.b_frames);
    let mut options = Dictionary::new();
    match name {
        "libx264" => {
            options.set("preset", "veryfast");
            options.set("crf", "18");
            // With several threads its result depends on their number and, now and then, on their
            // timing. Drawing takes far longer anyway.
            options.set("threads", "1");
        }
        "mpeg4" => {
            encoder.set_qmin(2);
            encoder.set_qmax(4);
        }
        _ => {
            let pixels = (video.width * video.height) as f64;
            encoder.set_bit_rate((0.15 * pixels * video.frame_rate) as usize);
            encoder.set_max_b_frames(0);
        }
    }
    if global_header {
        encoder.set_flags(codec::Flags::GLOBAL_HEADER);
    }
    encoder.open_with(options)
}

fn begin(
    output: &mut format::context::Output,
    codec: ffmpeg::Codec,
    encoder: &encoder::Video,
    video: &VideoFormat,
) -> Result<(), ffmpeg::Error> {
    let mut stream = output.add_stream(codec)?;
    stream.set_parameters(encoder);
    stream.set_time_base(Rational(1, video.ticks_per_second));
    stream.set_avg_frame_rate(rate(video));
    let mut options = Dictionary::new();
    for (name, value) in &video.options {
        options.set(name, value);
    }
    output.write_header_with(options).map(drop)
}

fn rate(video: &VideoFormat) -> Rational {
    Rational((video.frame_rate * 1000.0).round() as i32, 1000).reduce()
}

fn copy_rows(frame: &mut ffmpeg::frame::Video, bytes_per_row: usize, bytes: &[u8]) {
    let stride = frame.stride(0);
    let height = frame.height() as usize;
    let rows = frame.data_mut(0).chunks_mut(stride);
    for (row, source) in rows.zip(bytes[..height * bytes_per_row].chunks(bytes_per_row)) {
        row[..bytes_per_row].copy_from_slice(source);
    }
}
