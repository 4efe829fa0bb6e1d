//! The copy of the code.

use std::fs;

use super::kit::{Suite, patch, text};

/// What the worker saw of a file in the suite's folder.
fn seen(suite: &Suite, name: &str) -> String {
    let ran = suite.run("pass", &[]);
    suite.left(&ran.outcome(), &format!("seen/{name}"))
}

#[test]
fn the_copy_is_the_working_directory_as_it_stands() {
    let suite = Suite::new(true);
    suite.write("shop/playwright.config.ts", "// changed and not committed\n");
    suite.write("shop/new.ts", "// nobody has added me\n");
    suite.write("shop/dist/built.js", "// ignored by git, and what the suite runs\n");
    suite.write("shop/test-results/old.txt", "left by an earlier run");
    fs::remove_file(suite.path("lib/plans.js")).unwrap();
    let ran = suite.run("pass", &[]);
    let outcome = ran.outcome();
    assert_eq!(ran.code, Some(0), "{outcome} {}", ran.stderr);
    assert_eq!(suite.left(&outcome, "seen/playwright.config.ts"), "// changed and not committed\n");
    assert_eq!(suite.left(&outcome, "seen/new.ts"), "// nobody has added me\n");
    assert!(suite.left(&outcome, "seen/dist/built.js").contains("ignored"));
    let root = suite.dir.path().join("molar/replays").join(outcome["replay_id"].as_str().unwrap());
    assert!(!root.join("seen/test-results").exists());
    assert_ne!(suite.left(&outcome, "cwd").trim(), suite.path("shop").display().to_string());
    suite.is_clean();
}

