//! Processes of a replay: told from others by more than a number, and ended politely first.

use std::path::Path;
use std::time::{Duration, Instant};

use super::manifest::Group;

/// How long a process may take to end when it was asked to.
const GRACE: Duration = Duration::from_secs(4);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(20);

/// The variable that marks every process of a replay: its order's path.
pub(crate) const MARK: &str = "MOLAR_REPLAY_ORDER";

/// When a process began, in the system's own words; none when there is no such process.
pub(crate) fn start_of(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Field 22, counted behind the name, which may hold spaces.
        return stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19).map(str::to_owned);
    }
    let told = std::process::Command::new("ps")
        .args(["-o", "lstart=", "-p", &pid.to_string()])
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Ends the group and every process that carries the mark: SIGTERM, and SIGKILL for what is still there after a while.
///
/// `reap` is called between looks, so that the caller's own child does not stay a zombie. Gives what could not be ended.
pub(crate) async fn end(group: Option<&Group>, order: &Path, mut reap: impl FnMut()) -> Vec<u32> {
    for (signal, patience) in [(Signal::Term, GRACE), (Signal::Kill, GRACE)] {
        let until = Instant::now() + patience;
        let mut asked: Vec<u32> = Vec::new();
        loop {
            reap();
            let left = living(group, order);
            if left.is_empty() {
                return left;
            }
            // One that was started meanwhile is asked too; nobody is asked twice.
            left.iter().filter(|pid| !asked.contains(pid)).for_each(|pid| send(*pid, signal));
            asked.extend(left);
            if Instant::now() >= until {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
    living(group, order)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Term,
    Kill,
}

#[cfg(unix)]
fn send(pid: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as Sent, kill_process};
    let sent = if signal == Signal::Term { Sent::TERM } else { Sent::KILL };
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw);
    // A process that has ended meanwhile is what was wanted.
    let _gone = pid.map(|pid| kill_process(pid, sent));
}

#[cfg(not(unix))]
fn send(pid: u32, _signal: Signal) {
    let mut kill = std::process::Command::new("taskkill");
    drop(kill.args(["/T", "/F", "/PID", &pid.to_string()]).output());
}

/// Processes of the replay that have not ended.
#[cfg(target_os = "linux")]
fn living(group: Option<&Group>, order: &Path) -> Vec<u32> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut mark = format!("{MARK}=").into_bytes();
    mark.extend(order.as_os_str().as_bytes());
    let marked = |pid: u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark)
    };
    // The number alone may be somebody else's by now, so the group counts only as long as its leader is the one we started.
    let is_led =
        group.is_some_and(|group| group.start.is_some() && start_of(group.pid) == group.start);
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_ours = |pid: &u32| {
        let Some((state, its_group)) = state_of(*pid) else { return false };
        let in_group = is_led && group.is_some_and(|group| group.pid == its_group);
        *pid != std::process::id() && state != 'Z' && (in_group || marked(*pid))
    };
    pids.filter(is_ours).collect()
}

/// State and process group.
#[cfg(target_os = "linux")]
fn state_of(pid: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(1)?.parse().ok()?))
}

/// Without `/proc` the environment of others cannot be read, so only the group is known.
#[cfg(not(target_os = "linux"))]
fn living(group: Option<&Group>, _order: &Path) -> Vec<u32> {
    let Some(group) = group else { return Vec::new() };
    let told = std::process::Command::new("ps").args(["-ax", "-o", "pid=,pgid=,stat="]).output();
    let text = told.map(|told| String::from_utf8_lossy(&told.stdout).into_owned());
    if group.start.is_none() || start_of(group.pid) != group.start {
        return Vec::new();
    }
    let member = |line: &str| {
        let mut words = line.split_whitespace();
        let (pid, its_group) = (words.next()?.parse().ok()?, words.next()?.parse::<u32>().ok()?);
        let ended = words.next()?.starts_with('Z');
        (its_group == group.pid && !ended).then_some(pid)
    };
    text.unwrap_or_default().lines().filter_map(member).collect()
}
