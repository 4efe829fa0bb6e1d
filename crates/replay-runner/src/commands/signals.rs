//! Requests from outside to stop.

/// Resolves when the process is asked to end, with what asked.
pub(super) async fn asked_to_end(with_stdin: bool) -> std::io::Result<&'static str> {
    tokio::select! {
        asked = signalled() => asked,
        () = stdin_ended(), if with_stdin => Ok("the end of its standard input"),
    }
}

/// Resolves when nobody holds the other end of standard input any more. On a thread of its own, because a read of a pipe cannot be
/// given up; the thread goes with the process.
async fn stdin_ended() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        // Nobody waits any more when the replay has ended by itself.
        let _ = sender.send(());
    });
    drop(receiver.await);
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    })
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<&'static str> {
    tokio::signal::ctrl_c().await?;
    Ok("Ctrl-C")
}
