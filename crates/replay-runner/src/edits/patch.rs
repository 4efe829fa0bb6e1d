//! A unified diff, as far as it has to be understood before it is trusted: which files it touches, and where its hunks lie.

use std::path::{Component, Path, PathBuf};

/// Larger edits are no edits.
const MOST_BYTES: usize = 16 << 20;

/// A checked patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// Its file, for messages.
    pub(crate) name: String,
    /// The diff itself.
    pub(crate) text: Vec<u8>,
    /// Leading path parts to drop: 1 for `a/…` and `b/…`, else 0.
    pub(crate) strip: usize,
    /// What it touches.
    pub(crate) files: Vec<FilePatch>,
}

/// The part of a patch that touches one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// The file before; none when it is made.
    pub(crate) old: Option<PathBuf>,
    /// The file after; none when it is removed.
    pub(crate) new: Option<PathBuf>,
    /// Its hunks.
    pub(crate) hunks: Vec<Hunk>,
}

/// Where a hunk begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// Its `@@` line.
    pub(crate) header: String,
    /// The line of the old file.
    pub(crate) old_line: u64,
    /// The line of the patch, from 1.
    pub(crate) patch_line: usize,
}

impl FilePatch {
    /// The path that is there before, or else the one that is made.
    pub(crate) fn path(&self) -> &Path {
        self.old.as_deref().or(self.new.as_deref()).unwrap_or(Path::new(""))
    }
}

impl Patch {
    /// Reads a diff and refuses every path that could lead out of the tree; the error is the reason in words.
    pub(crate) fn parse(name: &str, text: Vec<u8>) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("it is larger than {MOST_BYTES} bytes"));
        }
        let told = std::str::from_utf8(&text).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let mut files = Reader::default().read(told)?;
        if files.is_empty() {
            return Err("it holds no unified diff (`--- a/file`, `+++ b/file`, `@@ …`)".to_owned());
        }
        let strip = usize::from(files.iter().all(has_prefixes));
        for file in &mut files {
            for path in [&mut file.old, &mut file.new].into_iter().flatten() {
                *path = path.components().skip(strip).collect();
                check(path)?;
            }
        }
        Ok(Self { name: name.to_owned(), text, strip, files })
    }

    /// The hunk that `git apply` names by file and line of the old file.
    pub(crate) fn hunk(&self, file: &str, old_line: u64) -> Option<&Hunk> {
        let of = self.files.iter().find(|found| found.path() == Path::new(file))?;
        of.hunks.iter().find(|hunk| hunk.old_line == old_line)
    }
}

fn has_prefixes(file: &FilePatch) -> bool {
    let begins = |path: &Option<PathBuf>, prefix: &str| {
        path.as_ref().is_none_or(|path| path.components().count() > 1 && path.starts_with(prefix))
    };
    begins(&file.old, "a") && begins(&file.new, "b")
}

/// A path that stays in the tree and away from what is not code.
fn check(path: &Path) -> Result<(), String> {
    let told = path.to_string_lossy();
    let refused = |why: &str| Err(format!("its path `{told}` {why}"));
    if told.is_empty() {
        return refused("is empty");
    }
    if told.contains('\\') || told.contains(':') || told.chars().any(char::is_control) {
        return refused("has a character that no path of a suite needs");
    }
    for part in path.components() {
        let Component::Normal(name) = part else { return refused("leads out of the tree") };
        // Some file systems take these for the same name.
        let name = name.to_string_lossy().trim_end_matches(['.', ' ']).to_lowercase();
        if name == ".git" || name == "git~1" {
            return refused("belongs to git");
        }
        if name == "node_modules" {
            return refused(
                "belongs to an installed package, which the copy shares with your tree",
            );
        }
    }
    Ok(())
}

/// Whether reading a path part by part changes it: what is checked then would not be what git reads.
fn is_unplain(path: &str) -> bool {
    path.contains("//") || path.contains("/./") || path.ends_with("/.") || path.ends_with('/')
}

/// Goes through a diff line by line; lines of hunks are counted, so that what looks like a header in them is none.
#[derive(Default)]
struct Reader {
    files: Vec<FilePatch>,
    current: Option<FilePatch>,
    old_left: u64,
    new_left: u64,
}

impl Reader {
    fn read(mut self, text: &str) -> Result<Vec<FilePatch>, String> {
        for (n, line) in text.lines().enumerate() {
            if self.old_left == 0 && self.new_left == 0 {
                self.header(n + 1, line)?;
            } else {
                self.body(n + 1, line)?;
            }
        }
        if self.old_left > 0 || self.new_left > 0 {
            return Err("its last hunk is cut off".to_owned());
        }
        self.end_file();
        Ok(self.files)
    }

