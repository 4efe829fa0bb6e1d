//! Secrets × places × encodings, look-alikes that must survive, and the invariants under random input.

use std::borrow::Cow;

use base64::Engine as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ExtraRule, RedactError, Redactor, Rules};

fn redactor() -> Redactor {
    Redactor::new(Rules::default()).unwrap()
}

const SECRETS: &[&str] = &[
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlMTIzNDU2Nzg5",
    "sk_test_FAKEfakeFAKE1234",
    "rk_live_FAKEfakeFAKE1234",
    "whsec_FAKEfakeFAKE12345678",
    "ghp_FAKEfakeFAKEfake1234567890",
    "github_pat_11FAKE0fakeFAKE0fake_FAKE",
    "glpat-FAKEfakeFAKE12345",
    "xoxb-1234567890-FAKEfake",
    "AKIAFAKEFAKEFAKE2345",
    "npm_FAKEfakeFAKEfakeFAKEfakeFAKE1234567",
    "sk-proj-FAKEfakeFAKEfake1234567890",
    "molar_sk_FAKEfake1234",
    "4242 4242 4242 4242",
    "5555-5555-5555-4444",
    "378282246310005",
];

/// Every secret with a shape of its own, in every place and encoding, is gone.
#[test]
fn shaped_secrets_go_everywhere() {
    for secret in SECRETS {
        let encoded: String = secret.replace(' ', "%20");
        let nested = json!({ "deep": [{ "x": secret }] }).to_string();
        let twice = json!({ "inner": nested }).to_string();
        let places = [
            json!({ "text": format!("before {secret} after") }),
            json!({ "args": [{ "a": [secret] }] }),
            json!({ "url": format!("http://h/p?ref={encoded}&x=1#f") }),
            json!({ "text": nested }),
            json!({ "text": twice }),
            json!({ "body": { "size": nested.len(), "media_type": "application/json", "text": nested } }),
            json!({ "body": { "size": 1, "media_type": "text/plain", "base64": base64(secret) } }),
            json!({ "headers": [["x-custom", secret]] }),
        ];
        for place in places {
            let payload = place.to_string();
            let clean = redactor().apply("console.log", &payload).into_owned();
            let readable = with_base64_decoded(&clean);
            assert!(
                !readable.contains(secret) && !readable.contains(&encoded),
                "{secret} in {readable}"
            );
            assert!(clean.contains("[REDACTED:") || readable.contains("[REDACTED:"), "{clean}");
        }
    }
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn with_base64_decoded(clean: &str) -> String {
    let value: Value = serde_json::from_str(clean).unwrap();
    let inline = value.pointer("/body/base64").and_then(Value::as_str).unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(inline).unwrap();
    format!("{clean}{}", String::from_utf8_lossy(&bytes))
}

#[test]
fn keys_decide_and_what_is_not_secret_stays_byte_for_byte() {
    for (payload, clean) in [
        (
            r#"{"a":{"password":"hunter2"},"b": 1.0}"#,
            r#"{"a":{"password":"[REDACTED:value:1]"},"b": 1.0}"#,
        ),
        (
            r#"{"apiKey":"k","api-key":"k","x":"k"}"#,
            r#"{"apiKey":"[REDACTED:header:1]","api-key":"[REDACTED:header:1]","x":"k"}"#,
        ),
        (
            r#"{"cvc":123,"password":null,"token":""}"#,
            r#"{"cvc":"[REDACTED:number:1]","password":null,"token":""}"#,
        ),
        (
            r#"{"token":{"id":"tok_visa"},"passwords":["a"]}"#,
            r#"{"token":{"id":"tok_visa"},"passwords":["a"]}"#,
        ),
        (
            r#"{"token":["a","b","a"]}"#,
            r#"{"token":["[REDACTED:value:1]","[REDACTED:value:2]","[REDACTED:value:1]"]}"#,
        ),
        (r#"{"p\u0061ssword":"x"}"#, r#"{"p\u0061ssword":"[REDACTED:value:1]"}"#),
        (
            r#"{"url":"http://h/cb?state=1&access_token=abc&x=2#id_token=def"}"#,
            r#"{"url":"http://h/cb?state=1&access_token=[REDACTED:value:1]&x=2#id_token=[REDACTED:value:2]"}"#,
        ),
        (r#"{"url":"http://me:pw@h/"}"#, r#"{"url":"http://me:[REDACTED:userinfo:1]@h/"}"#),
        (
            r#"{"headers":[["authorization","Bearer abc"],["x-note","abc"]]}"#,
            r#"{"headers":[["authorization","Bearer [REDACTED:bearer:1]"],["x-note","abc"]]}"#,
        ),
        (
            r#"{"headers":[["Cookie","sid=abc; theme=dark"],["set-cookie","sid=abc; Path=/; HttpOnly"]]}"#,
            r#"{"headers":[["Cookie","sid=[REDACTED:cookie:1]; theme=[REDACTED:cookie:2]"],["set-cookie","sid=[REDACTED:cookie:1]; Path=/; HttpOnly"]]}"#,
        ),
        (
            r#"{"headers":[["authorization","Basic YWRhOnB3"]]}"#,
            r#"{"headers":[["authorization","Basic [REDACTED:basic:1]"]]}"#,
        ),
        (
            r#"{"body":{"size":36,"media_type":"application/x-www-form-urlencoded","text":"user=ada&user%5Bpassword%5D=a+b%26c&z=1"}}"#,
            r#"{"body":{"size":54,"media_type":"application/x-www-form-urlencoded","text":"user=ada&user%5Bpassword%5D=[REDACTED:value:1]&z=1"}}"#,
        ),
        (
            r#"{"state":{"cookies":[{"name":"sid","value":"abc","domain":"h","httpOnly":true}],"localStorage":[{"name":"auth_token","value":"def"},{"name":"theme","value":"dark"}]}}"#,
            r#"{"state":{"cookies":[{"name":"sid","value":"[REDACTED:cookie:1]","domain":"h","httpOnly":true}],"localStorage":[{"name":"auth_token","value":"[REDACTED:value:2]"},{"name":"theme","value":"dark"}]}}"#,
        ),
        (
            r#"{"text":"login { password: 'hunter2', user: 'ada' } token=abc123"}"#,
            r#"{"text":"login { password: '[REDACTED:value:1]', user: 'ada' } token=[REDACTED:value:2]"}"#,
        ),
    ] {
        let mut redactor = redactor();
        let found = redactor.apply("network.request", payload).into_owned();
        let fixed = |text: &str| {
            text.replace(r#""size":54"#, r#""size":?"#).replace(r#""size":50"#, r#""size":?"#)
        };
        assert_eq!(fixed(&found), fixed(clean));
        assert!(serde_json::from_str::<Value>(&found).is_ok());
    }
}

#[test]
fn sizes_follow_inline_text() {
    let payload = r#"{"body":{"size":22,"media_type":"application/json","text":"{\"password\":\"hunter2\"}"}}"#;
    let clean: Value = serde_json::from_str(&redactor().apply("network.request", payload)).unwrap();
    let text = clean["body"]["text"].as_str().unwrap();
    assert_eq!(clean["body"]["size"], text.len());
}

#[test]
fn typed_passwords_go_from_params_and_title() {
    let payload = r#"{"api":"locator.fill","title":"Fill \"hunter2\" getByLabel('Password')","locator":"getByLabel('Password')","params":{"value":"hunter2"}}"#;
    let mut redactor = redactor();
    let clean = redactor.apply("action", payload).into_owned();
    assert!(!clean.contains("hunter2"), "{clean}");
    assert!(clean.contains("[REDACTED:input:1]"), "{clean}");
    for locator in ["locator('#login-pw')", "locator('#userPass')", "locator('input[name=otp]')"] {
        let payload =
            json!({ "api": "locator.fill", "locator": locator, "params": { "value": "hunter2" } });
        let clean = redactor.apply("action", &payload.to_string()).into_owned();
        assert!(!clean.contains("hunter2"), "{clean}");
    }
    let mut strict = Redactor::new(Rules { typed: true, ..Rules::default() }).unwrap();
    let anywhere = r#"{"api":"locator.fill","locator":"locator('#city')","params":{"value":"Graz"},"title":"Fill \"Graz\""}"#;
    assert!(!strict.apply("action", anywhere).contains("Graz"));
    // The same words typed into a search field are not secret.
    let search =
        r#"{"api":"locator.fill","locator":"getByLabel('Search')","params":{"value":"hunter2"}}"#;
    assert!(matches!(redactor.apply("action", search), Cow::Borrowed(_)));
}

#[test]
fn look_alikes_survive() {
    let digest = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c";
    for text in [
        "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        format!("sha256:{digest}"),
        digest.to_owned(),
        format!("/assets/index-{}.js", &digest[..16]),
        "1767225600000".to_owned(),
        "1767225600000000".to_owned(),
        "2026-11-21T10:20:17.123456Z".to_owned(),
        "4111-1111-4111-8111-111111111111".to_owned(),
        "0.4242424242424242".to_owned(),
        "v1.4242424242424242.3".to_owned(),
        "basic information about the bearer of this letter".to_owned(),
        "Password: required".to_owned(),
        "next_page_token".to_owned(),
        "tok_visa".to_owned(),
        "pk_test_FAKEfakeFAKE1234".to_owned(),
        "someone@example.test".to_owned(),
        "http://127.0.0.1:4000/api/checkout?plan=pro".to_owned(),
        "4242 4242 4242 4241".to_owned(),
        "task_live_and_risk-averse".to_owned(),
    ] {
        let payload = json!({ "text": text, "blob": format!("sha256:{digest}"), "n": 1_767_225_600_000_000_u64 }).to_string();
        assert_eq!(redactor().apply("console.log", &payload), payload);
    }
}

#[test]
fn what_percent_signs_touch_is_found_behind_them() {
    let payload = r#"{"url":"/taken?note=card%204220633644552972%20%3B"}"#;
    let clean = redactor().apply("x", payload).into_owned();
    assert_eq!(clean, r#"{"url":"/taken?note=card%20[REDACTED:card:1]%20%3B"}"#);
}

#[test]
fn random_words_go_when_asked_and_ids_digests_and_addresses_stay() {
    let rules = Rules { high_entropy: true, ..Rules::default() };
    let mut strict = Redactor::new(rules).unwrap();
    let secret = r#"{"text":"key q7Rk2Vz9Lm4Xw8Tn3Pb6Yd1Hs5 end"}"#;
    assert!(strict.apply("x", secret).contains("[REDACTED:entropy:1]"));
    for text in [
        "integrity sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "cs_test_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
        "http://h/assets/index-DiwrgTda8fKq2LmZx93Bv.js",
        "http://h/orders/V1StGXR8Z5jdHi6BmyTq7XwPnLk2",
        "550e8400-e29b-41d4-a716-446655440000",
        "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
        "theQuickBrownFoxJumpsOverTheLazyDogAgain",
    ] {
        let payload = json!({ "text": text }).to_string();
        assert_eq!(strict.apply("x", &payload), payload);
    }
}

#[test]
fn blob_references_are_never_touched_even_under_secret_keys() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let payload = json!({ "password": "x", "body": { "size": 9, "media_type": "text/plain", "blob": digest } });
    let clean = redactor().apply("network.request", &payload.to_string()).into_owned();
    assert!(clean.contains(&digest));
}

#[test]
fn originals_reach_the_vault_once_and_never_print() {
    let mut redactor = redactor();
    redactor.apply("x", r#"{"password":"hunter2"}"#);
    redactor.apply("x", r#"{"token":"hunter2","secret":"other"}"#);
    let entries = redactor.drain_vault_entries();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (entries[0].placeholder.as_str(), entries[0].original.expose()),
        ("[REDACTED:value:1]", "hunter2")
    );
    assert!(!format!("{entries:?}{redactor:?}").contains("hunter2"));
    assert!(redactor.drain_vault_entries().is_empty());
}

#[test]
fn a_second_redactor_changes_nothing_and_continues_the_numbers() {
    let first = redactor().apply("x", r#"{"password":"a","url":"/?token=b"}"#).into_owned();
    let mut second = redactor();
    assert!(matches!(second.apply("x", &first), Cow::Borrowed(_)), "{first}");
    assert_eq!(second.apply("x", r#"{"password":"c"}"#), r#"{"password":"[REDACTED:value:3]"}"#);
}

#[test]
fn bodies_are_read_by_their_media_type() {
    for (media_type, body, clean) in [
        (
            "application/json; charset=utf-8",
            r#"{"password":"x"}"#,
            r#"{"password":"[REDACTED:value:1]"}"#,
        ),
        (
            "application/vnd.api+json",
            r#"["sk_test_FAKEfakeFAKE1234"]"#,
            r#"["[REDACTED:stripe:1]"]"#,
        ),
        (
            "application/x-www-form-urlencoded",
            "a=1&password=a b",
            "a=1&password=[REDACTED:value:1]",
        ),
        (
            "text/javascript",
            "var token=e.token;const password=\"\"",
            "var token=e.token;const password=\"\"",
        ),
        ("text/javascript", "k='sk_live_FAKEfakeFAKE1234'", "k='[REDACTED:stripe:1]'"),
        ("image/png", "password=x", "password=x"),
        ("application/octet-stream", "{\"password\":\"x\"}", "{\"password\":\"x\"}"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[REDACTED:value:1]\r\n--b--\r\n",
        ),
        ("application/json", r#"{"password":"cut sho"#, r#"{"password":"[REDACTED:value:1]"#),
    ] {
        let found = redactor().apply_bytes(media_type, body.as_bytes()).into_owned();
        assert_eq!(String::from_utf8_lossy(&found), clean, "{media_type}");
    }
    let latin1 = b"password=\xe9t\xe9&caf\xe9=1";
    let clean = redactor().apply_bytes("application/x-www-form-urlencoded", latin1).into_owned();
    assert_eq!(clean, b"password=[REDACTED:value:1]&caf\xe9=1");
}

#[test]
fn the_canary_sings_for_the_default_rules_and_names_what_sleeps() {
    redactor().self_check().unwrap();
    let rules = |pattern: &str| Rules {
        extra: vec![ExtraRule {
            name: "badge".into(),
            pattern: pattern.into(),
            sample: "badge 4711".into(),
        }],
        high_entropy: true,
        headers: vec!["X-House".into()],
        ..Rules::default()
    };
    Redactor::new(rules(r"badge (\d+)")).unwrap().self_check().unwrap();
    let asleep = Redactor::new(rules(r"bagde (\d+)")).unwrap().self_check();
    assert!(matches!(asleep, Err(RedactError::Silent(name)) if name == "badge"));
    assert!(matches!(Redactor::new(rules("(")), Err(RedactError::Pattern { .. })));
}

#[test]
fn allowed_names_and_values_stay() {
    let rules = Rules { allow: vec!["csrf_token".into(), "guest".into()], ..Rules::default() };
    let payload = r#"{"csrfToken":"a","password":"guest"}"#;
    assert_eq!(Redactor::new(rules).unwrap().apply("x", payload), payload);
}

#[test]
fn off_means_off() {
    let rules = Rules { enabled: false, ..Rules::default() };
    let payload = r#"{"password":"x"}"#;
    assert_eq!(Redactor::new(rules).unwrap().apply("x", payload), payload);
}

/// How people and libraries spell a value; each spelling holds the value after one decoding.
fn encodings(value: &str) -> Vec<String> {
    let each = |one: fn(u8) -> String| value.bytes().map(one).collect::<String>();
    let base64 = |before: &str| base64(&format!("{before}{value} and more"));
    vec![
        value.to_owned(),
        each(|byte| format!("%{byte:02X}")),
        value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        json!(json!({ "inner": value }).to_string()).to_string(),
        base64(""),
        base64(","),
        base64(", "),
        format!("data:text/plain;base64,{}", base64("{\"x\":")),
        each(|byte| format!("{byte:02x}")),
        value.chars().map(|ch| format!("&#{};", u32::from(ch))).collect(),
        value.chars().map(|ch| format!("&#x{:X};", u32::from(ch))).collect(),
    ]
}

/// What is known to be secret goes in every encoding; the control is the same redactor before it knew.
#[test]
fn learnt_values_go_in_every_encoding() {
    for value in ["hunter2-and-more", "x9!/\"quoted\\&<b>", "0123456789abcdef", "péché-7-mortel"]
    {
        let mut ignorant = redactor();
        for spelt in encodings(value) {
            let payload = json!({ "text": format!("before {spelt} after"), "n": 1 }).to_string();
            let body = format!("<p>{spelt}</p>");
            let mut taught = redactor();
            assert!(taught.learn("input", value));
            assert_eq!(
                ignorant.apply("console.log", &payload),
                payload,
                "the control found {spelt}"
            );
            let clean = taught.apply("console.log", &payload).into_owned();
            assert!(clean.contains("[REDACTED:input"), "{spelt} in {clean}");
            assert!(clean.contains("before ") && clean.contains(" after"), "{clean}");
            let text = taught.apply_bytes("text/html", body.as_bytes()).into_owned();
            assert!(String::from_utf8_lossy(&text).contains("[REDACTED:input"), "{body}");
        }
    }
}

/// A secret with a shape is found in every encoding although nobody has met it before.
#[test]
fn shapes_are_seen_through_encodings() {
    for value in ["sk_live_FAKEfakeFAKE1234", "ghp_FAKEfakeFAKEfake1234567890", SECRETS[0]] {
        for spelt in encodings(value) {
            let payload = json!({ "text": format!("before {spelt} after") }).to_string();
            let clean = redactor().apply("console.log", &payload).into_owned();
            assert!(clean.contains("[REDACTED:"), "{spelt} in {clean}");
        }
    }
}

#[test]
fn a_place_teaches_what_goes_elsewhere_and_ordinary_words_do_not() {
    for (teacher, learnt) in [
        (r#"{"headers":[["set-cookie","sid=s%3Aq7Rk2Vz9Lm; Path=/"]]}"#, "s:q7Rk2Vz9Lm"),
        (r#"{"headers":[["authorization","Bearer opaque-7731-token"]]}"#, "opaque-7731-token"),
        (r#"{"headers":[["authorization","Basic YWRhOmxvdmVsYWNlMTgxNQ=="]]}"#, "lovelace1815"),
        (
            r#"{"body":{"size":1,"media_type":"application/json","text":"{\"password\":\"lovelace1815\"}"}}"#,
            "lovelace1815",
        ),
        (r#"{"url":"http://h/cb?code=4f0AdQt1q8Wb2xYz&state=x"}"#, "4f0AdQt1q8Wb2xYz"),
        (
            r#"{"api":"locator.fill","locator":"getByLabel('Password')","params":{"value":"lovelace1815"}}"#,
            "lovelace1815",
        ),
        (
            r#"{"text":"<input type=\"hidden\" name=\"csrf_token\" value=\"c7Rk2Vz9Lm4X\">"}"#,
            "c7Rk2Vz9Lm4X",
        ),
        (r#"{"text":"<Password>lovelace1815</Password>"}"#, "lovelace1815"),
    ] {
        let mut redactor = redactor();
        let later = json!({ "text": format!("said {learnt}") }).to_string();
        assert_eq!(redactor.apply("x", &later), later, "nobody knows it yet");
        let clean = redactor.apply("action", teacher).into_owned();
        assert!(clean.contains("[REDACTED:"), "{teacher} became {clean}");
        assert!(!redactor.apply("x", &later).contains(learnt), "{teacher} taught nothing");
    }
    let mut redactor = redactor();
    redactor.apply("x", r#"{"errors":{"password":"required","token":"tok_visa"},"headers":[["cookie","lang=en-US; cart=sku_12345"]]}"#);
    let words = r#"{"text":"required tok_visa en-US sku_12345"}"#;
    assert_eq!(redactor.apply("x", words), words);
}

#[test]
fn what_an_event_teaches_last_goes_from_its_beginning() {
    let payload =
        r#"{"text":"said lovelace1815","body":{"password":"lovelace1815"},"lovelace1815":1}"#;
    let clean = redactor().apply("x", payload).into_owned();
    assert!(!clean.contains("lovelace1815"), "{clean}");
    let rules = Rules { values: vec!["lovelace1815".into()], ..Rules::default() };
    let clean = Redactor::new(rules).unwrap().apply("x", r#"{"text":"lovelace1815"}"#).into_owned();
    assert_eq!(clean, r#"{"text":"[REDACTED:known:1]"}"#);
}

#[test]
fn learning_has_bounds_and_tells_what_it_refused() {
    let mut redactor = redactor();
    assert!(!redactor.learn("x", "short"));
    for number in 0..5_000 {
        redactor.learn("x", &format!("value number {number}"));
    }
    assert_eq!(redactor.unlearnt(), 5_000 - 4_096);
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,6}",
        Just("password".to_owned()),
        Just("headers".to_owned()),
        Just("text".to_owned()),
        Just("media_type".to_owned()),
        Just("base64".to_owned()),
        Just("size".to_owned()),
        Just("value".to_owned()),
        Just("name".to_owned())
    ];
    let text = prop_oneof![
        ".*",
        "[a-z]{0,3}(token|cookie|password)[=:]{1,2}[\"' a-z0-9&;\\\\]{0,12}",
        proptest::sample::select(SECRETS).prop_map(str::to_owned),
        Just("[REDACTED:value:1]".to_owned()),
        "[{\\[\"a:,\\]}]{0,12}",
        Just(r#"{"password":"a","x":["cookie","b=c"]}"#.to_owned()),
        Just("application/json".to_owned()),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn objects_stay_objects_and_twice_is_once(fields in any_json()) {
        let payload = json!({ "p": fields }).to_string();
        let mut redactor = redactor();
        let once = redactor.apply("action", &payload).into_owned();
        prop_assert!(serde_json::from_str::<Value>(&once).is_ok_and(|value| value.is_object()));
        let twice = redactor.apply("action", &once).into_owned();
        prop_assert_eq!(&twice, &once);
    }

    #[test]
    fn any_text_and_any_bytes_come_through(text in ".*", bytes: Vec<u8>) {
        redactor().apply("x", &text);
        redactor().apply_bytes("text/plain", &bytes);
        redactor().apply_bytes("multipart/form-data", &bytes);
    }
}
