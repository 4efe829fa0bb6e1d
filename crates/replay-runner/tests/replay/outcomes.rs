//! How replays come out, and what is told of them.

use std::path::Path;

use serde_json::{Value, json};

use super::kit::{Suite, TRACE, append, finished, patch};

#[test]
fn every_ending_has_its_state_code_and_exit_code() {
    let suite = Suite::new(true);
    let check = |ending: &str, exit: i32, state: &str, code: Option<&str>, says: &str| {
        let ran = suite.run(ending, &[]);
        let outcome = ran.outcome();
        assert_eq!(ran.code, Some(exit), "{ending}: {outcome} {}", ran.stderr);
        assert_eq!(outcome["state"], state, "{ending}: {outcome}");
        assert_eq!(outcome["code"].as_str(), code, "{ending}: {outcome}");
        let message = outcome["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{ending}: {message}");
        suite.is_clean();
    };
    check("pass", 0, "passed", None, "");
    check("fail", 1, "failed", None, "the plan is free");
    check("diverge", 4, "diverged", Some("NETWORK_MISS"), "GET /api/x");
    check("block", 3, "blocked", Some("NO_TAPE"), "no tape");
    check("no-test", 3, "blocked", Some("NO_TEST"), "No tests found");
    check("broken", 3, "blocked", Some("BUILD_FAILED"), "SyntaxError");
    check("silent", 3, "blocked", Some("NO_TEST"), "register");
    check("lies", 1, "failed", None, "`failed`");
    check("ends-early", 4, "diverged", Some("NO_SUCH_STEP"), "took steps away");
    check("wordless", 3, "blocked", Some("NO_TEST"), "proves nothing");
    check("unreplayed", 3, "blocked", Some("NO_TEST"), "knows replays");
}

#[test]
fn a_restore_that_is_not_faithful_is_done_again_by_fast_forward() {
    let suite = Suite::new(true);
    let ran = suite.run("fall-back", &["--strategy", "auto"]);
    let outcome = ran.outcome();
    assert_eq!((ran.code, outcome["state"].as_str()), (Some(0), Some("passed")), "{outcome}");
    let order: Value = serde_json::from_str(&suite.left(&outcome, "order.json")).unwrap();
    assert_eq!(order["strategy"], "fast-forward");
    // Both children left a trace; that of the second one is the replay's.
    let child = outcome["child"]["trace_id"].as_str().unwrap();
    assert!(child.starts_with("550e8400-e29b-41d4-a716"), "{outcome}");
    let told = ran.stdout.lines().filter(|line| line.contains("UNSUPPORTED_HANDLE")).count();
    assert_eq!(told, 1, "{}", ran.stdout);
    suite.is_clean();
}

