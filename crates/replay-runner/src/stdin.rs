//! Standard input as lines and bytes to wait for. Whoever started the process may have made it one that does not block, as Node does
//! when it looks at its own; nothing to read is then told as an error, which is not the end.

use std::io::{BufRead, BufReader, ErrorKind, Read, Result};
use std::thread;
use std::time::Duration;

/// Between two looks at an input that does not block.
const AGAIN: Duration = Duration::from_millis(50);

/// Waits for lines.
pub(crate) fn lines() -> impl BufRead {
    BufReader::new(Waiting(std::io::stdin()))
}

/// Returns when nobody holds the other end any more; what is read until then is not kept.
pub(crate) fn ended() {
    // An input that cannot be read has ended too.
    drop(std::io::copy(&mut Waiting(std::io::stdin()), &mut std::io::sink()));
}

/// A reader for which there is something, or the end.
struct Waiting<R>(R);

impl<R: Read> Read for Waiting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(AGAIN),
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its parts one by one, and between them what an input says that does not block.
    struct Hesitant(Vec<&'static str>, bool);

    impl Read for Hesitant {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let Some(part) = (!self.0.is_empty()).then(|| self.0.remove(0)) else { return Ok(0) };
            buffer[..part.len()].copy_from_slice(part.as_bytes());
            Ok(part.len())
        }
    }

    #[test]
    fn nothing_to_read_is_not_the_end() {
        let input = Waiting(Hesitant(vec!["ru", "n\nen", "d\n"], false));
        let lines: Vec<String> = BufReader::new(input).lines().map(Result::unwrap).collect();
        assert_eq!(lines, ["run", "end"]);
    }
}
