//! Encoding and envelope scanning allocate nothing once the buffer has grown.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use trace_core::ndjson::{Lines, decode, encode, envelope};

use crate::support::golden;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts per thread, so that tests that run beside this one do not disturb it.
struct Counting;

// SAFETY: every call is passed on unchanged to the system allocator; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ended = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ended = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn a_grown_buffer_is_all_that_encoding_needs() {
    let bytes = golden();
    let events = decode(&bytes).events;
    let mut out = Vec::new();
    let encode_all = |out: &mut Vec<u8>| events.iter().for_each(|event| encode(event, out));
    assert!(allocations(|| encode_all(&mut out)) > 0, "the counter counts nothing");
    // The room that `encode` asks for before a line may exceed the line.
    out.reserve(1 << 20);
    out.clear();
    assert_eq!(allocations(|| encode_all(&mut out)), 0);
    assert_eq!(out.len(), bytes.len());
}

#[test]
fn envelopes_are_read_without_allocation() {
    let bytes = golden();
    let mut n_lines = 0;
    let count = allocations(|| {
        n_lines = Lines::new(&bytes).filter_map(|line| envelope(line.bytes)).count();
    });
    assert_eq!((count, n_lines), (0, 62));
}
