//! Patches that must not be applied.

use super::kit::{Suite, patch};

#[test]
fn a_hostile_or_unfitting_patch_blocks_before_anything_runs() {
    let suite = Suite::new(true);
    let outside = suite.dir.path().join("victim.txt");
    std::fs::write(&outside, "victim\n").unwrap();
    std::os::unix::fs::symlink("../..", suite.path("shop/up")).unwrap();
    let check = |name: &str, diff: &str, says: &str| {
        let edit = suite.write("../edit.patch", diff).display().to_string();
        let ran = suite.run("pass", &["--edit", &edit]);
        let outcome = ran.outcome();
        assert_eq!(
            (ran.code, outcome["state"].as_str(), outcome["code"].as_str()),
            (Some(3), Some("blocked"), Some("PATCH_FAILED")),
            "{name}: {outcome}"
        );
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains(says), "{name}: {message}");
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "victim\n", "{name}");
        assert!(outcome["child"].is_null(), "{name}: {outcome}");
        suite.is_clean();
    };
    let made = |path: &str| format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
    check("above", &patch("../../victim.txt", "victim", "hit"), "leads out");
    check(
        "absolute",
        &format!("--- {0}\n+++ {0}\n@@ -1 +1 @@\n-victim\n+hit\n", outside.display()),
        "leads out",
    );
    check("git", &made(".git/hooks/post-checkout"), "belongs to git");
    check("git in other letters", &made("shop/.GIT /config"), "belongs to git");
    check("packages", &made("node_modules/left-pad/evil.js"), "installed package");
    check("absolute after the prefix", &patch("/etc/passwd", "victim", "hit"), "plainly");
    check("through a link", &patch("shop/up/../../victim.txt", "victim", "hit"), "leads out");
    check("through a link by name", &made("shop/up/victim2.txt"), "is a link");
    check(
        "a link",
        "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
        "mode 120000",
    );
    check(
        "a submodule",
        "diff --git a/l b/l\nnew file mode 160000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+x\n",
        "mode 160000",
    );
    check(
        "binary",
        "diff --git a/l b/l\nnew file mode 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n",
        "binary",
    );
    check("backslash", &made("shop\\..\\..\\x"), "character");
    check("drive", &made("C:/x"), "character");
    check("quoted", "--- /dev/null\n+++ \"b/\\056\\056/x\"\n@@ -0,0 +1 @@\n+x\n", "leads out");
    check(
        "renamed out",
        "diff --git a/shop/a b/shop/a\nrename from lib/plans.js\nrename to ../../x\n",
        "leads out",
    );
    check("nothing", "hello\n", "no unified diff");
    check("cut off", "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n", "cut off");
    check("too long", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n+c\n", "more lines");
    let unfit = patch("shop/playwright.config.ts", "not what stands there", "x");
    check(
        "unfitting",
        &unfit,
        "the hunk `@@ -1 +1 @@` (line 3 of the patch) does not fit `shop/playwright.config.ts`",
    );
    let windows = patch("lib/plans.js", "exports.plan = 'free';", "x").replace('\n', "\r\n");
    check("line ends", &windows, "the patch's lines end in CR LF, those of the file in LF");
    check("no such file", &patch("shop/none.ts", "a", "b"), "none.ts");
}

#[test]
fn several_patches_build_on_each_other() {
    let suite = Suite::new(true);
    let config = "export default { webhook: '/old' };";
    let first = suite
        .write("../1.patch", &patch("shop/playwright.config.ts", config, "// one"))
        .display()
        .to_string();
    let second = suite
        .write("../2.patch", &patch("shop/playwright.config.ts", "// one", "// two"))
        .display()
        .to_string();
    let third = "--- /dev/null\n+++ b/shop/made.ts\n@@ -0,0 +1 @@\n+--- a/not/a/header\n";
    let third = suite.write("../3.patch", third).display().to_string();
    let ran = suite.run("pass", &["--edit", &first, "--edit", &second, "--edit", &third]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(suite.left(&ran.outcome(), "seen/playwright.config.ts"), "// two\n");
    assert_eq!(suite.left(&ran.outcome(), "seen/made.ts"), "--- a/not/a/header\n");
}

#[test]
fn what_stands_in_the_files_decides_whose_paths_a_patch_has() {
    let suite = Suite::new(true);
    suite.write("playwright.config.ts", "// the root's\n");
    suite.write("same.ts", "same\n");
    suite.write("shop/same.ts", "same\n");
    suite.write("shop/helpers/one.ts", "");
    let run = |diff: &str| {
        let edit = suite.write("../edit.patch", diff).display().to_string();
        suite.run("pass", &["--edit", &edit]).outcome()
    };
    let config = "export default { webhook: '/old' };";
    let of_suite = run(&patch("playwright.config.ts", config, "// mended"));
    assert_eq!(of_suite["state"], "passed", "{of_suite}");
    assert_eq!(suite.left(&of_suite, "seen/playwright.config.ts"), "// mended\n");
    let of_root = run(&patch("playwright.config.ts", "// the root's", "// mended"));
    assert_eq!(of_root["state"], "passed", "{of_root}");
    assert!(suite.left(&of_root, "seen/playwright.config.ts").contains("/old"));
    let of_both = run(&patch("same.ts", "same", "other"));
    assert_eq!(of_both["code"], "PATCH_FAILED", "{of_both}");
    assert!(of_both["message"].as_str().unwrap().contains("ambiguous"), "{of_both}");
    let made = run("--- /dev/null\n+++ b/helpers/two.ts\n@@ -0,0 +1 @@\n+made\n");
    assert_eq!(suite.left(&made, "seen/helpers/two.ts"), "made\n");
}
