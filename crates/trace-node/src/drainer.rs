//! The drainer: one thread per process that empties the rings of all recorders, whatever JavaScript is busy with.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use crate::feed::Feed;

/// Between two rounds when the last one found nothing: 60 wake-ups a second cost 0.1 % of a core, and a SIGKILL costs at
/// most this plus the spool's own delay.
const QUIET: Duration = Duration::from_millis(16);
/// Between two rounds while events come.
const BUSY: Duration = Duration::from_millis(4);
/// Between two rounds in a burst, so that the ring does not fill up and JavaScript is spared emptying it.
const BURST: Duration = Duration::from_micros(500);
/// What makes a burst: a quarter of a ring of small records.
const BURST_RECORDS: usize = 1000;

static FEEDS: Mutex<Vec<Weak<Feed>>> = Mutex::new(Vec::new());
static ARRIVED: Condvar = Condvar::new();
static START: Once = Once::new();

/// Has `feed` drained until its last owner drops it.
pub(crate) fn watch(feed: &Arc<Feed>) {
    START.call_once(|| {
        // Node unloads an addon with the last environment that used it; the thread's code must stay mapped.
        napi::bindgen_prelude::retain_current_module_for_unload_safety();
        // Without the thread a full ring and `finish` still drain it, so a process out of threads records on.
        drop(thread::Builder::new().name("molar-drain".to_owned()).spawn(run));
    });
    feeds().push(Arc::downgrade(feed));
    ARRIVED.notify_one();
}

fn feeds() -> MutexGuard<'static, Vec<Weak<Feed>>> {
    FEEDS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run() {
    let mut pause = QUIET;
    loop {
        let living = wait(pause);
        let n_records: usize = living.iter().map(|feed| turns(feed)).sum();
        pause = match n_records {
            0 => QUIET,
            1..BURST_RECORDS => BUSY,
            _ => BURST,
        };
    }
}

/// Sleeps for `pause`, or for as long as there is no recorder at all.
fn wait(pause: Duration) -> Vec<Arc<Feed>> {
    let mut feeds = feeds();
    feeds.retain(|feed| feed.strong_count() > 0);
    feeds = if feeds.is_empty() {
        ARRIVED.wait(feeds).unwrap_or_else(PoisonError::into_inner)
    } else {
        ARRIVED.wait_timeout(feeds, pause).unwrap_or_else(PoisonError::into_inner).0
    };
    feeds.iter().filter_map(Weak::upgrade).collect()
}

/// One ring's share of a round; bounded, so that a flood in one trace does not starve the others.
fn turns(feed: &Feed) -> usize {
    (0..16).map(|_| feed.turn()).take_while(|n_records| *n_records > 0).sum()
}
