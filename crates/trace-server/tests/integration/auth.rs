//! Who may do what.

use reqwest::{Client, StatusCode};
use trace_server::auth::{Scope, Scopes};

use crate::app::{Caller, TestApp, refusal};
use crate::recording::Recording;

#[tokio::test]
async fn credentials_are_checked_before_anything_else() {
    let server = TestApp::start().await;
    let good = server.caller("acme").await;
    for key in ["", "nonsense", "molar_sk_0123456789abcdef_00"] {
        let caller = Caller::new(&server.url, key);
        let found = refusal(caller.get("/v1/traces").await).await;
        assert_eq!(found, (401, "unauthenticated".to_owned()), "{key}");
    }
    let naked = Client::new().get(format!("{}/v1/traces", server.url)).send().await.unwrap();
    assert_eq!(refusal(naked).await.0, 401);
    assert_eq!(good.get("/v1/traces").await.status(), StatusCode::OK);
    for header in ["x-molar-org", "x-org-id"] {
        let wrong = good.request(reqwest::Method::GET, "/v1/traces").header(header, "other");
        let found = refusal(wrong.send().await.unwrap()).await;
        assert_eq!(found, (403, "wrong_org".to_owned()), "{header}");
    }
}

#[tokio::test]
async fn scopes_are_kept_apart() {
    let server = TestApp::start().await;
    let recording = Recording::failed(1);
    let reader = server.reader("acme").await;
    let found = refusal(reader.register(&recording).await).await;
    assert_eq!(found, (403, "missing_scope".to_owned()));
    let scopes: Scopes = [Scope::TracesWrite].into_iter().collect();
    let writer = server.caller_with("acme", scopes).await;
    assert_eq!(writer.register(&recording).await.status(), StatusCode::CREATED);
    assert_eq!(refusal(writer.get("/v1/traces").await).await.1, "missing_scope");
}

#[tokio::test]
async fn a_revoked_key_ends_at_once() {
    let server = TestApp::start().await;
    let caller = server.caller("acme").await;
    assert_eq!(caller.get("/v1/traces").await.status(), StatusCode::OK);
    let org = "acme".parse().unwrap();
    let keys = server.app.catalog.list_keys(&org).await.unwrap();
    let other = "other".parse().unwrap();
    assert!(!server.app.catalog.revoke_key(&other, &keys[0].key_id, 2).await.unwrap());
    assert!(server.app.catalog.revoke_key(&org, &keys[0].key_id, 2).await.unwrap());
    assert_eq!(refusal(caller.get("/v1/traces").await).await.0, 401);
}

#[tokio::test]
async fn the_internal_token_needs_an_organisation() {
    let token = "not-a-real-token";
    let server = TestApp::with(|config| config.auth.internal_token = Some(token.to_owned())).await;
    let get = |header: &str, token: &str, org: Option<&str>| {
        let request = Client::new().get(format!("{}/v1/traces", server.url)).header(header, token);
        org.map_or(request.try_clone().unwrap(), |org| request.header("x-molar-org", org)).send()
    };
    for header in ["x-internal-token", "internal_service_token"] {
        assert_eq!(get(header, token, Some("acme")).await.unwrap().status(), 200, "{header}");
        assert_eq!(get(header, "wrong", Some("acme")).await.unwrap().status(), 401, "{header}");
        let found = refusal(get(header, token, None).await.unwrap()).await;
        assert_eq!(found, (400, "org_required".to_owned()));
    }
}
