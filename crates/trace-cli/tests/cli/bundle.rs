//! `bundle`, and bundles opened as traces.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::kit::{Upgrade, molar, page, record};

/// A root with one finished trace, and its bundle.
struct Bundled {
    root: tempfile::TempDir,
    id: String,
    dir: PathBuf,
    file: PathBuf,
}

fn bundled() -> Bundled {
    let root = tempfile::tempdir().unwrap();
    let trace = record(root.path(), 1, Upgrade::Fails);
    let file = root.path().join("one.tar.zst");
    let id = trace.short_id.to_string();
    molar(root.path(), &["bundle", &id, "-o", file.to_str().unwrap()])
        .expect(0)
        .says(&["written: 1 traces"]);
    Bundled { root, id, dir: trace.dir, file }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_bundle_is_a_trace_anywhere_else() {
    let Bundled { root, id, file, .. } = bundled();
    let elsewhere = tempfile::tempdir().unwrap();
    let lines = molar(root.path(), &["cat", &id]).expect(0).stdout;
    assert_eq!(molar(elsewhere.path(), &["cat", text(&file)]).expect(0).stdout, lines);
    molar(elsewhere.path(), &["show", text(&file)])
        .expect(0)
        .says(&["upgrades the plan", "toHaveText"]);
    let found = molar(elsewhere.path(), &["query", text(&file), "status>=400"]).expect(0).stdout;
    assert_eq!(found.lines().count(), 1);
    let inlined =
        molar(elsewhere.path(), &["export", text(&file), "--format", "ndjson", "--inline-blobs"])
            .expect(0)
            .stdout;
    assert!(inlined.contains(std::str::from_utf8(&page()).unwrap()));
    molar(elsewhere.path(), &["diff", text(&file), text(&file)]).expect(0);
}

#[test]
fn equal_traces_give_equal_bytes_and_tar_reads_them() {
    let Bundled { root, id, dir, file } = bundled();
    let again = root.path().join("again.tar.zst");
    molar(root.path(), &["bundle", text(&dir), "-o", text(&again)]).expect(0);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap());
    molar(root.path(), &["bundle", "--verify", text(&file)])
        .expect(0)
        .says(&["whole: 1 traces", &id]);
    // What any other program finds in it is a recorder's folder.
    let elsewhere = tempfile::tempdir().unwrap();
    tar::Archive::new(zstd::Decoder::new(std::fs::File::open(&file).unwrap()).unwrap())
        .unpack(elsewhere.path())
        .unwrap();
    let listed = molar(elsewhere.path(), &["ls", "--json"]).expect(0).json();
    assert_eq!(listed["items"][0]["short_id"], id.as_str());
}

#[test]
fn the_vault_stays_home_unless_it_is_asked_for() {
    let Bundled { root, dir, .. } = bundled();
    std::fs::write(dir.join("secrets.age"), b"age-encryption.org/v1").unwrap();
    for (more, has_vault) in [(None, false), (Some("--with-vault"), true)] {
        let file = root.path().join("vault.tar.zst");
        let mut args = vec!["bundle", text(&dir), "-o", text(&file), "--json"];
        args.extend(more);
        let told = molar(root.path(), &args).expect(0).json();
        assert_eq!(told["has_vault"], has_vault);
    }
}

#[test]
fn what_is_no_finished_trace_is_refused() {
    let root = tempfile::tempdir().unwrap();
    molar(root.path(), &["bundle"]).expect(2);
    molar(root.path(), &["bundle", "xY9zQ2mNp"]).expect(4);
    let ran = molar(root.path(), &["bundle", text(root.path())]).expect(3);
    assert!(ran.stderr.contains("no finished trace"), "{}", ran.stderr);
    assert!(!root.path().join("trace-bundle.tar.zst").exists());
}

