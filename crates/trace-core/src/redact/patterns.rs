//! Secrets that give themselves away by their shape.

use std::ops::Range;

use regex::{Captures, Regex};

use super::{ExtraRule, RedactError, Rules};

/// One shape: the secret is the first group, or the whole match.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) kind: String,
    /// Text without this cannot match; empty when anything may.
    literal: &'static str,
    regex: Regex,
    /// What a match must satisfy beside its shape.
    accept: fn(&str) -> bool,
}

/// (kind, literal that every match holds, pattern, further condition)
type Shape = (&'static str, &'static str, &'static str, fn(&str) -> bool);

fn always(_: &str) -> bool {
    true
}

const SHAPES: &[Shape] = &[
    (
        "pem",
        "-----BEGIN",
        r"(?s)-----BEGIN[A-Z0-9 +%]*PRIVATE(?: |\+|%20)KEY[A-Z +%0-9]*-----.*?(?:-----END[A-Z0-9 +%]*-----|\z)",
        always,
    ),
    ("jwt", "eyJ", r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}", is_jwt),
    ("stripe", "_", r"\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]{8,})", always),
    ("stripe", "whsec_", r"\bwhsec_[A-Za-z0-9+/=]{16,}", always),
    ("github", "gh", r"\bgh[pousr]_[A-Za-z0-9]{20,}", always),
    ("github", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{20,}", always),
    ("gitlab", "glpat-", r"\bglpat-[A-Za-z0-9_-]{16,}", always),
    ("slack", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", always),
    ("slack", "hooks.slack.com/", r"hooks\.slack\.com/services/([A-Za-z0-9/]{20,})", always),
    ("aws", "A", r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b", always),
    ("google", "AIza", r"\bAIza[A-Za-z0-9_-]{35}", always),
    ("google", "ya29.", r"\bya29\.[A-Za-z0-9_-]{20,}", always),
    ("openai", "sk-", r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{24,}", has_digit),
    ("npm", "npm_", r"\bnpm_[A-Za-z0-9]{30,}", always),
    ("sendgrid", "SG.", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", always),
    ("molar", "molar_sk_", r"\bmolar_sk_[A-Za-z0-9_-]{8,}", always),
    ("age", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}", always),
    ("digitalocean", "do", r"\bdo[opr]_v1_[a-f0-9]{32,}", always),
    ("shopify", "shp", r"\bshp(?:at|ss|ca|pa)_[A-Fa-f0-9]{32}", always),
    ("huggingface", "hf_", r"\bhf_[A-Za-z0-9]{30,}", always),
    ("pypi", "pypi-", r"\bpypi-[A-Za-z0-9_-]{40,}", always),
    ("docker", "dckr_", r"\bdckr_[a-z]{3}_[A-Za-z0-9_-]{20,}", always),
    ("atlassian", "ATATT3", r"\bATATT3[A-Za-z0-9_=-]{40,}", always),
    ("linear", "lin_api_", r"\blin_api_[A-Za-z0-9]{30,}", always),
    ("notion", "ntn_", r"\bntn_[A-Za-z0-9]{30,}", always),
    ("sentry", "sntry", r"\bsntry[su]_[A-Za-z0-9+/=_-]{30,}", always),
    ("newrelic", "NRAK-", r"\bNRAK-[A-Z0-9]{20,}", always),
    ("google", "GOCSPX-", r"\bGOCSPX-[A-Za-z0-9_-]{20,}", always),
    ("square", "sq0", r"\bsq0[a-z]{3}-[A-Za-z0-9_-]{20,}", always),
    ("bearer", "", r"(?i)\bbearer(?: |%20|\+)+([A-Za-z0-9._~+/=-]{16,})", has_digit),
    ("basic", "", r"(?i)\bbasic(?: |%20|\+)+([A-Za-z0-9+/]{6,}={0,2})", is_basic),
    ("userinfo", "://", r"://[^/\s:@?#\x22']*:([^/\s@?#\x22']+)@", always),
];

/// Literals of the built-in shapes, for the prefilter.
pub(super) const LITERALS: &[&str] = &[
    "-----BEGIN",
    "eyJ",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxo-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "hooks.slack.com/",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "sk-",
    "npm_",
    "SG.",
    "molar_sk_",
    "_v1_",
    "shpat_",
    "shpss_",
    "shpca_",
    "shppa_",
    "hf_",
    "pypi-",
    "dckr_",
    "ATATT3",
    "lin_api_",
    "ntn_",
    "sntrys_",
    "sntryu_",
    "NRAK-",
    "GOCSPX-",
    "sq0",
    "AGE-SECRET-KEY-",
    "bearer",
    "basic",
];

fn is_jwt(token: &str) -> bool {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap_or_default();
    let decoded =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header.trim_end_matches('='));
    decoded.is_ok_and(|json| {
        json.starts_with(b"{\"") && memchr::memmem::find(&json, b"\"alg\"").is_some()
    })
}

fn has_digit(token: &str) -> bool {
    token.bytes().any(|byte| byte.is_ascii_digit())
}

/// Base64 of `user:password`, not a word such as in "basic information".
fn is_basic(token: &str) -> bool {
    use base64::Engine as _;
    let decoded =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(token.trim_end_matches('='));
    decoded.is_ok_and(|text| text.contains(&b':') && text.is_ascii())
}

/// The password of `Basic` credentials.
pub(super) fn basic_password(kind: &str, token: &str) -> Option<String> {
    use base64::Engine as _;
    let token = token.trim_end_matches('=');
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let decoded = (kind == "basic").then(|| engine.decode(token).ok()).flatten()?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(password.to_owned())
}

/// Compiles the built-in shapes and the user's.
pub(super) fn all(rules: &Rules) -> Result<Vec<Pattern>, RedactError> {
    let compile = |name: &str, pattern: &str| {
        Regex::new(pattern).map_err(|source| RedactError::Pattern { name: name.to_owned(), source })
    };
    let built_in = SHAPES.iter().map(|(kind, literal, pattern, accept)| {
        let regex = compile(kind, pattern)?;
        Ok(Pattern { kind: (*kind).to_owned(), literal, regex, accept: *accept })
    });
    let own = rules.extra.iter().map(|ExtraRule { name, pattern, .. }| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !(1..=32).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(RedactError::Name(name.clone()));
        }
        let regex = compile(name, pattern)?;
        Ok(Pattern { kind: name.clone(), literal: "", regex, accept: always })
    });
    built_in.chain(own).collect()
}

impl Pattern {
    /// Tells every secret of this shape, with its kind.
    pub(super) fn find(&self, text: &str, found: &mut dyn FnMut(&str, Range<usize>)) {
        if !text.contains(self.literal) {
            return;
        }
        for captures in self.regex.captures_iter(text) {
            let Some(secret) = secret_of(&captures) else { continue };
            if !secret.is_empty() && (self.accept)(secret.as_str()) {
                found(&self.kind_of(secret.as_str()), secret.range());
            }
        }
    }

    fn kind_of(&self, secret: &str) -> String {
        if self.kind == "jwt" { jwt_kind(secret) } else { self.kind.clone() }
    }
}

fn secret_of<'t>(found: &Captures<'t>) -> Option<regex::Match<'t>> {
    found.get(1).or_else(|| found.get(0))
}

/// Claims that change with every login; left out of the hash, so that repeated runs produce the same placeholder.
const MOMENTARY_CLAIMS: &[&str] =
    &["iat", "exp", "nbf", "jti", "auth_time", "nonce", "sid", "at_hash"];

/// `jwt-HS256-9f86d081`: the algorithm and a hash of the lasting claims stay visible; claims and signature do not.
pub(super) fn jwt_kind(token: &str) -> String {
    use base64::Engine as _;
    let part = |n: usize| -> serde_json::Map<String, serde_json::Value> {
        let text = token.split('.').nth(n).unwrap_or_default();
        let bytes =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    let algorithm = part(0).get("alg").and_then(|alg| alg.as_str()).unwrap_or("none").to_owned();
    let algorithm: String =
        algorithm.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let mut claims = part(1);
    claims.retain(|name, _| !MOMENTARY_CLAIMS.contains(&name.as_str()));
    claims.sort_keys();
    let hash =
        crate::blob::BlobId::of(serde_json::Value::Object(claims).to_string().as_bytes()).hex();
    format!("jwt-{algorithm}-{}", &hash[..8])
}

/// True when the whole text is one JSON web token.
pub(super) fn is_whole_jwt(text: &str) -> bool {
    let parts = text.split('.').count();
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.starts_with("eyJ") && (3..=5).contains(&parts) && text.bytes().all(word) && is_jwt(text)
}
