//! One writer per trace at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use trace_core::TraceId;

use crate::org::OrgScope;

type Lock = tokio::sync::Mutex<()>;

/// Locks by trace. Two uploads of one chunk number must not write the same object key at once: the loser would replace the bytes
/// whose digest the winner's row promises.
#[derive(Debug, Default)]
pub struct TraceLocks(Mutex<HashMap<(OrgScope, TraceId), Weak<Lock>>>);

/// So many remembered locks are worth a look at which are still held.
const SWEEP_AT: usize = 1024;

impl TraceLocks {
    /// Waits for the trace's lock.
    pub async fn hold(&self, org: &OrgScope, id: TraceId) -> OwnedMutexGuard<()> {
        self.lock_of(org, id).lock_owned().await
    }

    fn lock_of(&self, org: &OrgScope, id: TraceId) -> Arc<Lock> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if locks.len() >= SWEEP_AT {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let slot = locks.entry((org.clone(), id)).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let lock = Arc::new(Lock::default());
            *slot = Arc::downgrade(&lock);
            lock
        })
    }
}