#[test]
fn the_order_the_command_line_and_the_environment_are_those_of_the_trace() {
    let suite = Suite::new(true);
    let more = [
        "--app-mode",
        "hybrid",
        "--strategy",
        "fast-forward",
        "--set-env",
        "PLAN=pro",
        "--app-origin",
        "http://127.0.0.1:4000",
    ];
    let ran = suite.run("pass", &more);
    let outcome = ran.outcome();
    let order: Value = serde_json::from_str(&suite.left(&outcome, "order.json")).unwrap();
    assert_eq!(order["trace"], json!(suite.trace_dir().canonicalize().unwrap()));
    assert_eq!(order["blobs"], json!(suite.dir.path().join("molar").canonicalize().unwrap()));
    assert_eq!(
        (
            &order["from_step"],
            &order["strategy"],
            &order["app_mode"],
            &order["is_on_record"],
            &order["vault_key"],
            &order["version"]
        ),
        (
            &json!(2),
            &json!("fast-forward"),
            &json!("hybrid"),
            &json!(false),
            &Value::Null,
            &json!(1)
        )
    );
    assert_eq!(order["app_origins"], json!(["http://127.0.0.1:4000"]));
    assert_eq!(
        (&order["server_fast_forward"], &order["clones_restored"], &order["hold"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert!(suite.left(&outcome, "order.mode").starts_with("-rw-------"));
    let env = suite.left(&outcome, "env");
    let compiled = format!(
        "NODE_COMPILE_CACHE={}",
        suite.home().canonicalize().unwrap().join("compiled").display()
    );
    for wanted in ["MOLAR_REPLAY_RNG_SEED=seed-1", "PLAN=pro", "STAND_IN=pass", &compiled] {
        assert!(env.lines().any(|line| line == wanted), "{wanted}: {env}");
    }
    let args = suite.left(&outcome, "args");
    let args: Vec<&str> = args.lines().collect();
    assert_eq!(
        args[..4],
        [
            "test",
            r"tests\/upgrade\.spec\.ts$",
            "-g",
            r"/^\s*chromium\s+(?:.*\/)?upgrade\.spec\.ts plans(?: @\S+)* upgrades \(now\)(?: @\S+)*$/"
        ]
    );
    assert!(args.windows(2).any(|pair| pair == ["--project", "chromium"]), "{args:?}");
    // Every line but the last is progress; the runner's name their action, the worker's are passed on.
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<&str> = lines.iter().filter_map(|line| line["action"].as_str()).collect();
    assert_eq!(
        actions,
        ["source", "code", "edits", "clones", "seed", "network", "browser", "start"]
    );
    assert!(lines.iter().any(|line| line["state"] == "skipping" && line["step"] == 1));
    assert_eq!(outcome["parent_trace_id"], TRACE);
    assert!(
        outcome["timings_ms"]["total"].is_number() && outcome["timings_ms"]["stream"].is_number()
    );
    let child = outcome["child"]["directory"].as_str().unwrap();
    assert!(std::path::Path::new(child).join("trace.ndjson.zst").is_file());
}

#[test]
fn what_cannot_be_replayed_is_said_before_anything_is_opened() {
    let suite = Suite::new(true);
    let check = |args: &[&str], exit: i32, says: &str| {
        let mut command = suite.command(&["run", "--json"]);
        let ran = finished(command.args(args).arg("--guest").arg(suite.path("guest.cjs")));
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(exit), "{told}");
        assert!(told.contains(says), "{told}");
    };
    let shop = suite.path("shop").display().to_string();
    check(&["--trace", "550e", "--from-step", "9", "--suite", &shop], 3, "it has 1 `Open`");
    check(
        &[
            "--trace",
            "aB3dE5gH7",
            "--from-step",
            "1",
            "--suite",
            &suite.code().display().to_string(),
        ],
        3,
        "NO_TEST",
    );
    let config = ["--trace", "550e", "--from-step", "1", "--suite", &shop, "--config", "nope.ts"];
    check(&config, 2, "no configuration `nope.ts`");
    let both = ["--server-fast-forward", "--app-mode", "recorded"];
    let both = [&["--trace", "550e", "--from-step", "1", "--suite", &shop][..], &both].concat();
    check(&both, 2, "leave one of them out");
    check(&["--trace", "nothing", "--from-step", "1", "--suite", &shop], 2, "no trace `nothing`");
    check(&["--trace", "550e", "--from-step", "1", "--suite", "/nowhere/at/all"], 2, "no suite");
    check(&["--trace", "550e", "--from-step", "0", "--suite", &shop], 2, "from-step");
    check(
        &[
            "--trace",
            &suite.path("package.json").display().to_string(),
            "--from-step",
            "1",
            "--suite",
            &shop,
        ],
        2,
        "bundle",
    );
    suite.is_clean();
}

#[test]
fn a_trace_that_was_cut_is_said_to_be_cut() {
    let suite = Suite::new(true);
    let file = suite.trace_dir().join("trace.ndjson.zst");
    let whole = std::fs::read(&file).unwrap();
    for kept in [whole.len() / 2, 40, 0] {
        std::fs::write(&file, &whole[..kept]).unwrap();
        let dir = suite.trace_dir().display().to_string();
        let mut command = suite.command(&["run", "--json", "--trace", &dir, "--from-step", "2"]);
        let ran = finished(command.arg("--suite").arg(suite.path("shop")));
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(2), "{kept}: {told}");
        assert!(told.contains("cannot be read as a trace"), "{kept}: {told}");
    }
    suite.is_clean();
}

#[test]
fn a_replay_ends_with_a_certificate_and_diff_tells_what_differs() {
    let suite = Suite::new(true);
    let outcome = suite.run("fail", &[]).outcome();
    let certificate = &outcome["certificate"];
    assert_eq!(certificate["parent_trace_id"], TRACE, "{outcome}");
    assert_eq!(certificate["trace_id"], outcome["child"]["trace_id"], "{outcome}");
    assert!(certificate["text"].as_str().unwrap().contains("from step 2"), "{outcome}");
    let child = outcome["child"]["directory"].as_str().unwrap();
    let ran = finished(&mut suite.command(&["--json", "diff", "550e8400", child]));
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&told["diff"]["a"]["trace_id"], &told["diff"]["b"]["status"]),
        (&json!(TRACE), &json!("failed"))
    );
    assert_eq!(told["certificate"]["from_step"], 2);
    let ran = finished(&mut suite.command(&["diff", "550e8400", child]));
    assert!(ran.stdout.contains("2 Upgrade") && ran.stdout.contains("failed"), "{}", ran.stdout);
    let same = finished(&mut suite.command(&["diff", "550e8400", "550e8400", "--from-step", "1"]));
    assert_eq!(same.code, Some(0), "{}{}", same.stdout, same.stderr);
}