    fn end_file(&mut self) {
        self.files
            .extend(self.current.take().filter(|file| file.old.is_some() || file.new.is_some()));
    }

    fn body(&mut self, n: usize, line: &str) -> Result<(), String> {
        let (old, new) = match line.as_bytes().first() {
            Some(b' ') | None => (1, 1),
            Some(b'-') => (1, 0),
            Some(b'+') => (0, 1),
            Some(b'\\') => (0, 0),
            Some(_) => return Err(format!("line {n} is no line of a hunk")),
        };
        let left = self.old_left.checked_sub(old).zip(self.new_left.checked_sub(new));
        (self.old_left, self.new_left) =
            left.ok_or_else(|| format!("the hunk at line {n} has more lines than it says"))?;
        Ok(())
    }

    fn header(&mut self, n: usize, line: &str) -> Result<(), String> {
        if line.starts_with("diff --git ") {
            self.end_file();
            self.current = Some(FilePatch::default());
        } else if line.starts_with("GIT binary patch") || line.starts_with("Binary files ") {
            return Err(format!("line {n} changes a binary file; only text is edited"));
        } else if let Some(mode) = mode_of(line) {
            if !matches!(mode, "100644" | "100755") {
                return Err(format!(
                    "line {n} makes something else than a plain file (mode {mode})"
                ));
            }
        } else if let Some(path) = line.strip_prefix("--- ") {
            // Without a `diff` line, this one begins a file.
            if self.current.as_ref().is_none_or(|file| !file.hunks.is_empty()) {
                self.end_file();
                self.current = Some(FilePatch::default());
            }
            self.set(n, path, |file| &mut file.old)?;
        } else if let Some(path) = line.strip_prefix("+++ ") {
            self.set(n, path, |file| &mut file.new)?;
        } else if let Some(path) = after(line, &["rename from ", "copy from "]) {
            self.set(n, &format!("a/{path}"), |file| &mut file.old)?;
        } else if let Some(path) = after(line, &["rename to ", "copy to "]) {
            self.set(n, &format!("b/{path}"), |file| &mut file.new)?;
        } else if line.starts_with("@@ ") {
            self.hunk(n, line)?;
        }
        Ok(())
    }

    fn set(
        &mut self,
        n: usize,
        path: &str,
        of: impl FnOnce(&mut FilePatch) -> &mut Option<PathBuf>,
    ) -> Result<(), String> {
        let path = plain(path).ok_or_else(|| format!("the path in line {n} cannot be read"))?;
        if is_unplain(&path) {
            return Err(format!("the path in line {n} is not written plainly"));
        }
        let file = self.current.as_mut().ok_or_else(|| format!("line {n} stands alone"))?;
        *of(file) = (path != "/dev/null").then(|| PathBuf::from(path));
        Ok(())
    }

    fn hunk(&mut self, n: usize, line: &str) -> Result<(), String> {
        let broken = || format!("line {n} is no hunk header: `{line}`");
        let inner =
            line.strip_prefix("@@ -").and_then(|rest| rest.split_once(" @@")).ok_or_else(broken)?.0;
        let (old, new) = inner.split_once(" +").ok_or_else(broken)?;
        let (old_line, old_count) = range(old).ok_or_else(broken)?;
        let (_, new_count) = range(new).ok_or_else(broken)?;
        let file = self.current.as_mut().filter(|file| file.old.is_some() || file.new.is_some());
        let file = file.ok_or_else(|| format!("the hunk at line {n} belongs to no file"))?;
        (self.old_left, self.new_left) = (old_count, new_count);
        file.hunks.push(Hunk { header: line.to_owned(), old_line, patch_line: n });
        Ok(())
    }
}

fn after<'a>(line: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| line.strip_prefix(prefix))
}

fn mode_of(line: &str) -> Option<&str> {
    after(line, &["new file mode ", "new mode ", "old mode ", "deleted file mode "]).map(str::trim)
}

/// `12,3` or `12`.
fn range(text: &str) -> Option<(u64, u64)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

/// A path as git or diff writes it: behind it a tab and a time, around it quotes with escapes where it has unusual letters.
fn plain(path: &str) -> Option<String> {
    let Some(quoted) = path
        .strip_prefix("a/\"")
        .or_else(|| path.strip_prefix("b/\""))
        .or_else(|| path.strip_prefix('"'))
    else {
        return path.split('\t').next().map(|path| path.trim_end_matches('\r').to_owned());
    };
    let prefix = if path.starts_with('"') { "" } else { path.get(..2)? };
    let inner = quoted.rsplit_once('"')?.0;
    let (mut bytes, mut rest) = (prefix.as_bytes().to_vec(), inner.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let octal = rest.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            let [letter, tail @ ..] = rest else { return None };
            bytes.push(match letter {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                other => *other,
            });
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
