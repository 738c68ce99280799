//! Decoded pictures as planes that can be converted without libswscale.

use ffmpeg_next as ffmpeg;

use faceau_vision::colour::{Chroma, Depth, PictureFormat, Planes, Range};
use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;

/// What is known of FFmpeg's format; none of those that only libswscale can convert.
pub fn picture_format(format: Pixel) -> Option<PictureFormat> {
    use Chroma::{Full, Half, None as Grey, Quarter};
    use Depth::{Eight, Ten, TenHigh};
    let (chroma, depth, interleaved, range) = match format {
        Pixel::GRAY8 => (Grey, Eight, false, Range::Full),
        Pixel::YUV420P => (Quarter, Eight, false, Range::Limited),
        Pixel::YUVJ420P => (Quarter, Eight, false, Range::Full),
        Pixel::NV12 => (Quarter, Eight, true, Range::Limited),
        Pixel::YUV422P => (Half, Eight, false, Range::Limited),
        Pixel::YUVJ422P => (Half, Eight, false, Range::Full),
        Pixel::YUV444P => (Full, Eight, false, Range::Limited),
        Pixel::YUVJ444P => (Full, Eight, false, Range::Full),
        Pixel::YUV420P10LE => (Quarter, Ten, false, Range::Limited),
        Pixel::P010LE => (Quarter, TenHigh, true, Range::Limited),
        Pixel::YUV422P10LE => (Half, Ten, false, Range::Limited),
        Pixel::YUV444P10LE => (Full, Ten, false, Range::Limited),
        _ => return None,
    };
    Some(PictureFormat {
        chroma,
        depth,
        interleaved,
        range,
    })
}

/// The planes of a picture that lies in this process's memory. None where only libswscale can
/// convert it: in another format, or with rows that lie upside down.
pub fn planes_of(picture: &Video) -> Option<Planes<'_>> {
    let format = picture_format(picture.format())?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut planes: [&[u8]; 3] = [&[]; 3];
    let mut strides = [0; 3];
    for plane in 0..format.planes() {
        // SAFETY: the frame is alive as long as the borrow; only numbers are read.
        let (start, stride) = unsafe {
            let frame = &*picture.as_ptr();
            (frame.data[plane], frame.linesize[plane])
        };
        strides[plane] = usize::try_from(stride).ok()?;
        let (row, rows) = format.plane_size(plane, width, height);
        if start.is_null() || row > strides[plane] {
            return None;
        }
        let bytes = strides[plane] * rows.saturating_sub(1) + row;
        // SAFETY: a decoded frame of this format holds `rows` rows of `row` bytes, `stride` bytes
        // apart, from `start` on, and nobody writes into it while it is borrowed.
        planes[plane] = unsafe { std::slice::from_raw_parts(start, bytes) };
    }
    Planes::new(format, width, height, planes, strides).ok()
}
