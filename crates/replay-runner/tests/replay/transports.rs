//! One suite for whoever carries a browser's protocol, each on a real Chromium.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use replay_runner::cdp::{CdpError, CdpEvent, CdpTransport, Relay, RelayDoor};
use serde_json::{Value, json};

use super::browser::{Guest, chromium};

/// For what has to come; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// For what must not come.
const SHORT: Duration = Duration::from_millis(300);

/// Asks for the page's own time for ever.
fn never() -> Value {
    json!({ "expression": "new Promise(() => {})", "awaitPromise": true })
}

/// A session of the page of that title, once it has loaded.
async fn attached(browser: &impl CdpTransport, title: &str) -> String {
    let until = tokio::time::Instant::now() + PATIENCE;
    let target = loop {
        let targets = browser.send("Target.getTargets", json!({}), None).await.unwrap();
        let is_it = |target: &&Value| target["type"] == "page" && target["title"] == title;
        let found = targets["targetInfos"].as_array().unwrap().iter().find(is_it).cloned();
        if let Some(target) = found {
            break target["targetId"].clone();
        }
        assert!(tokio::time::Instant::now() < until, "no page {title} among {targets}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let params = json!({ "targetId": target, "flatten": true });
    let attached = browser.send("Target.attachToTarget", params, None).await.unwrap();
    attached["sessionId"].as_str().unwrap().to_owned()
}

async fn heard(browser: &impl CdpTransport, is_it: impl Fn(&CdpEvent) -> bool) -> CdpEvent {
    let hear = async {
        loop {
            let event = browser.event().await.unwrap();
            if is_it(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, hear).await.unwrap()
}

async fn asks_and_is_told(browser: &impl CdpTransport) {
    let version = browser.send("Browser.getVersion", json!({}), None).await.unwrap();
    assert!(version["product"].as_str().unwrap().contains("Chrome/"), "{version}");
    let refused = |asked: Result<Value, CdpError>| match asked {
        Err(CdpError::Refused { method, message }) => (method, message),
        other => panic!("{other:?}"),
    };
    let (method, message) = refused(browser.send("Nothing.such", json!({}), None).await);
    assert_eq!(method, "Nothing.such");
    assert!(message.starts_with("'Nothing.such' wasn't found"), "{message}");
    let nowhere = json!({ "targetId": "nowhere", "flatten": true });
    let (_, message) = refused(browser.send("Target.attachToTarget", nowhere, None).await);
    assert_eq!(message, "No target with given id found");
}

async fn two_sessions_at_once(browser: &impl CdpTransport) {
    let [one, two] = [attached(browser, "one").await, attached(browser, "two").await];
    assert_ne!(one, two);
    let title = |session| {
        browser.send("Runtime.evaluate", json!({ "expression": "document.title" }), Some(session))
    };
    let (of_one, of_two) = tokio::join!(title(&one), title(&two));
    assert_eq!(of_one.unwrap()["result"]["value"], "one");
    assert_eq!(of_two.unwrap()["result"]["value"], "two");
    for session in [&one, &two] {
        browser.send("Runtime.enable", json!({}), Some(session)).await.unwrap();
    }
    let say = json!({ "expression": "console.log(document.title)" });
    browser.send("Runtime.evaluate", say, Some(&two)).await.unwrap();
    let said = heard(browser, |event| event.method == "Runtime.consoleAPICalled").await;
    assert_eq!(said.session.as_ref(), Some(&two));
    assert_eq!(said.params["args"][0]["value"], "two");
    let let_go = json!({ "sessionId": two });
    browser.send("Target.detachFromTarget", let_go, None).await.unwrap();
    let gone = browser.send("Runtime.enable", json!({}), Some(&two)).await;
    assert!(matches!(gone, Err(CdpError::Refused { .. })), "{gone:?}");
    what_is_newer_than_types_survives(browser, &one).await;
}

/// The address spaces in this event have values that the types of the crate `chromiumoxide` do not know, so those drop it.
async fn what_is_newer_than_types_survives(browser: &impl CdpTransport, session: &str) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            let _head = stream.read(&mut [0; 4096]);
            let _sent = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
        }
    });
    browser.send("Network.enable", json!({}), Some(session)).await.unwrap();
    browser.send("Page.navigate", json!({ "url": url }), Some(session)).await.unwrap();
    heard(browser, |event| event.method == "Network.loadingFinished").await;
    let more = json!({ "expression": "fetch('/more').then((answer) => answer.text())", "awaitPromise": true });
    let answer = browser.send("Runtime.evaluate", more, Some(session)).await.unwrap();
    assert_eq!(answer["result"]["value"], "hi", "{answer}");
    let name = "Network.requestWillBeSentExtraInfo";
    let space = |event: &CdpEvent| {
        event.params["clientSecurityState"]["initiatorIPAddressSpace"].is_string()
    };
    heard(browser, |event| event.method == name && space(event)).await;
}

