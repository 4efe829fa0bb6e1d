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
