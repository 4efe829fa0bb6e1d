//! Names whose values are secret, compared without case, `-` and `_`.

use std::collections::HashSet;

use super::Rules;

/// Headers whose values are credentials or identify a signed-in user.
pub(super) const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-amz-security-token",
    "x-goog-api-key",
    "x-internal-token",
    "x-session-token",
    "stripe-signature",
    "x-hub-signature",
    "x-hub-signature-256",
    "x-vault-token",
    "x-gitlab-token",
    "x-shopify-access-token",
    "authentication",
    "x-authorization",
    "x-forwarded-authorization",
    "cf-access-jwt-assertion",
];

/// Keys of JSON objects, queries, fragments and forms.
pub(super) const KEYS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "new_password",
    "old_password",
    "current_password",
    "password_confirmation",
    "confirm_password",
    "user_password",
    "secret",
    "client_secret",
    "app_secret",
    "webhook_secret",
    "signing_secret",
    "shared_secret",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "session_token",
    "csrf_token",
    "xsrf_token",
    "bearer_token",
    "api_token",
    "device_token",
    "reset_token",
    "invite_token",
    "magic_token",
    "oauth_token",
    "oauth_verifier",
    "security_token",
    "api_key",
    "secret_key",
    "private_key",
    "access_key",
    "secret_access_key",
    "aws_secret_access_key",
    "encryption_key",
    "signing_key",
    "credentials",
    "card_number",
    "cc_number",
    "cvc",
    "cvv",
    "card_cvc",
    "ssn",
    "otp",
    "totp",
    "one_time_code",
    "code_verifier",
    "client_assertion",
    "saml_response",
    "account_key",
    "shared_access_key",
    "shared_access_signature",
    "csrf",
    "xsrf",
    "authenticity_token",
    "csrfmiddlewaretoken",
    "request_verification_token",
    "remember_token",
    "recovery_code",
    "backup_code",
    "mfa_code",
    "session_secret",
    "db_password",
    "database_url",
    "connection_string",
    "webhook_signing_secret",
];

/// Keys that are secret in URLs only; elsewhere these words mean something else.
pub(super) const URL_KEYS: &[&str] = &[
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-goog-credential",
    "awsaccesskeyid",
    "session_id",
    "sessionid",
    "auth",
    "jwt",
    "ticket",
];

/// Keys whose values are secret when they look random: `code` is an OAuth code or the code of an error.
pub(super) const WEAK_KEYS: &[&str] = &["code", "nonce", "sid", "session", "ticket", "verifier"];

/// The sets that the rules ask.
#[derive(Debug)]
pub(super) struct Keys {
    headers: HashSet<String>,
    anywhere: HashSet<String>,
    in_urls: HashSet<String>,
    weak: HashSet<String>,
    allow: HashSet<String>,
}

impl Keys {
    pub(super) fn new(rules: &Rules) -> Self {
        let set = |built_in: &[&str], more: &[String]| -> HashSet<String> {
            built_in
                .iter()
                .map(|name| normal(name))
                .chain(more.iter().map(|name| normal(name)))
                .collect()
        };
        Self {
            headers: set(HEADERS, &rules.headers),
            anywhere: set(KEYS, &rules.json_keys),
            in_urls: set(URL_KEYS, &rules.query_keys),
            weak: set(WEAK_KEYS, &[]),
            allow: set(&[], &rules.allow),
        }
    }

    pub(super) fn is_header(&self, name: &str) -> bool {
        let name = normal(name);
        self.headers.contains(&name) && !self.allow.contains(&name)
    }

    /// A key of a JSON object; header names count, because headers are often logged as objects.
    pub(super) fn is_secret(&self, key: &str) -> bool {
        let key = normal(key);
        (self.anywhere.contains(&key) || self.headers.contains(&key)) && !self.allow.contains(&key)
    }

    /// A key of a query, fragment or form: `user[password]` and `user.password` count by their last part.
    pub(super) fn is_secret_in_url(&self, key: &str) -> bool {
        let key = normal(last_part(key));
        let listed = self.anywhere.contains(&key) || self.in_urls.contains(&key);
        (listed || self.headers.contains(&key)) && !self.allow.contains(&key)
    }

    /// A key that makes a random-looking value secret.
    pub(super) fn is_weak(&self, key: &str) -> bool {
        let key = normal(last_part(key));
        self.weak.contains(&key) && !self.allow.contains(&key)
    }
}

fn last_part(key: &str) -> &str {
    key.trim_end_matches(']').rsplit(['[', '.']).find(|part| !part.is_empty()).unwrap_or(key)
}

/// Lower case without `-`, `_` and spaces.
pub(super) fn normal(name: &str) -> String {
    let kept = name.chars().filter(|ch| !matches!(ch, '-' | '_' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

/// Every way in which a name may be spelt in text, lower case.
pub(super) fn spellings(name: &str) -> [String; 4] {
    let name = name.to_lowercase();
    [
        name.replace('-', "_"),
        name.replace('_', "-"),
        name.replace(['-', '_'], ""),
        name.replace(['-', '_'], " "),
    ]
}
