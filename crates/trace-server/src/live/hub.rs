//! Who watches which trace. The hub carries no events: they are in the log, the hub only says that it grew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use trace_core::TraceId;

use crate::org::OrgScope;

type Topic = (OrgScope, TraceId);

/// Wake-ups by trace.
#[derive(Debug, Default)]
pub struct Hub(Mutex<HashMap<Topic, watch::Sender<u64>>>);

/// One watcher's ear; the trace counts as watched while it exists.
#[derive(Debug)]
pub struct Watch(watch::Receiver<u64>);

impl Watch {
    /// Waits until something happened that this watcher has not heard of.
    pub async fn woken(&mut self) {
        if self.0.changed().await.is_err() {
            // Without its sender there is nothing left to hear; the caller's other wake-ups decide.
            std::future::pending::<()>().await;
        }
    }

    /// Takes note: what happened up to now is no longer news.
    pub fn catch_up(&mut self) {
        self.0.mark_unchanged();
    }
}

impl Hub {
    fn topics(&self) -> std::sync::MutexGuard<'_, HashMap<Topic, watch::Sender<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to watch.
    pub fn watch(&self, org: &OrgScope, id: TraceId) -> Watch {
        let mut topics = self.topics();
        topics.retain(|_, sender| sender.receiver_count() > 0);
        let sender = topics.entry((org.clone(), id)).or_insert_with(|| watch::channel(0).0);
        Watch(sender.subscribe())
    }

    /// Whether anybody watches this trace.
    pub fn is_watched(&self, org: &OrgScope, id: TraceId) -> bool {
        let topics = self.topics();
        topics.get(&(org.clone(), id)).is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// The trace's log or its row has changed.
    pub fn wake(&self, org: &OrgScope, id: TraceId) {
        if let Some(sender) = self.topics().get(&(org.clone(), id)) {
            sender.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// Watchers of all traces.
    pub fn watchers(&self) -> usize {
        self.topics().values().map(watch::Sender::receiver_count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_only_the_watchers_of_that_trace_and_forgets_them() {
        let (hub, org) = (Hub::default(), "acme".parse().unwrap());
        let (id, other) = (TraceId::from_random([1; 16]), TraceId::from_random([2; 16]));
        let mut watch = hub.watch(&org, id);
        assert!(hub.is_watched(&org, id) && !hub.is_watched(&org, other));
        hub.wake(&org, other);
        hub.wake(&org, id);
        watch.woken().await;
        drop(watch);
        assert!(!hub.is_watched(&org, id));
        assert_eq!(hub.watchers(), 0);
    }
}
