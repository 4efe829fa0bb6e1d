//! What the thread that waits knows about a shipment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::options::Shipped;

#[derive(Debug, Default)]
struct State {
    steps: u64,
    last_error: Option<String>,
    url: Option<String>,
    over: Option<Result<(), String>>,
}

/// Shared between the shipping task and whoever waits for it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) is_watched: AtomicBool,
    pub(super) freed_bytes: AtomicU64,
    pub(super) done_bytes: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something got across.
    pub(super) fn step(&self) {
        self.lock().steps += 1;
        self.changed.notify_all();
    }

    pub(super) fn failed(&self, why: String) {
        self.lock().last_error = Some(why);
    }

    pub(super) fn seen_at(&self, url: Option<String>) {
        let mut state = self.lock();
        state.url = url.or_else(|| state.url.take());
    }

    pub(super) fn freed(&self, bytes: u64) {
        self.freed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The end: across, or why not.
    pub(super) fn over(&self, how: Result<(), String>) {
        self.lock().over.get_or_insert(how);
        self.changed.notify_all();
    }

    pub(super) fn steps(&self) -> u64 {
        self.lock().steps
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.lock().last_error.clone()
    }

    /// Waits until something happens, at most so long; gives the end once there is one.
    pub(super) fn wait_a_moment(&self, moment: Duration) -> Option<Shipped> {
        let mut state = self.lock();
        if state.over.is_none() {
            let waited = self.changed.wait_timeout(state, moment);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match state.over.as_ref()? {
            Ok(()) => Some(Shipped::Shipped { url: state.url.clone() }),
            Err(reason) => Some(Shipped::Spooled { reason: reason.clone() }),
        }
    }

    /// Waits for the end, at most until `until` and no longer than `idle` without any progress.
    pub(super) fn wait(&self, idle: Duration, until: Instant) -> Shipped {
        let mut state = self.lock();
        let (mut steps, mut patience) = (state.steps, Instant::now() + idle);
        loop {
            match &state.over {
                Some(Ok(())) => return Shipped::Shipped { url: state.url.clone() },
                Some(Err(reason)) => return Shipped::Spooled { reason: reason.clone() },
                None => {}
            }
            if state.steps != steps {
                (steps, patience) = (state.steps, Instant::now() + idle);
            }
            let left = patience.min(until).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Shipped::Spooled { reason: overdue(&state, until) };
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn overdue(state: &State, until: Instant) -> String {
    let what = if Instant::now() >= until {
        "the server did not take everything in time"
    } else {
        "the server makes no progress"
    };
    let why = state.last_error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
    format!("{what}{why}; the next run ships it")
}
