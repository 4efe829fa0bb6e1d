//! The positive control: a secret is planted for every rule, and a rule that lets it through stops the recording.

use super::{RedactError, Redactor, Rules, keys};

/// (rule, kind of event, payload, what must be gone). All values are made up.
const CANARIES: &[(&str, &str, &str)] = &[
    (
        "jwt",
        r#"{"text":"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ ok"}"#,
        "c2lnbmF0dXJlLWNhbmFyeQ",
    ),
    (
        "pem",
        r#"{"text":"-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\n-----END RSA PRIVATE KEY-----"}"#,
        "Y2FuYXJ5",
    ),
    ("stripe", r#"{"text":"sk_live_canary0canary0canary0"}"#, "canary0canary0"),
    ("stripe webhook", r#"{"text":"whsec_canary0canary0canary0"}"#, "canary0canary0"),
    ("github", r#"{"text":"ghp_canary0canary0canary0canary0"}"#, "canary0canary0"),
    ("gitlab", r#"{"text":"glpat-canary0canary0canary0"}"#, "canary0canary0"),
    ("slack", r#"{"text":"xoxb-canary0canary0canary0"}"#, "canary0canary0"),
    ("aws", r#"{"text":"AKIACANARYCANARY2345"}"#, "CANARYCANARY"),
    ("google", r#"{"text":"AIzacanary0canary0canary0canary0canary00"}"#, "canary0canary0"),
    ("npm", r#"{"text":"npm_canary0canary0canary0canary0canary0canary0"}"#, "canary0canary0"),
    ("molar", r#"{"text":"molar_sk_canary0canary0"}"#, "canary0canary0"),
    ("bearer", r#"{"text":"sent Bearer canary0canary0canary0"}"#, "canary0canary0"),
    ("basic", r#"{"text":"sent Basic Y2FuYXJ5OmNhbmFyeQ=="}"#, "Y2FuYXJ5OmNhbmFyeQ"),
    ("userinfo", r#"{"url":"https://me:canary0canary0@127.0.0.1/"}"#, "canary0canary0"),
    ("cookie", r#"{"headers":[["cookie","sid=canary0canary0"]]}"#, "canary0canary0"),
    (
        "input",
        r#"{"api":"locator.fill","locator":"getByLabel('Password')","params":{"value":"canary0canary0"}}"#,
        "canary0canary0",
    ),
    (
        "field",
        r#"{"text":"<input name=\"csrf_token\" value=\"canary0canary0\">"}"#,
        "canary0canary0",
    ),
    ("element", r#"{"text":"<password>canary0canary0</password>"}"#, "canary0canary0"),
    ("code", r#"{"url":"/callback?code=canary0canary0canary0canary9"}"#, "canary0canary0"),
    ("key of an object", r#"{"o":{"sk_live_canary1canary1canary1":1}}"#, "canary1canary1"),
    (
        "form",
        r#"{"body":{"size":9,"media_type":"application/x-www-form-urlencoded","text":"a=1&password=canary0 canary0"}}"#,
        "canary0 canary0",
    ),
    (
        "lines of JSON",
        r#"{"body":{"size":9,"media_type":"application/x-ndjson","text":"{\"password\":\"canary0canary0\"}\n{}"}}"#,
        "canary0canary0",
    ),
    ("percent signs", r#"{"text":"%73%6B_live_canary2canary2canary2"}"#, "canary2canary2"),
    ("escapes", r#"{"text":"\\u0073\\u006b_live_canary3canary3canary3"}"#, "canary3canary3"),
    ("entities", r#"{"text":"&#115;k_live_canary4canary4canary4"}"#, "canary4canary4"),
    ("Base64", r#"{"text":"c2tfbGl2ZV9jYW5hcnk1Y2FuYXJ5NWNhbmFyeTU="}"#, "jYW5hcnk1Y2FuYXJ5N"),
    (
        "hexadecimal digits",
        r#"{"text":"736b5f6c6976655f63616e6172793663616e6172793663616e61727936"}"#,
        "63616e61727936",
    ),
    (
        "multipart",
        r#"{"body":{"size":9,"media_type":"multipart/form-data","text":"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncanary0canary0\r\n--b--\r\n"}}"#,
        "canary0canary0",
    ),
    (
        "base64 body",
        r#"{"body":{"size":25,"media_type":"application/json","base64":"eyJwYXNzd29yZCI6ImNhbmFyeTAifQ=="}}"#,
        "ImNhbmFyeTAifQ",
    ),
];

impl Redactor {
    /// Plants a secret for every rule that should be on, in a redactor of its own; an error names the rule that slept.
    pub fn self_check(&self) -> Result<(), RedactError> {
        if !self.rules.enabled {
            return Ok(());
        }
        let rules = Rules { allow: Vec::new(), ..self.rules.clone() };
        let mut control = Self::new(rules)?;
        for (rule, payload, secret) in CANARIES {
            control.must_catch(rule, payload, secret)?;
        }
        if self.rules.card_numbers {
            control.must_catch("card", r#"{"text":"card 4000 0566 5566 5556"}"#, "5566 5556")?;
        }
        if self.rules.high_entropy {
            control.must_catch(
                "entropy",
                r#"{"text":"x q7Rk2Vz9Lm4Xw8Tn3Pb6Yd1Hs5 y"}"#,
                "q7Rk2Vz9",
            )?;
        }
        control.names_fire(&self.rules)?;
        control.learn("learnt", "canary7 canary7");
        control.must_catch("learnt", r#"{"text":"said canary7 canary7"}"#, "canary7")?;
        for rule in &self.rules.extra {
            let payload = serde_json::json!({ "text": rule.sample }).to_string();
            if control.apply("console.log", &payload) == payload {
                return Err(RedactError::Silent(rule.name.clone()));
            }
        }
        Ok(())
    }

    fn names_fire(&mut self, rules: &Rules) -> Result<(), RedactError> {
        const SECRET: &str = "canary0canary0canary0";
        for name in keys::HEADERS.iter().copied().chain(rules.headers.iter().map(String::as_str)) {
            let payload =
                serde_json::json!({ "headers": [[name, format!("n={SECRET}")]] }).to_string();
            self.must_catch(name, &payload, SECRET)?;
        }
        for name in keys::KEYS.iter().copied().chain(rules.json_keys.iter().map(String::as_str)) {
            self.must_catch(
                name,
                &serde_json::json!({ "o": { name: SECRET } }).to_string(),
                SECRET,
            )?;
        }
        let url_keys = keys::URL_KEYS.iter().chain(keys::KEYS).copied();
        for name in url_keys.chain(rules.query_keys.iter().map(String::as_str)) {
            let payload =
                serde_json::json!({ "url": format!("/a?x=1&{name}={SECRET}#y") }).to_string();
            self.must_catch(name, &payload, SECRET)?;
        }
        Ok(())
    }

    fn must_catch(&mut self, rule: &str, payload: &str, secret: &str) -> Result<(), RedactError> {
        // Every canary uses the same made-up words, so the kind of event only matters to typed text.
        let clean = self.apply("action", payload);
        if clean.contains(secret) { Err(RedactError::Silent(rule.to_owned())) } else { Ok(()) }
    }
}
