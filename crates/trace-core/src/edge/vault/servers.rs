//! The public key of a server's organisation, so that the server can open the vaults of the traces it gets.
//!
//! A server is asked once by each process, in the background, when the first trace begins. Its answer is kept beside the traces too:
//! a later process has it at once, also while the server is away.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use age::x25519::Recipient;
use serde::Deserialize;

use super::super::files;
use super::super::options::ServerOptions;
use super::super::uploader;
use crate::blob::BlobId;

/// Longest that a first secret waits for the answer; then the local key is taken.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What is known of a server's key.
#[derive(Clone)]
enum Answer {
    /// Asked at that moment.
    Awaited(Instant),
    Known(Recipient),
    /// It has none, or does not answer.
    None,
}

type Answers = HashMap<String, Answer>;

static ANSWERS: Mutex<Option<Answers>> = Mutex::new(None);
static ANSWERED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Option<Answers>> {
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which organisation of which server: the key tells.
fn name(server: &ServerOptions) -> String {
    let key = server.key.as_deref().unwrap_or_default();
    BlobId::of(format!("{}\n{key}", server.url).as_bytes()).hex()[..16].to_owned()
}

fn file(root: &Path, server: &ServerOptions) -> PathBuf {
    root.join(format!("vault-{}.pub", name(server)))
}

/// Asks in the background unless that has been done. Never waits.
pub(super) fn ask(root: &Path, server: &ServerOptions) {
    let mut answers = lock();
    let answers = answers.get_or_insert_default();
    if answers.contains_key(&name(server)) {
        return;
    }
    answers.insert(name(server), Answer::Awaited(Instant::now()));
    let Ok(runtime) = uploader::runtime() else { return };
    let (root, server) = (root.to_owned(), server.clone());
    runtime.spawn(async move {
        let answer = tokio::time::timeout(PATIENCE, fetch(&server)).await.ok().flatten();
        match answer {
            Some(text) => learn(&root, &server, &text),
            None => settle(&server, Answer::None),
        }
    });
}

async fn fetch(server: &ServerOptions) -> Option<String> {
    #[derive(Deserialize)]
    struct Reply {
        recipient: String,
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let url = format!("{}/v1/vault", server.url.trim_end_matches('/'));
    let request = client.build().ok()?.get(url);
    let request = match &server.key {
        Some(key) => request.bearer_auth(key),
        None => request,
    };
    let answer = request.send().await.ok()?.error_for_status().ok()?;
    Some(answer.json::<Reply>().await.ok()?.recipient)
}

/// A server has told its key.
pub(in crate::edge) fn learn(root: &Path, server: &ServerOptions, text: &str) {
    let Ok(recipient) = text.parse::<Recipient>() else {
        return settle(server, Answer::None);
    };
    // A key that cannot be kept is asked for again by the next process.
    drop(files::create_dir_all(root));
    drop(files::write_whole(&file(root, server), format!("{recipient}\n").as_bytes()));
    settle(server, Answer::Known(recipient));
}

/// A key that is known is never forgotten because of a later silence.
fn settle(server: &ServerOptions, answer: Answer) {
    let mut answers = lock();
    let slot = answers.get_or_insert_default().entry(name(server)).or_insert(Answer::None);
    if !matches!((&*slot, &answer), (Answer::Known(_), Answer::None)) {
        *slot = answer;
    }
    ANSWERED.notify_all();
}

/// The key, waited for as long as that makes sense; none when vaults go to the local key.
pub(super) fn await_answer(root: &Path, server: &ServerOptions) -> Option<Recipient> {
    let mut answers = lock();
    loop {
        let answer = answers.as_ref().and_then(|all| all.get(&name(server)).cloned());
        let patience = match answer {
            Some(Answer::Known(recipient)) => return Some(recipient),
            Some(Answer::Awaited(since)) => PATIENCE.saturating_sub(since.elapsed()),
            Some(Answer::None) | None => Duration::ZERO,
        };
        if patience.is_zero() {
            drop(answers);
            let kept = files::read_if_any(&file(root, server)).ok().flatten()?;
            return String::from_utf8_lossy(&kept).trim().parse().ok();
        }
        let waited = ANSWERED.wait_timeout(answers, patience);
        answers = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}
