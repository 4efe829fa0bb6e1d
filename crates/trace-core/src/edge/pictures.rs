//! Masked areas of a picture are painted over before it is stored: text that the DOM recording hides must not be read off its pixels.

use std::borrow::Cow;
use std::io::Cursor;

use thiserror::Error;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::scan;

use super::options::ContentDraft;

/// Why a picture with masked areas is left out.
#[derive(Debug, Error)]
pub(super) enum PictureError {
    /// The areas cannot be understood, so nobody knows what to paint.
    #[error("`covered` is not a list of areas")]
    Areas,
    /// Neither a JPEG nor a PNG of a known kind, or larger than is decoded.
    #[error("a picture of `{0}` cannot be painted on")]
    Format(String),
}

/// An area as parts of the picture's width and height: left, top, width, height.
type Area = [f64; 4];

/// Decoded pixels, line by line.
struct Pixels {
    width: usize,
    height: usize,
    /// Bytes of one pixel: three colours, and its opacity if it has one.
    depth: usize,
    bytes: Vec<u8>,
}

/// Painted areas are as dark as a blocked element in a replay.
const PAINT: [u8; 4] = [64, 64, 64, 255];
/// What the screencast itself uses.
const JPEG_QUALITY: u8 = 70;
/// Longer sides are refused rather than decoded.
const MAX_SIDE: usize = 16_384;
/// 16 screens at twice the density.
const MAX_DECODED_BYTES: usize = 256 << 20;
const PNG_MAGIC: &[u8] = b"\x89PNG";

/// The contents of a screenshot with its `covered` areas painted over; as they are when it has none.
pub(super) fn painted<'a>(
    payload: &str,
    contents: &'a [ContentDraft],
) -> Result<Cow<'a, [ContentDraft]>, PictureError> {
    let Some(covered) = scan::field(payload.as_bytes(), "covered") else {
        return Ok(Cow::Borrowed(contents));
    };
    let areas: Vec<Area> = serde_json::from_slice(covered.raw).map_err(|_| PictureError::Areas)?;
    if areas.is_empty() {
        return Ok(Cow::Borrowed(contents));
    }
    let paint_one = |content: &ContentDraft| {
        let data = paint(&content.data, &areas)
            .ok_or_else(|| PictureError::Format(content.media_type.clone()))?;
        Ok(ContentDraft { data, ..content.clone() })
    };
    contents.iter().map(paint_one).collect::<Result<Vec<_>, _>>().map(Cow::Owned)
}

fn paint(data: &[u8], areas: &[Area]) -> Option<Vec<u8>> {
    let is_png = data.starts_with(PNG_MAGIC);
    let mut pixels = if is_png { read_png(data) } else { read_jpeg(data) }?;
    for area in areas {
        fill(&mut pixels, area);
    }
    if is_png { write_png(&pixels) } else { write_jpeg(&pixels) }
}

fn read_jpeg(data: &[u8]) -> Option<Pixels> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(data), options);
    let bytes = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    (bytes.len() == width * height * 3).then_some(Pixels { width, height, depth: 3, bytes })
}

fn write_jpeg(pixels: &Pixels) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (width, height) = (u16::try_from(pixels.width).ok()?, u16::try_from(pixels.height).ok()?);
    let encoder = jpeg_encoder::Encoder::new(&mut out, JPEG_QUALITY);
    encoder.encode(&pixels.bytes, width, height, jpeg_encoder::ColorType::Rgb).ok()?;
    Some(out)
}

fn read_png(data: &[u8]) -> Option<Pixels> {
    let limits = png::Limits { bytes: MAX_DECODED_BYTES };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(data), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let size = reader.output_buffer_size().filter(|size| *size <= MAX_DECODED_BYTES)?;
    let mut bytes = vec![0; size];
    let frame = reader.next_frame(&mut bytes).ok()?;
    let depth = match frame.color_type {
        png::ColorType::Rgb => 3,
        png::ColorType::Rgba => 4,
        _ => return None,
    };
    Some(Pixels { width: frame.width as usize, height: frame.height as usize, depth, bytes })
}

