//! The end of processes that a test started.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Asks for the end and waits for it, with a bound: a process that does not hear must fail its test, not hold it for ever.
pub(crate) fn stop(child: &mut Child) -> ExitStatus {
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success());
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            return ended;
        }
        assert!(Instant::now() < until, "process {} did not end", child.id());
        std::thread::sleep(Duration::from_millis(10));
    }
}
