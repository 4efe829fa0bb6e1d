//! The fence: without `edge`, nothing that could open a file, a socket or a thread is even compiled in.

use std::process::Command;

#[test]
fn the_core_depends_on_nothing_that_does_io() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = Command::new(cargo)
        .args([
            "tree",
            "-p",
            "trace-core",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--no-dedupe",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<_> = names.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"zstd"), "the tree was not understood: {names:?}");
    for banned in ["tokio", "reqwest", "axum", "object_store", "napi", "hyper", "mio", "async-std"]
    {
        assert!(!names.contains(&banned), "trace-core without `edge` depends on `{banned}`");
    }
}
