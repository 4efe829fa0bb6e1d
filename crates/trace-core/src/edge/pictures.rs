//! Masked areas of a picture are painted over before it is stored: text that the DOM recording hides must not be read off its pixels.

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GenericImage as _, ImageFormat, ImageReader, Limits, Rgba};
use thiserror::Error;

use crate::scan;

use super::options::ContentDraft;

/// Why a picture with masked areas is left out.
#[derive(Debug, Error)]
pub(super) enum PictureError {
    /// The areas cannot be understood, so nobody knows what to paint.
    #[error("`covered` is not a list of areas")]
    Areas,
    /// The bytes are no picture that can be painted on.
    #[error("a picture of `{media_type}` cannot be painted on")]
    Format {
        /// What the producer called it.
        media_type: String,
        /// What the decoder said.
        #[source]
        source: image::ImageError,
    },
}

/// An area as parts of the picture's width and height: left, top, width, height.
type Area = [f64; 4];

/// Painted areas are as dark as a blocked element in a replay.
const PAINT: Rgba<u8> = Rgba([64, 64, 64, 255]);
/// What the screencast itself uses.
const JPEG_QUALITY: u8 = 70;
/// A page of 16 screens at twice the density; more is refused rather than decoded.
const MAX_SIDE: u32 = 32_768;
const MAX_DECODED_BYTES: u64 = 512 << 20;

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
        let data = paint(&content.data, &areas).map_err(|source| PictureError::Format {
            media_type: content.media_type.clone(),
            source,
        })?;
        Ok(ContentDraft { data, ..content.clone() })
    };
    contents.iter().map(paint_one).collect::<Result<Vec<_>, _>>().map(Cow::Owned)
}

fn paint(data: &[u8], areas: &[Area]) -> Result<Vec<u8>, image::ImageError> {
    let mut reader = ImageReader::new(Cursor::new(data)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let format = reader.format().unwrap_or(ImageFormat::Jpeg);
    let mut picture = reader.decode()?;
    for area in areas {
        fill(&mut picture, area);
    }
    let mut out = Vec::with_capacity(data.len());
    match format {
        ImageFormat::Png => picture.write_to(&mut Cursor::new(&mut out), ImageFormat::Png)?,
        _ => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY))?,
    }
    Ok(out)
}

fn fill(picture: &mut DynamicImage, area: &Area) {
    let (width, height) = (picture.width(), picture.height());
    let [left, top, wide, high] = *area;
    let (from_x, to_x) = (edge(left, width).floor(), edge(left + wide, width).ceil());
    let (from_y, to_y) = (edge(top, height).floor(), edge(top + high, height).ceil());
    for y in whole(from_y)..whole(to_y).min(height) {
        for x in whole(from_x)..whole(to_x).min(width) {
            picture.put_pixel(x, y, PAINT);
        }
    }
}

/// What is no number covers everything: an area that cannot be read is not a permission.
fn edge(part: f64, side: u32) -> f64 {
    (part * f64::from(side)).clamp(0.0, f64::from(side))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`edge` has clamped it to the picture"
)]
fn whole(pixels: f64) -> u32 {
    pixels as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white picture with black stripes, as text is.
    fn picture(format: ImageFormat) -> Vec<u8> {
        let stripes = image::RgbImage::from_fn(200, 100, |x, _| {
            image::Rgb([if x % 4 < 2 { 0 } else { 255 }; 3])
        });
        let mut out = Cursor::new(Vec::new());
        DynamicImage::from(stripes).write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn content(format: ImageFormat) -> Vec<ContentDraft> {
        let media_type = format.to_mime_type().to_owned();
        vec![ContentDraft {
            field: "image".into(),
            media_type,
            data: picture(format),
            truncated: 0,
        }]
    }

    #[test]
    fn covered_areas_have_one_colour_and_the_rest_stays() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let contents = content(format);
            let painted = painted(
                r#"{"page":"p1","covered":[[0.25,0.2,0.5,0.4],[0.9,0.9,0.5,0.5]]}"#,
                &contents,
            )
            .unwrap();
            let image = image::load_from_memory(&painted[0].data).unwrap().to_luma8();
            let grey = |x: u32, y: u32| image.get_pixel(x, y).0[0];
            for (x, y) in [(56, 28), (101, 40), (140, 52), (195, 95)] {
                assert!(grey(x, y).abs_diff(64) < 12, "{format:?} at {x},{y}: {}", grey(x, y));
            }
            let stripes: Vec<u8> = (8..40).map(|x| grey(x, 80)).collect();
            assert!(
                stripes.iter().any(|g| *g < 60) && stripes.iter().any(|g| *g > 190),
                "{format:?}: {stripes:?}"
            );
        }
    }

    #[test]
    fn without_areas_nothing_is_decoded_and_what_cannot_be_painted_is_refused() {
        let contents = content(ImageFormat::Png);
        for payload in [r#"{"page":"p1"}"#, r#"{"covered":[]}"#] {
            assert!(matches!(painted(payload, &contents), Ok(Cow::Borrowed(_))), "{payload}");
        }
        let broken = [ContentDraft { data: b"no picture".to_vec(), ..ContentDraft::default() }];
        let covered = r#"{"covered":[[0,0,1,1]]}"#;
        assert!(matches!(painted(covered, &broken), Err(PictureError::Format { .. })));
        assert!(matches!(painted(r#"{"covered":"all"}"#, &contents), Err(PictureError::Areas)));
    }
}
