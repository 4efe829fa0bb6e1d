//! Requests from outside to stop.

use tokio::sync::oneshot;

use crate::stdin;

/// What may ask for the end. It listens from the beginning of a command on, so that a signal that comes while nobody waits for one is
/// heard by the next who does.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    streams: [(tokio::signal::unix::Signal, &'static str); 3],
    /// Resolves with the end of standard input; gone once that has been told.
    input: Option<oneshot::Receiver<()>>,
}

impl Signals {
    /// Begins to listen, where `with_stdin` also to the end of standard input.
    pub(super) fn listen(with_stdin: bool) -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            streams: streams()?,
            input: with_stdin.then(input_ended),
        })
    }

    /// Resolves when the process is asked to end, with what asked. The end of standard input asks once.
    pub(crate) async fn asked_to_end(&mut self) -> std::io::Result<&'static str> {
        let Self { input, .. } = self;
        #[cfg(unix)]
        let signalled = {
            let [one, two, three] = &mut self.streams;
            async {
                Ok(tokio::select! {
                    _ = one.0.recv() => one.1,
                    _ = two.0.recv() => two.1,
                    _ = three.0.recv() => three.1,
                })
            }
        };
        #[cfg(not(unix))]
        let signalled = async { tokio::signal::ctrl_c().await.map(|()| "Ctrl-C") };
        tokio::select! {
            asked = signalled => asked,
            () = told(input) => Ok("the end of its standard input"),
        }
    }
}

#[cfg(unix)]
fn streams() -> std::io::Result<[(tokio::signal::unix::Signal, &'static str); 3]> {
    use tokio::signal::unix::{SignalKind, signal};
    Ok([
        (signal(SignalKind::interrupt())?, "SIGINT"),
        (signal(SignalKind::terminate())?, "SIGTERM"),
        (signal(SignalKind::hangup())?, "SIGHUP"),
    ])
}

/// On a thread of its own, because a read of a pipe cannot be given up; the thread goes with the process.
fn input_ended() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        stdin::ended();
        // Nobody waits any more when the replay has ended by itself.
        let _ = sender.send(());
    });
    receiver
}

async fn told(input: &mut Option<oneshot::Receiver<()>>) {
    match input {
        Some(receiver) => {
            drop(receiver.await);
            *input = None;
        }
        None => std::future::pending().await,
    }
}
