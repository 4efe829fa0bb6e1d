//! One member of an archive: what it is, and how it is copied.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use zip::ZipWriter;

use super::line::Lines;
use super::{Archive, options};

/// A line that is longer is left out: an archive must not decide how much memory is used.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// The same for a text that is read whole.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// What a member is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A screenshot or a frame of the screencast.
    Picture,
    /// An accessibility tree.
    Aria,
    /// JSON, one value a line.
    Lines,
    /// Text of that media type.
    Text(String),
    /// Fonts, images of the page, places in source files.
    Opaque,
}

/// Told by the folder, then by what the HAR entries say, then by the ending.
pub(super) fn class(name: &str, lines: &Lines<'_>) -> Class {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    // Up to version 8 the frames of the screencast lay among the resources.
    let old_frame = file.starts_with("page@") && ending == "jpeg";
    match folder {
        "screencast" | "screenshots" => return Class::Picture,
        "aria" => return Class::Aria,
        "resources" if old_frame => return Class::Picture,
        _ => {}
    }
    if let Some(media_type) = lines.media_types.get(name) {
        return Class::Text(media_type.clone());
    }
    let text = |media_type: &str| Class::Text(media_type.to_owned());
    match &*ending {
        "trace" | "network" | "jsonl" | "ndjson" => Class::Lines,
        "html" | "htm" => text("text/html"),
        "css" => text("text/css"),
        "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" | "mts" | "cts" => text("text/javascript"),
        "json" | "map" => text("application/json"),
        "svg" => text("image/svg+xml"),
        "xml" => text("application/xml"),
        "png" | "jpeg" | "jpg" | "gif" | "webp" | "avif" | "ico" | "woff" | "woff2" | "ttf"
        | "otf" | "webm" | "mp4" | "mp3" | "wasm" | "zip" | "gz" | "pdf" | "stacks" => {
            Class::Opaque
        }
        _ => text("text/plain"),
    }
}

type Out = ZipWriter<BufWriter<File>>;

/// Copies the `n`th member as far as it may be said. An error is the output's; what cannot be read is left out.
pub(super) fn copy(
    archive: &mut Archive,
    n: usize,
    lines: &mut Lines<'_>,
    out: &mut Out,
) -> io::Result<()> {
    let name = archive.name_for_index(n).and_then(Result::ok).map(Cow::into_owned);
    let Some(name) = name else {
        lines.left_out.note("members without a readable name");
        return Ok(());
    };
    match class(&name, lines) {
        Class::Picture if lines.masks.hide_pictures() => {
            lines.left_out.note("pictures, which show what is masked");
            Ok(())
        }
        Class::Aria if lines.masks.elements => {
            lines.left_out.note("copies of the page, because elements are masked");
            Ok(())
        }
        Class::Picture | Class::Opaque => as_it_is(archive, n, lines, out),
        Class::Aria => text(archive, (n, &name), "application/json", lines, out),
        Class::Text(media_type) => text(archive, (n, &name), &media_type, lines, out),
        Class::Lines => json_lines(archive, (n, &name), lines, out),
    }
}

fn json_lines(
    archive: &mut Archive,
    (n, name): (usize, &str),
    lines: &mut Lines<'_>,
    out: &mut Out,
) -> io::Result<()> {
    let Ok(file) = archive.by_index(n) else {
        lines.left_out.note(UNREADABLE);
        return Ok(());
    };
    out.start_file(name, options(file.size()))?;
    let whole = each_line(file, |line| {
        let Some(line) = line else {
            lines.left_out.note("lines that are too long");
            return Ok(());
        };
        let Some(clean) = lines.clean(line) else { return Ok(()) };
        out.write_all(clean.as_bytes())?;
        out.write_all(b"\n")
    });
    match whole {
        Err(Stop::Output(error)) => return Err(error),
        Err(Stop::Input) => lines.left_out.note("members that end early"),
        Ok(()) => {}
    }
    Ok(())
}

const UNREADABLE: &str = "members that cannot be read";

fn as_it_is(
    archive: &mut Archive,
    n: usize,
    lines: &mut Lines<'_>,
    out: &mut Out,
) -> io::Result<()> {
    if let Ok(file) = archive.by_index_raw(n) {
        return Ok(out.raw_copy_file(file)?);
    }
    lines.left_out.note(UNREADABLE);
    Ok(())
}

fn text(
    archive: &mut Archive,
    (n, name): (usize, &str),
    media_type: &str,
    lines: &mut Lines<'_>,
    out: &mut Out,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let read = match archive.by_index(n) {
        Ok(file) => file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes).is_ok(),
        Err(_) => false,
    };
    if !read {
        lines.left_out.note(UNREADABLE);
        return Ok(());
    }
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        lines.left_out.note("members that are too long");
        return Ok(());
    }
    let clean = lines.secrets.apply_bytes(media_type, &bytes).into_owned();
    let clean = lines.without_learnt(&clean);
    if *clean == *bytes {
        return as_it_is(archive, n, lines, out);
    }
    out.start_file(name, options(clean.len() as u64))?;
    out.write_all(&clean)
}

/// Why the lines of a member ended before its end.
pub(super) enum Stop {
    Input,
    Output(io::Error),
}

/// Hands over each line without its break, and none for one that is too long.
pub(super) fn each_line(
    file: impl Read,
    mut each: impl FnMut(Option<&[u8]>) -> io::Result<()>,
) -> Result<(), Stop> {
    let (mut reader, mut line) = (BufReader::with_capacity(128 << 10, file), Vec::new());
    loop {
        line.clear();
        let mut limited = (&mut reader).take(MAX_LINE_BYTES);
        if limited.read_until(b'\n', &mut line).map_err(|_| Stop::Input)? == 0 {
            return Ok(());
        }
        if line.len() as u64 >= MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            reader.skip_until(b'\n').map_err(|_| Stop::Input)?;
            each(None).map_err(Stop::Output)?;
            continue;
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            each(Some(text)).map_err(Stop::Output)?;
        }
    }
}
