//! The ring: memory shared by one JavaScript thread, which writes, and Rust, which reads.
//!
//! JavaScript leaves a record behind with two plain stores, one string write and one atomic store, so appending costs
//! no call into the addon, and a background thread takes records out even while JavaScript is busy.
//! The writer is `npm/trace-node/src/ring-writer.ts`; the layout below is the contract between the two.
//!
//! ```text
//! byte 0    u32 head   bytes written since the start, wrapping; stored by JavaScript
//! byte 64   u32 tail   bytes read since the start, wrapping; stored by Rust (own cache line)
//! byte 128  data, CAPACITY bytes: records on 8-byte borders, each in one piece
//!   u32 payload length in bytes, or SKIP: nothing more before the end, go on at the start
//!   u16 kind (number of a name; 0: this record defines a name)
//!   u16 step (number of a name; 0: outside steps; in a definition the number being defined)
//!   f64 ts   in milliseconds on the trace axis
//!   payload, UTF-8, padded to 8 bytes
//! ```

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of record data; a power of two, so that wrapping positions stay places in it.
/// A busy suite writes 20 MB/s, so this holds 50 ms of it, ten times what one reading turn leaves behind.
pub(crate) const CAPACITY: u32 = 1 << 20;

const TAIL_BYTE: usize = 64;
const DATA_BYTE: usize = 128;
const HEADER: u32 = 16;
const SKIP: u32 = u32::MAX;

/// The shared memory. It lives as long as the `ArrayBuffer` over it or its reader, whichever goes last.
pub(crate) struct Ring {
    words: Box<[UnsafeCell<u64>]>,
}

// SAFETY: the control words are only touched atomically, and the protocol gives each data byte to one side at a time:
// to JavaScript from `tail` up to `head + free`, to the reader from the moment `head` has passed it until `tail` does.
unsafe impl Sync for Ring {}
// SAFETY: the memory is plain bytes without a tie to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// A fresh ring; zeroed pages are not resident until they are written.
    pub(crate) fn new() -> Arc<Self> {
        let words = Box::<[UnsafeCell<u64>]>::new_zeroed_slice(Self::bytes() / 8);
        // SAFETY: all zeroes is a valid u64, and UnsafeCell has the layout of what it holds.
        Arc::new(Self { words: unsafe { words.assume_init() } })
    }

    /// Size of the whole memory, control words included.
    pub(crate) const fn bytes() -> usize {
        DATA_BYTE + CAPACITY as usize
    }

    /// Where the memory begins; valid for [`Ring::bytes`] while the ring lives.
    pub(crate) fn start(&self) -> *mut u8 {
        UnsafeCell::raw_get(self.words.as_ptr()).cast()
    }

    fn control(&self, byte: usize) -> &AtomicU32 {
        // SAFETY: `byte` is 0 or 64, inside the memory and aligned; both sides touch these words only atomically.
        unsafe { AtomicU32::from_ptr(self.start().add(byte).cast()) }
    }

    fn head(&self) -> u32 {
        // Acquire pairs with `Atomics.store` in the writer: whoever sees this head sees the record's bytes.
        self.control(0).load(Ordering::Acquire)
    }

    /// Copies `bytes.len()` bytes out, from `at` on.
    fn copy_out(&self, at: u32, bytes: &mut [u8]) -> bool {
        let (at, n_bytes) = (at as usize, bytes.len());
        if at + n_bytes > CAPACITY as usize {
            return false;
        }
        // SAFETY: source and length are inside the data area (checked above), the target is an exclusive slice, and the
        // writer leaves bytes between tail and head alone.
        unsafe {
            let source = self.start().add(DATA_BYTE + at);
            std::ptr::copy_nonoverlapping(source, bytes.as_mut_ptr(), n_bytes);
        }
        true
    }
}

/// One record, copied out of the ring.
pub(crate) struct Record<'reader> {
    /// Milliseconds on the trace axis.
    pub(crate) ts_ms: f64,
    /// The kind's name.
    pub(crate) kind: &'reader str,
    /// The step's name; none outside steps.
    pub(crate) step: Option<&'reader str>,
    /// The payload; what was no UTF-8 is replaced.
    pub(crate) payload: &'reader str,
}

/// The reading side; there is one, behind a lock.
pub(crate) struct Reader {
    ring: Arc<Ring>,
    tail: u32,
    names: Vec<String>,
    /// The payload of the current record; one buffer for all of them.
    payload: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(ring: Arc<Ring>) -> Self {
        Self { ring, tail: 0, names: vec![String::new()], payload: Vec::new() }
    }

    /// Hands at most `limit` records to `sink` in the order they were written and tells whether any were there.
    pub(crate) fn drain(&mut self, limit: usize, mut sink: impl FnMut(Record<'_>)) -> usize {
        let head = self.ring.head();
        let mut n_records = 0;
        while self.tail != head && n_records < limit {
            let Some(next) = self.take(head, &mut sink) else {
                // The writer never leaves such a record; going on behind it keeps everything later readable.
                self.tail = head;
                break;
            };
            self.tail = next;
            n_records += 1;
        }
        // Release hands the bytes back to the writer only after they were copied out.
        self.ring.control(TAIL_BYTE).store(self.tail, Ordering::Release);
        n_records
    }

    /// Reads the record at `tail`; the position behind it, or none when the bytes make no record.
    fn take(&mut self, head: u32, sink: &mut impl FnMut(Record<'_>)) -> Option<u32> {
        let at = self.tail % CAPACITY;
        let mut length = [0; 4];
        self.ring.copy_out(at, &mut length).then_some(())?;
        let length = u32::from_ne_bytes(length);
        if length == SKIP {
            return Some(self.tail.wrapping_add(CAPACITY - at));
        }
        let whole = HEADER.checked_add(length)?.checked_next_multiple_of(8)?;
        if whole > head.wrapping_sub(self.tail) {
            return None;
        }
        let mut header = [0; HEADER as usize];
        self.ring.copy_out(at, &mut header).then_some(())?;
        self.payload.resize(length as usize, 0);
        self.ring.copy_out(at + HEADER, &mut self.payload).then_some(())?;
        self.give(header, sink)?;
        Some(self.tail.wrapping_add(whole))
    }

    fn give(
        &mut self,
        header: [u8; HEADER as usize],
        sink: &mut impl FnMut(Record<'_>),
    ) -> Option<()> {
        let [_, _, _, _, k0, k1, s0, s1, ts @ ..] = header;
        let (kind, step) = (u16::from_ne_bytes([k0, k1]), u16::from_ne_bytes([s0, s1]));
        let payload = String::from_utf8_lossy(&self.payload);
        if kind == 0 {
            // Numbers are given in order, so a definition always names the next one.
            return (usize::from(step) == self.names.len())
                .then(|| self.names.push(payload.into_owned()));
        }
        let step = if step == 0 { None } else { Some(self.names.get(usize::from(step))?.as_str()) };
        let kind = self.names.get(usize::from(kind))?;
        sink(Record { ts_ms: f64::from_ne_bytes(ts), kind, step, payload: &payload });
        Some(())
    }
}
