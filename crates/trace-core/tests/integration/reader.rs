//! The reader with its index against the naive reader without one.

use trace_core::chunk::archive::write;
use trace_core::chunk::frame::{Frames, Level, compress};
use trace_core::ndjson::{Code, decode};
use trace_core::trace::{IndexOrigin, ReadAt, ReadError, Select, TraceReader};
use trace_core::{Event, Timestamp};

use crate::support::{Numbers, golden, lines};

fn random_select(numbers: &mut Numbers) -> Select {
    let mut select = Select::all();
    if numbers.below(2) == 0 {
        let first = numbers.next() % 3000;
        select = select.seqs(first, first + numbers.next() % 500);
    }
    if numbers.below(3) == 0 {
        let from = numbers.next() % 3_000_000;
        let to = Timestamp::from_us(from + numbers.next() % 500_000);
        select = select.times(Timestamp::from_us(from), to);
    }
    if numbers.below(3) == 0 {
        select = select.step(&format!("s{}", numbers.below(55)));
    }
    if numbers.below(2) == 0 {
        let kinds = ["screenshot", "action", "x.custom", "never"];
        select = select.kind(kinds[numbers.below(kinds.len())]);
    }
    select
}

#[test]
fn slices_are_what_a_naive_filter_gives() {
    let raw = lines(3000, 11);
    let archive = write(&raw[..], Vec::new(), Level::Live, 20 << 10).unwrap().0;
    let all = decode(&raw).events;
    let chunks: Vec<Vec<u8>> = raw.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let live: Vec<u8> =
        chunks.chunks(100).flat_map(|c| compress(&c.concat(), Level::Live).unwrap()).collect();
    let mut numbers = Numbers::new(12);
    let readers =
        [&archive[..], &live[..], &raw[..]].map(|bytes| TraceReader::open(bytes).unwrap());
    for round in 0..150 {
        let select = random_select(&mut numbers);
        let want: Vec<&Event> = all.iter().filter(|event| select.wants_event(event)).collect();
        for reader in &readers {
            let got: Vec<Event> = reader.select(select.clone()).map(Result::unwrap).collect();
            assert!(got.iter().eq(want.iter().copied()), "round {round}: {select:?}");
        }
    }
}

/// Counts what is fetched, so that "random access" is more than a word.
struct Counted<'a> {
    bytes: &'a [u8],
    fetched: std::cell::Cell<u64>,
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        self.fetched.set(self.fetched.get() + len as u64);
        self.bytes.read_at(offset, len)
    }
}

#[test]
fn a_slice_fetches_the_tail_and_its_frames_only() {
    let raw = lines(20_000, 13);
    let (file, index) = write(&raw[..], Vec::new(), Level::Live, 100 << 10).unwrap();
    let source = Counted { bytes: &file, fetched: std::cell::Cell::new(0) };
    let reader = TraceReader::open(&source).unwrap();
    assert_eq!(reader.index_origin(), IndexOrigin::Footer);
    assert_eq!(source.fetched.get(), (64 << 10).min(file.len() as u64));
    source.fetched.set(0);
    let one: Vec<_> = reader.select(Select::all().seqs(10_000, 10_000)).collect();
    assert_eq!(one.len(), 1);
    let largest = index.frames.iter().map(|frame| frame.len).max().unwrap();
    assert!(source.fetched.get() <= largest, "{} bytes for one event", source.fetched.get());
}

/// What a decoder that stops behind the first frame would hand on is found out by the totals.
#[test]
fn missing_frames_are_found_by_the_totals() {
    let raw = lines(2000, 14);
    let (file, index) = write(&raw[..], Vec::new(), Level::Live, 20 << 10).unwrap();
    let reader = TraceReader::open(&file[..]).unwrap();
    assert_eq!(reader.verify(), []);
    let mut emptied = file.clone();
    let (second, third) = (&index.frames[1], &index.frames[2]);
    let (from, to) =
        (usize::try_from(second.offset).unwrap(), usize::try_from(third.offset).unwrap());
    emptied[from..to].fill(0);
    let told = TraceReader::open(&emptied[..]).unwrap().verify();
    for code in [Code::NotAFrame, Code::TotalsDiffer] {
        assert!(told.iter().any(|d| d.code == code), "{told:?}");
    }
    let lines_read = TraceReader::open(&emptied[..]).unwrap().read_all();
    assert!(lines_read.diagnostics.iter().any(|d| d.code == Code::TotalsDiffer));
}

#[test]
fn a_missing_tail_is_scanned_instead() {
    let raw = lines(2000, 15);
    let (file, _) = write(&raw[..], Vec::new(), Level::Live, 20 << 10).unwrap();
    let reader = TraceReader::open(&file[..file.len() - 1]).unwrap();
    assert_eq!(reader.index_origin(), IndexOrigin::Scan);
    assert_eq!(reader.read_all().events.len(), 2000);
    let data_frames =
        Frames::new(&file).filter(|f| f.as_ref().is_ok_and(|f| f.skippable_payload().is_empty()));
    assert_eq!(reader.index().frames.len(), data_frames.count());
}

#[test]
fn the_golden_trace_is_the_same_in_every_shape() {
    let raw = golden();
    let want = decode(&raw);
    let archive = write(&raw[..], Vec::new(), Level::Archive, 4096).unwrap().0;
    for bytes in [&raw[..], &archive[..], &compress(&raw, Level::Live).unwrap()[..]] {
        assert_eq!(TraceReader::open(bytes).unwrap().read_all(), want);
    }
    let reader = TraceReader::open(&archive[..]).unwrap();
    let failed: Vec<_> = reader
        .select(Select::all().step("s7").kind("network.response"))
        .map(Result::unwrap)
        .collect();
    assert!(failed.iter().any(|e| e.payload.field("status") == Some(404.into())));
}