async fn a_call_is_not_waited_for_without_end<T: CdpTransport>(patient: T, hasten: fn(T) -> T) {
    let page = attached(&patient, "two").await;
    let hasty = hasten(patient);
    let late = hasty.send("Runtime.evaluate", never(), Some(&page)).await;
    assert!(matches!(late, Err(CdpError::Late { .. })), "{late:?}");
    // The next ones are answered all the same, as soon as the machine gets round to it.
    let until = tokio::time::Instant::now() + PATIENCE;
    while let Err(error) = hasty.send("Browser.getVersion", json!({}), None).await {
        assert!(matches!(error, CdpError::Late { .. }), "{error}");
        assert!(tokio::time::Instant::now() < until, "nothing is answered any more");
    }
    hasty.close().await;
    hasty.close().await;
    let closed = hasty.send("Browser.getVersion", json!({}), None).await;
    assert!(matches!(closed, Err(CdpError::Closed)), "{closed:?}");
    let drain = async { while hasty.event().await.is_some() {} };
    tokio::time::timeout(PATIENCE, drain).await.unwrap();
}

async fn the_browser_goes(browser: &impl CdpTransport, go: impl FnOnce()) {
    let page = attached(browser, "two").await;
    let open = browser.send("Runtime.evaluate", never(), Some(&page));
    let ends = async {
        // Asked behind it, so the other one is on its way when this is answered.
        browser.send("Browser.getVersion", json!({}), None).await.unwrap();
        go();
    };
    let (open, ()) = tokio::join!(open, ends);
    assert!(matches!(open, Err(CdpError::Gone { .. })), "{open:?}");
    let after = browser.send("Browser.getVersion", json!({}), None).await;
    assert!(matches!(after, Err(CdpError::Gone { .. })), "{after:?}");
    browser.close().await;
}

async fn check<T: CdpTransport>([browser, other]: [T; 2], hasten: fn(T) -> T, go: impl FnOnce()) {
    asks_and_is_told(&browser).await;
    a_call_is_not_waited_for_without_end(other, hasten).await;
    two_sessions_at_once(&browser).await;
    the_browser_goes(&browser, go).await;
}

#[tokio::test]
async fn the_relay_carries_the_protocol() {
    let Some(mut guest) = chromium().and_then(|program| Guest::start(&program)) else { return };
    let mut doors: Vec<Relay> = Vec::new();
    for _ in 0..2 {
        let door = RelayDoor::open().unwrap();
        let address = door.address().clone();
        guest.say(&format!("open {} {}", address.port, address.token));
        doors.push(door.meet(PATIENCE).await.unwrap());
    }
    let both = doors.try_into().unwrap();
    check(both, |relay: Relay| relay.patient_for(SHORT), || guest.say("close")).await;
    super::kit::eventually("the worker's end", || (!guest.is_running()).then_some(()));
}

#[cfg(feature = "chromiumoxide")]
#[tokio::test]
async fn a_websocket_carries_the_protocol() {
    use replay_runner::cdp::Chromiumoxide;

    let Some(program) = chromium() else { return };
    let mut started = super::browser::Chromium::start(&program);
    let address = started.websocket.clone();
    let connect = || Chromiumoxide::connect(&address);
    let both = [connect().await.unwrap(), connect().await.unwrap()];
    let second = json!({ "url": super::browser::PAGES[1] });
    both[0].send("Target.createTarget", second, None).await.unwrap();
    check(both, |one: Chromiumoxide| one.patient_for(SHORT), || started.process.kill()).await;
    let gone = connect().await.map(drop);
    assert!(matches!(gone, Err(CdpError::Unreachable { .. })), "{gone:?}");
}

#[tokio::test]
async fn who_does_not_say_the_token_is_turned_away() {
    let door = RelayDoor::open().unwrap();
    let port = door.address().port;
    let token = door.address().token.clone();
    let call = move |said: String| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
    };
    let strangers = std::thread::spawn(move || {
        let silent = call(String::new());
        let mut wrong = call(format!("{}\n", "0".repeat(64)));
        let mut endless = call("x".repeat(4096));
        for stream in [&mut wrong, &mut endless] {
            let ended = stream.read(&mut [0; 16]);
            // Turned away with what it said unread, which some systems call a reset.
            assert!(!matches!(ended, Ok(1..)), "{ended:?}");
        }
        (call(format!("{token}\n")), silent)
    });
    let relay = door.meet(PATIENCE).await.unwrap();
    let (mut guest, _silent) = strangers.join().unwrap();
    // Nobody else is let in.
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    relay.close().await;
    assert_eq!(guest.read(&mut [0; 16]).unwrap(), 0, "the guest hears the end");
    let late = RelayDoor::open().unwrap().meet(SHORT).await.map(drop);
    assert!(matches!(late, Err(CdpError::Unreachable { .. })), "{late:?}");
}