#[test]
fn diff_tells_documents_and_the_edits_that_the_order_names() {
    let suite = Suite::new(true);
    let diff = patch("lib/plans.js", "exports.plan = 'free';", "exports.plan = 'pro';");
    let edit = suite.write("../fix.patch", &diff).display().to_string();
    let outcome = suite.run("pass", &["--edit", &edit]).outcome();
    let order: Value = serde_json::from_str(&suite.left(&outcome, "order.json")).unwrap();
    assert_eq!(order["edits"], json!([{"name": "fix.patch", "patch": diff}]), "{order}");
    let page = |words: &str| {
        let text = json!([
            {"type": 4, "timestamp": 1, "data": {"href": "http://127.0.0.1:4000/", "width": 9, "height": 9}},
            {"type": 2, "timestamp": 1, "data": {"node": {"type": 0, "id": 1, "childNodes": [
                {"type": 2, "id": 2, "tagName": "html", "attributes": {"id": "top"}, "childNodes": [{"type": 3, "id": 3, "textContent": words}]}]}}},
        ])
        .to_string();
        json!({"ts": 1.5, "seq": 90, "kind": "dom.snapshot", "page": "p1", "frame": "p1f1", "frame_url": "http://127.0.0.1:4000/", "stream": "d",
            "generation": 1, "count": 2, "first_ts": 1, "last_ts": 1, "events": {"size": text.len(), "media_type": "application/json", "text": text}})
    };
    suite.append_to_trace(&page("free"));
    let child = outcome["child"]["directory"].as_str().unwrap();
    let start = json!({"ts": 2, "seq": 91, "kind": "replay.start", "replay_id": "r", "parent_trace_id": TRACE, "from_step": 2,
        "strategy": "fast-forward", "app_mode": "hybrid", "edits": order["edits"]});
    append(&Path::new(child).join("trace.ndjson.zst"), &[page("pro"), start]);
    let told = |dimension: &str, code: i32, says: &[&str]| {
        let ran =
            finished(&mut suite.command(&["diff", "550e8400", child, "--dimension", dimension]));
        assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
        says.iter().for_each(|piece| assert!(ran.stdout.contains(piece), "{}", ran.stdout));
    };
    told("dom", 1, &["~  2 Upgrade  ", "% alike", "html#top «free» → «pro»"]);
    told("patch", 1, &["B fix.patch (seq:91)", "+exports.plan = 'pro';"]);
    told("clones", 0, &[]);
    let ran =
        finished(&mut suite.command(&["diff", "550e8400", child, "--clone-ignore", "s=a[?b]"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("stands a filter"), "{}", ran.stderr);
    suite.is_clean();
}

#[test]
fn plan_names_what_would_be_done_and_leaves_nothing() {
    let suite = Suite::new(true);
    let mut command = suite.command(&["plan", "--trace", "550e8400", "--from-step", "2"]);
    let ran = finished(command.arg("--suite").arg(suite.path("shop")));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for says in ["from step 2 `Upgrade`", "git worktree", "playwright test", "seed random numbers"]
    {
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    assert!(!suite.home().exists());
    assert_eq!(suite.git(&["status", "--porcelain"]), "");
}
