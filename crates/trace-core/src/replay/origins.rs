//! Whose an address is: the application's under test, a clone's, or somebody else's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::event::{Event, Kind};
use crate::trace::read::{raw, text};

/// Whose an address is. It decides who may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginClass {
    /// The application under test.
    App,
    /// A clone of a vendor.
    Clone,
    /// Anybody else; never asked by a replay.
    ThirdParty,
    /// Somebody else whom the user allows to be asked.
    Passthrough,
}

impl OriginClass {
    /// The word in plans and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Clone => "clone",
            Self::ThirdParty => "third-party",
            Self::Passthrough => "passthrough",
        }
    }
}

/// What the user says about origins. Each is `scheme://host:port`; a passthrough may name a path below which it holds.
#[derive(Debug, Clone, Default)]
pub struct OriginOptions {
    /// Of the application, besides the configuration's `baseURL`.
    pub app: Vec<String>,
    /// Of clones, besides those the capture options name.
    pub clones: Vec<String>,
    /// That a replay may really ask.
    pub passthrough: Vec<String>,
}

/// The origins of a trace by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    app: BTreeSet<String>,
    clones: BTreeSet<String>,
    passthrough: Vec<(String, String)>,
}

impl Origins {
    /// What the trace and the user say. Where neither names the application, it is whatever pages of this machine were opened.
    pub fn of(events: &[Event], options: &OriginOptions) -> Self {
        let mut app: BTreeSet<String> = options.app.iter().filter_map(|url| origin(url)).collect();
        let mut clones: BTreeSet<String> =
            options.clones.iter().filter_map(|url| origin(url)).collect();
        if let Some(start) = events.iter().find(|event| event.kind == Kind::RunStart) {
            let base = start.payload.field("environment.use.baseURL");
            app.extend(base.as_ref().and_then(|url| origin(url.as_str()?)));
            let named = start.payload.field("capture.clones");
            let named = named.as_ref().and_then(|list| list.as_array()).into_iter().flatten();
            clones.extend(named.filter_map(|clone| origin(clone.get("admin")?.as_str()?)));
        }
        if app.is_empty() {
            app.extend(events.iter().filter_map(opened_here));
        }
        let passthrough = options.passthrough.iter();
        let passthrough = passthrough.filter_map(|url| Some((origin(url)?, path(url)))).collect();
        Self { app, clones, passthrough }
    }

    /// Whose the address is.
    pub fn class(&self, url: &str) -> OriginClass {
        let Some(origin) = origin(url) else { return OriginClass::ThirdParty };
        let allowed = |(known, below): &(String, String)| {
            let rest = path(url).strip_prefix(below.as_str()).map(str::to_owned);
            *known == origin && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.passthrough.iter().any(allowed) {
            OriginClass::Passthrough
        } else if self.app.contains(&origin) {
            OriginClass::App
        } else if self.clones.contains(&origin) {
            OriginClass::Clone
        } else {
            OriginClass::ThirdParty
        }
    }
}

/// Scheme, host and port. A WebSocket's is that of the page it belongs to, a `blob:` that of who made it.
pub fn origin(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    let scheme = match parsed.scheme() {
        "ws" => "http",
        "wss" => "https",
        "blob" => return origin(parsed.path()),
        other => other,
    };
    let host = parsed.host_str()?;
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{host}{port}"))
}

fn path(url: &str) -> String {
    Url::parse(url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// The origin of a document that a page of this machine opened at its top.
fn opened_here(event: &Event) -> Option<String> {
    let is_document = event.kind == Kind::NetworkRequest
        && raw(event, "resource_type") == Some(b"\"document\"")
        && text(event, "frame").is_none_or(|frame| frame.ends_with("f1"));
    let url = is_document.then(|| text(event, "url")).flatten()?;
    let host = Url::parse(&url).ok()?.host_str()?.to_owned();
    let is_here = host == "localhost"
        || host.ends_with(".localhost")
        || host.starts_with("127.")
        || host == "[::1]";
    is_here.then(|| origin(&url)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndjson;

    fn check(lines: &str, options: &OriginOptions, url: &str, expect: OriginClass) {
        let origins = Origins::of(&ndjson::decode(lines.as_bytes()).events, options);
        assert_eq!(origins.class(url), expect, "{url}");
    }

    #[test]
    fn each_address_has_its_owner() {
        use OriginClass::{App, Clone, Passthrough, ThirdParty};
        let start = r#"{"ts":0,"seq":1,"kind":"run.start","environment":{"use":{"baseURL":"http://127.0.0.1:4000/shop"}},"capture":{"clones":[{"admin":"http://127.0.0.1:4801/"}]}}"#;
        let options = OriginOptions {
            app: vec!["http://127.0.0.1:4100".into()],
            clones: vec!["http://127.0.0.1:4802".into()],
            passthrough: vec!["https://cdn.test/fonts/".into()],
        };
        for (url, expect) in [
            ("http://127.0.0.1:4000/", App),
            ("http://127.0.0.1:4100/x", App),
            ("ws://127.0.0.1:4000/ws", App),
            ("blob:http://127.0.0.1:4000/1-2", App),
            ("http://127.0.0.1:4801/pay", Clone),
            ("http://127.0.0.1:4802/", Clone),
            ("https://cdn.test/fonts/a.woff2", Passthrough),
            ("https://cdn.test/fonts", Passthrough),
            ("https://cdn.test/fonts-of-others/a.woff2", ThirdParty),
            ("https://cdn.test/x", ThirdParty),
            ("https://cdn.test.evil/fonts/", ThirdParty),
            ("http://127.0.0.1:5000/", ThirdParty),
            ("data:text/plain,x", ThirdParty),
        ] {
            check(start, &options, url, expect);
        }
    }

    #[test]
    fn without_a_base_the_pages_opened_here_are_the_application() {
        let line = |n: u64, frame: &str, url: &str| {
            format!(
                "{{\"ts\":{n},\"seq\":{n},\"kind\":\"network.request\",\"resource_type\":\"document\",\"frame\":\"{frame}\",\"url\":\"{url}\"}}\n"
            )
        };
        let lines = line(1, "p1f1", "http://localhost:3000/")
            + &line(2, "p1f2", "http://localhost:3001/")
            + &line(3, "p1f1", "https://shop.test/");
        let options = OriginOptions::default();
        check(&lines, &options, "http://localhost:3000/api", OriginClass::App);
        check(&lines, &options, "http://localhost:3001/", OriginClass::ThirdParty);
        check(&lines, &options, "https://shop.test/", OriginClass::ThirdParty);
    }
}