#[test]
fn damage_is_found() {
    let Bundled { root, file, .. } = bundled();
    let good = std::fs::read(&file).unwrap();
    let check = |bytes: &[u8]| {
        let bad = root.path().join("bad.tar.zst");
        std::fs::write(&bad, bytes).unwrap();
        molar(root.path(), &["bundle", "--verify", text(&bad)]).expect(3);
        molar(root.path(), &["push", text(&bad), "--url", "http://127.0.0.1:9"]).expect(3);
    };
    check(b"");
    check(b"no archive");
    check(&good[..good.len() / 2]);
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    check(&flipped);
}

/// Archives that somebody else made: what they want is refused by name, and nothing is written outside.
#[test]
fn hostile_archives_are_refused() {
    let Bundled { root, file, .. } = bundled();
    let members = members(&file);
    let list = members[0].1.clone();
    let check = |members: &[(String, Vec<u8>, tar::EntryType)], reason: &str| {
        let bad = root.path().join("hostile.tar.zst");
        std::fs::write(&bad, archive(members)).unwrap();
        let ran = molar(root.path(), &["bundle", "--verify", text(&bad)]).expect(3);
        assert!(ran.stderr.contains(reason), "no `{reason}` in {}", ran.stderr);
        assert!(molar(root.path(), &["show", text(&bad)]).code != 0);
    };
    let file_of =
        |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec(), tar::EntryType::Regular);
    let listed = file_of("bundle.json", &list);
    check(&[file_of("evil.txt", b"x")], "first member is not");
    check(&[listed.clone(), file_of("../../evil", b"x")], "not listed");
    check(&[listed.clone(), file_of("/tmp/evil", b"x")], "not listed");
    check(std::slice::from_ref(&listed), "cut short");
    let first = file_of(&members[1].0, &members[1].1);
    check(&[listed.clone(), first.clone(), first.clone()], "stands twice");
    check(
        &[listed.clone(), (members[1].0.clone(), Vec::new(), tar::EntryType::Symlink)],
        "no plain file",
    );
    check(&[listed.clone(), file_of(&members[1].0, b"other")], "another size");
    let mut other = members[1].1.clone();
    other[0] ^= 1;
    check(&[listed, file_of(&members[1].0, &other)], "not the listed ones");

    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_slice(&list).unwrap();
        change(&mut value);
        file_of("bundle.json", value.to_string().as_bytes())
    };
    check(&[changed(&|list| list["format"] = 2.into())], "format 2");
    check(
        &[changed(&|list| list["files"][0]["name"] = "../evil".into())],
        "no file of the listed traces",
    );
    check(
        &[changed(&|list| list["files"][0]["name"] = "blobs/sha256/../../evil".into())],
        "no file of the listed traces",
    );
    check(&[changed(&|list| list["files"][0]["size"] = (1_u64 << 60).into())], "at most");
    let twice = changed(&|list| {
        let file = list["files"][0].clone();
        list["files"].as_array_mut().unwrap().push(file);
    });
    check(&[twice], "listed twice");
}

fn members(bundle: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar =
        tar::Archive::new(zstd::Decoder::new(std::fs::File::open(bundle).unwrap()).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    tar.entries().unwrap().map(read).collect()
}

/// Names go into the header as they are: the library itself would refuse to write some of them.
fn archive(members: &[(String, Vec<u8>, tar::EntryType)]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, bytes, kind) in members {
        let mut header = tar::Header::new_ustar();
        let field = header.as_ustar_mut().unwrap();
        let split = if name.len() > 100 { name[..name.len() - 1].rfind('/').unwrap() } else { 0 };
        let (front, back) =
            if split > 0 { (&name[..split], &name[split + 1..]) } else { ("", name.as_str()) };
        field.prefix[..front.len()].copy_from_slice(front.as_bytes());
        field.name[..back.len()].copy_from_slice(back.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend_from_slice(&[0; 1024]);
    zstd::encode_all(&tar[..], 3).unwrap()
}
