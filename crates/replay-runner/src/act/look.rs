//! A look at the browser that stands at step N.

use std::time::Duration;

use tokio::task::JoinError;
use trace_core::edge::replay::{ReplayOptions, ReplaySource};

use crate::cdp::{CdpTransport as _, RelayDoor};
use crate::error::Result;
use crate::out::Teller;
use crate::outcome::State;
use crate::pipeline::Action;
use crate::progress::Progress;
use crate::stands::{self, Near};

/// Longest the worker may take to come: it comes before it says that it holds a browser.
const COMING: Duration = Duration::from_secs(10);

/// Asks the browser once, and lets the relay go.
pub(super) async fn look(
    options: ReplayOptions,
    door: RelayDoor,
) -> std::result::Result<Near, String> {
    let relay = door.meet(COMING).await.map_err(|error| error.to_string())?;
    let recorded = tokio::task::spawn_blocking(move || {
        ReplaySource::open(&options).map(|source| stands::recorded(&source))
    });
    let recorded = recorded.await.map_err(|error| error.to_string())?;
    let recorded = recorded.map_err(|error| error.to_string())?;
    let near = stands::near(&relay, &recorded).await;
    relay.close().await;
    near.map_err(|error| error.to_string())
}

/// One line. It is no second `held`, which says where to attach. A browser that could not be looked at stands there all the same.
pub(super) fn tell(
    teller: Teller,
    seen: std::result::Result<std::result::Result<Near, String>, JoinError>,
) -> Result<()> {
    let mut line = Progress::of(State::Ready, Action::Browser, "");
    match seen.map_err(|error| error.to_string()).and_then(|seen| seen) {
        Ok(Near { message, code, detail }) => {
            line.message = Some(message);
            line.code = code.map(|code| code.to_string());
            line.detail = Some(serde_json::json!({ "near": detail }));
        }
        Err(why) => line.message = Some(format!("it could not be compared with the record: {why}")),
    }
    teller.progress(&line)
}