fn write_png(pixels: &Pixels) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (width, height) = (u32::try_from(pixels.width).ok()?, u32::try_from(pixels.height).ok()?);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(if pixels.depth == 4 { png::ColorType::Rgba } else { png::ColorType::Rgb });
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels.bytes).ok()?;
    writer.finish().ok()?;
    Some(out)
}

fn fill(pixels: &mut Pixels, area: &Area) {
    let [left, top, wide, high] = *area;
    let columns = span(left, wide, pixels.width);
    for line in span(top, high, pixels.height) {
        let start = line * pixels.width;
        let bytes = (start + columns.start) * pixels.depth..(start + columns.end) * pixels.depth;
        for pixel in pixels.bytes[bytes].chunks_exact_mut(pixels.depth) {
            pixel.copy_from_slice(&PAINT[..pixel.len()]);
        }
    }
}

/// The whole pixels that a part of a side touches.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the picture's side before"
)]
fn span(start: f64, length: f64, side: usize) -> std::ops::Range<usize> {
    let edge = |part: f64| (part * side as f64).clamp(0.0, side as f64);
    edge(start).floor() as usize..edge(start + length).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// White with black stripes, as text is.
    fn pixels() -> Pixels {
        let (width, height) = (200, 100);
        let stripe = |at: usize| if at % width % 8 < 4 { 0 } else { 255 };
        let bytes = (0..width * height).flat_map(|at| [stripe(at); 3]).collect();
        Pixels { width, height, depth: 3, bytes }
    }

    fn content(media_type: &str, data: Vec<u8>) -> Vec<ContentDraft> {
        vec![ContentDraft {
            field: "image".into(),
            media_type: media_type.into(),
            data,
            truncated: 0,
        }]
    }

    #[test]
    fn covered_areas_have_one_colour_and_the_rest_stays() {
        let jpeg = content("image/jpeg", write_jpeg(&pixels()).unwrap());
        let png = content("image/png", write_png(&pixels()).unwrap());
        for (contents, read) in [(jpeg, read_jpeg as fn(&[u8]) -> _), (png, read_png)] {
            let payload = r#"{"page":"p1","covered":[[0.25,0.2,0.5,0.4],[0.9,0.9,0.5,0.5]]}"#;
            let painted = painted(payload, &contents).unwrap();
            let shown: Pixels = read(&painted[0].data).unwrap();
            let grey = |x: usize, y: usize| shown.bytes[(y * shown.width + x) * shown.depth];
            for (x, y) in [(60, 30), (101, 40), (140, 50), (195, 97)] {
                assert!(grey(x, y).abs_diff(64) < 16, "at {x},{y}: {}", grey(x, y));
            }
            let stripes: Vec<u8> = (8..40).map(|x| grey(x, 80)).collect();
            assert!(
                stripes.iter().any(|g| *g < 60) && stripes.iter().any(|g| *g > 190),
                "{stripes:?}"
            );
        }
    }

    #[test]
    fn without_areas_nothing_is_decoded_and_what_cannot_be_painted_is_refused() {
        let contents = content("image/png", write_png(&pixels()).unwrap());
        for payload in [r#"{"page":"p1"}"#, r#"{"covered":[]}"#] {
            assert!(matches!(painted(payload, &contents), Ok(Cow::Borrowed(_))), "{payload}");
        }
        let covered = r#"{"covered":[[0,0,1,1]]}"#;
        for broken in [
            b"no picture".to_vec(),
            b"\x89PNG".to_vec(),
            Vec::new(),
            write_jpeg(&pixels()).unwrap()[..100].to_vec(),
        ] {
            let refused = painted(covered, &content("image/jpeg", broken)).map(Cow::into_owned);
            assert!(matches!(refused, Err(PictureError::Format(_))), "{refused:?}");
        }
        assert!(matches!(painted(r#"{"covered":"all"}"#, &contents), Err(PictureError::Areas)));
    }
}
