//! The first pass: what the archive itself says to be secret is gone from all of it afterwards.

use super::line::Lines;
use super::member::{self, Class};
use super::{Archive, snapshot};

/// Learns from every line that may teach something. A member that cannot be read is told by the second pass.
pub(super) fn learn(archive: &mut Archive, lines: &mut Lines<'_>) {
    for n in 0..archive.len() {
        let Ok(file) = archive.by_index(n) else { continue };
        let name = file.name().unwrap_or_default().into_owned();
        if member::class(&name, lines) != Class::Lines {
            continue;
        }
        let is_network = name.ends_with(".network");
        drop(member::each_line(file, |line| {
            match line {
                Some(line) if is_network => drop(lines.clean(line)),
                Some(line) => from(line, lines),
                None => {}
            }
            Ok(())
        }));
    }
    lines.learnt();
}

fn from(line: &[u8], lines: &mut Lines<'_>) {
    let Ok(text) = std::str::from_utf8(line) else { return };
    for value in lines.typed_by(line).into_iter().chain(snapshot::secrets_of(text, lines)) {
        lines.learn(value);
    }
}