#[test]
fn edits_reach_the_copy_and_never_the_users_tree() {
    for with_git in [true, false] {
        let suite = Suite::new(with_git);
        let old = text(&suite.path("shop/playwright.config.ts"));
        let config = "export default { webhook: '/old' };";
        let diff = patch("playwright.config.ts", config, "export default { webhook: '/new' };");
        let edit = suite.write("../fix.patch", &diff).display().to_string();
        let ran =
            suite.run("pass", &["--edit", &edit, "--build", "cp playwright.config.ts built.ts"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        let outcome = ran.outcome();
        assert!(suite.left(&outcome, "seen/playwright.config.ts").contains("/new"));
        assert!(suite.left(&outcome, "seen/built.ts").contains("/new"));
        assert_eq!(text(&suite.path("shop/playwright.config.ts")), old);
        assert!(!suite.path("shop/built.ts").exists());
        suite.is_clean();
    }
}

#[test]
fn a_repository_that_takes_no_worktree_is_copied_without_one() {
    let suite = Suite::new(true);
    // Where git keeps its notes of worktrees.
    suite.write(".git/worktrees", "in the way");
    let ran = suite.run("pass", &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("a plain copy, since git adds no worktree"), "{}", ran.stdout);
    assert!(suite.left(&ran.outcome(), "seen/playwright.config.ts").contains("/old"));
    suite.is_clean();
}

#[test]
fn a_package_of_the_workspace_is_the_copys_own() {
    let suite = Suite::new(true);
    std::os::unix::fs::symlink("../lib", suite.path("node_modules/plans")).unwrap();
    let edit = patch("lib/plans.js", "exports.plan = 'free';", "exports.plan = 'pro';");
    let edit = suite.write("../fix.patch", &edit).display().to_string();
    let build = "cat ../node_modules/plans/plans.js ../node_modules/left-pad/index.js > seen.txt";
    let ran = suite.run("pass", &["--edit", &edit, "--build", build]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let seen = suite.left(&ran.outcome(), "seen/seen.txt");
    assert_eq!(seen, "exports.plan = 'pro';\nmodule.exports = 1;\n");
    assert!(text(&suite.path("lib/plans.js")).contains("free"));
}

#[test]
fn a_build_that_fails_blocks_with_its_last_words() {
    let suite = Suite::new(true);
    let ran = suite.run("pass", &["--build", "echo no such type >&2; exit 3"]);
    let outcome = ran.outcome();
    assert_eq!((ran.code, outcome["code"].as_str()), (Some(3), Some("BUILD_FAILED")), "{outcome}");
    assert!(outcome["message"].as_str().unwrap().contains("no such type"), "{outcome}");
    suite.is_clean();
}

#[test]
fn links_that_lead_out_of_the_tree_still_lead_there() {
    let suite = Suite::new(true);
    fs::write(suite.dir.path().join("outside.txt"), "outside").unwrap();
    std::os::unix::fs::symlink("../../outside.txt", suite.path("shop/outside.txt")).unwrap();
    assert_eq!(seen(&suite, "outside.txt"), "outside");
}

#[test]
fn a_link_inside_the_repository_leads_into_the_copy() {
    let suite = Suite::new(true);
    let conf = suite.write("conf.json", "old\n");
    let link = |target: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(target, suite.path(name)).unwrap();
    };
    link(&conf.canonicalize().unwrap(), "shop/abs.json");
    suite.write("deep/er/kept.txt", "");
    link(std::path::Path::new("../deep/er"), "shop/way");
    // By its words this one leads to `shop/../conf.json` of nowhere, by way of the link above to ours.
    link(std::path::Path::new("way/../../conf.json"), "shop/roundabout.json");
    let edit = suite.write("../fix.patch", &patch("conf.json", "old", "new")).display().to_string();
    let build = "cat abs.json roundabout.json > seen.txt; echo written > abs.json";
    let ran = suite.run("pass", &["--edit", &edit, "--build", build]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(suite.left(&ran.outcome(), "seen/seen.txt"), "new\nnew\n");
    assert_eq!(text(&conf), "old\n");
}

#[test]
fn the_code_of_the_recorded_commit_is_what_was_committed() {
    let suite = Suite::new(true);
    let sha = suite.git(&["rev-parse", "HEAD"]).trim().to_owned();
    suite.edit_trace("\"seeds\":{}", &format!("\"seeds\":{{}},\"code_sha\":\"{sha}\""));
    suite.write("shop/playwright.config.ts", "// later, and committed\n");
    suite.git(&["commit", "--quiet", "--all", "-m", "later"]);
    suite.write("shop/new.ts", "// later, and not committed\n");
    let config = "export default { webhook: '/old' };";
    let edit = patch("shop/playwright.config.ts", config, "// mended");
    let edit = suite.write("../fix.patch", &edit).display().to_string();
    let build = "cat playwright.config.ts ../node_modules/left-pad/index.js > built.txt";
    let ran = suite.run("pass", &["--code", "sha", "--edit", &edit, "--build", build]);
    let outcome = ran.outcome();
    assert_eq!(ran.code, Some(0), "{outcome} {}", ran.stderr);
    assert!(ran.stdout.contains(&format!("commit {sha}")), "{}", ran.stdout);
    assert_eq!(suite.left(&outcome, "seen/built.txt"), "// mended\nmodule.exports = 1;\n");
    let root = suite.dir.path().join("molar/replays").join(outcome["replay_id"].as_str().unwrap());
    assert!(!root.join("seen/new.ts").exists());
    suite.is_clean();
    // Without being asked, the working directory is what is replayed.
    let ran = suite.run("pass", &[]);
    assert!(suite.left(&ran.outcome(), "seen/playwright.config.ts").contains("later"));
}

#[test]
fn a_commit_that_nobody_has_is_named() {
    let check = |sha: Option<&str>, with_git: bool, says: &str| {
        let suite = Suite::new(with_git);
        if let Some(sha) = sha {
            suite.edit_trace("\"seeds\":{}", &format!("\"seeds\":{{}},\"code_sha\":\"{sha}\""));
        }
        let ran = suite.run("pass", &["--code", "sha"]);
        let outcome = ran.outcome();
        assert_eq!((ran.code, outcome["code"].as_str()), (Some(3), Some("NO_CODE")), "{outcome}");
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains(says), "{says}: {message}");
        suite.is_clean();
    };
    check(
        Some("0123456789abcdef0123456789abcdef01234567"),
        true,
        "git fetch origin 0123456789abcdef",
    );
    check(Some("--output=/tmp/x"), true, "names no commit");
    check(None, true, "names no commit");
    check(Some("0123456789abcdef0123456789abcdef01234567"), false, "no git repository");
}

#[test]
fn a_spec_outside_of_the_configurations_folder_is_found() {
    let suite = Suite::new(true);
    suite.write("tests/upgrade.spec.ts", "// the test\n");
    let check = |file: &str, spec: &str| {
        suite.edit_trace("\"file\":\"tests/upgrade.spec.ts\"", &format!("\"file\":\"{file}\""));
        let ran = suite.run("pass", &[]);
        let outcome = ran.outcome();
        assert_eq!(ran.code, Some(0), "{file}: {outcome}");
        let args = suite.left(&outcome, "args");
        assert_eq!(args.lines().nth(1), Some(spec), "{file}");
        suite.edit_trace(&format!("\"file\":\"{file}\""), "\"file\":\"tests/upgrade.spec.ts\"");
    };
    check("../tests/upgrade.spec.ts", r"tests\/upgrade\.spec\.ts$");
    let here = suite.path("tests/upgrade.spec.ts").canonicalize().unwrap();
    check(&here.display().to_string(), r"tests\/upgrade\.spec\.ts$");
    check("/on/another/machine/shop/tests/upgrade.spec.ts", r"tests\/upgrade\.spec\.ts$");
}
