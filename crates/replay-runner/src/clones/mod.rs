//! Clones of a replay.

use std::time::Duration;

/// The admin token of a clone, from the environment.
pub(crate) fn token_of(clone: &str) -> Option<String> {
    let name = clone.to_uppercase().replace('-', "_");
    let named = |name: &str| std::env::var(name).ok().filter(|token| !token.is_empty());
    named(&format!("MOLAR_CLONE_{name}_TOKEN")).or_else(|| named("MOLAR_CLONE_TOKEN"))
}

/// Drops a run.
pub(crate) async fn drop_run(
    admin: &str,
    token: Option<String>,
    run: &str,
) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let request = client.delete(format!("{admin}/_clone/run/{run}")).header("x-molar-run", run);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await?.error_for_status().map(drop)
}
