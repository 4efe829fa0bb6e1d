//! Frames under damage, and the file as other tools read it.

use std::io::Write;
use std::process::{Command, Stdio};

use trace_core::chunk::archive::{concat, write};
use trace_core::chunk::frame::{Frames, Level, compress, decode_all};
use trace_core::chunk::{FrameKind, decode_tolerant};
use trace_core::trace::TraceReader;

use crate::support::{Numbers, lines};

const MAX: usize = 64 << 20;

fn three_chunks() -> (Vec<u8>, [Vec<u8>; 3]) {
    let raw = [lines(30, 1), lines(30, 2), lines(30, 3)];
    let file = raw.iter().flat_map(|raw| compress(raw, Level::Live).unwrap()).collect();
    (file, raw)
}

#[test]
fn every_flipped_bit_is_found_and_costs_at_most_its_frame() {
    let (file, raw) = three_chunks();
    let frames: Vec<_> = Frames::new(&file).map(|f| f.unwrap().bytes.len()).collect();
    for byte in 0..file.len() {
        let mut damaged = file.clone();
        damaged[byte] ^= 1 << (byte % 8);
        let got = decode_tolerant(&damaged, MAX);
        let hit = (0..3).find(|n| byte < frames[..=*n].iter().sum()).unwrap();
        let kept: Vec<u8> = (0..3).filter(|n| *n != hit).flat_map(|n| raw[n].clone()).collect();
        // Bits that zstd ignores (reserved ones) leave the content whole and need no complaint.
        let is_harmless = got.raw == raw.concat();
        assert!(is_harmless || !got.diagnostics.is_empty(), "byte {byte}: silent");
        assert!(
            is_harmless || got.raw == kept,
            "byte {byte}: kept {} of {} bytes",
            got.raw.len(),
            kept.len()
        );
    }
}

#[test]
fn every_cut_keeps_the_lines_before_it() {
    let (file, raw) = three_chunks();
    let whole = raw.concat();
    for end in 0..file.len() {
        let got = decode_tolerant(&file[..end], MAX);
        assert!(whole.starts_with(&got.raw), "cut at {end}");
        assert!(got.raw.is_empty() || got.raw.ends_with(b"\n"), "cut at {end}");
        let at_boundary = decode_all(&file[..end], MAX).is_ok();
        assert_eq!(got.diagnostics.is_empty(), at_boundary, "cut at {end}");
    }
}

/// The official seekable format, read by its specification and by nothing of ours.
#[test]
fn the_seek_table_is_the_official_one() {
    let raw = lines(3000, 4);
    let (file, index) = write(&raw[..], Vec::new(), Level::Live, 64 << 10).unwrap();
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let end = file.len();
    assert_eq!(word(end - 4), 0x8F92_EAB1);
    assert_eq!(file[end - 5], 0, "descriptor");
    let n_frames = word(end - 9);
    let table = end - 9 - n_frames * 8 - 8;
    assert_eq!((word(table), word(table + 4)), (0x184D_2A5E, end - table - 8));
    let (mut at, mut decoded) = (0, 0);
    for entry in (table + 8..end - 9).step_by(8) {
        let (len, raw_len) = (word(entry), word(entry + 4));
        let frame = Frames::new(&file[at..at + len]).next().unwrap().unwrap();
        assert_eq!(frame.bytes.len(), len, "entry is not one frame");
        if frame.kind == FrameKind::Data {
            let content = decode_all(frame.bytes, MAX).unwrap();
            assert_eq!(content, raw[decoded..decoded + raw_len]);
        } else {
            assert_eq!((frame.kind, raw_len), (FrameKind::Skippable(0x184D_2A54), 0));
        }
        at += len;
        decoded += raw_len;
    }
    assert_eq!((at, decoded, n_frames), (table, raw.len(), index.frames.len() + 1));
}

#[test]
fn the_reference_tool_reads_every_shape() {
    let raw = lines(2000, 5);
    let archive = write(&raw[..], Vec::new(), Level::Archive, 100 << 10).unwrap().0;
    let chunks =
        [compress(&raw[..], Level::Live).unwrap(), compress(b"{}\n", Level::Live).unwrap()];
    let joined = concat(chunks.iter().map(Vec::as_slice)).unwrap().0;
    check_with_zstd(&archive, &raw);
    check_with_zstd(&joined, &[&raw[..], b"{}\n"].concat());
    check_with_zstd(&chunks.concat(), &[&raw[..], b"{}\n"].concat());
}

/// With the `zstd` tool where it is installed, else with the reference library's streaming reader.
fn check_with_zstd(file: &[u8], want: &[u8]) {
    let tool =
        Command::new("zstd").arg("-dcq").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let got = match tool {
        Ok(mut tool) => {
            let mut stdin = tool.stdin.take().unwrap();
            let file = file.to_vec();
            let feeder = std::thread::spawn(move || stdin.write_all(&file));
            let output = tool.wait_with_output().unwrap();
            feeder.join().unwrap().unwrap();
            assert!(output.status.success());
            output.stdout
        }
        Err(_) => zstd::stream::decode_all(file).unwrap(),
    };
    assert!(got == want, "zstd read {} bytes of {}", got.len(), want.len());
}

#[test]
fn damaged_archives_are_still_read() {
    let raw = lines(2000, 6);
    let (file, index) = write(&raw[..], Vec::new(), Level::Live, 50 << 10).unwrap();
    let data_end = index.frames.last().map(|f| f.offset + f.len).unwrap();
    let mut numbers = Numbers::new(7);
    for round in 0..100 {
        let mut damaged = file.clone();
        let byte = numbers.below(file.len());
        damaged[byte] ^= 1 << numbers.below(8);
        let reader = TraceReader::open(&damaged[..]).unwrap();
        let all = reader.read_all();
        let lost = 2000 - all.events.len();
        let worst = index.frames.iter().map(|f| f.lines as usize).max().unwrap();
        assert!(lost <= worst, "round {round}, byte {byte}: {lost} events lost");
        let in_data = (byte as u64) < data_end;
        assert!(lost == 0 || in_data && !all.diagnostics.is_empty(), "round {round}, byte {byte}");
    }
}
