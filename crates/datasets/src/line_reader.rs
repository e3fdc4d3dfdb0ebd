//! Lines of bounded length, numbered from 1.

use std::io::{self, BufRead};

/// One line, or the length of one beyond the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Without its line end (`\n` or `\r\n`).
    Whole(&'a [u8]),
    /// More bytes than the limit; the whole line was skipped.
    TooLong { got: u64 },
}

/// Reads line by line and never holds more than `max` bytes.
pub(crate) struct LineReader<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
    max: usize,
}

impl<R: BufRead> LineReader<R> {
    pub(crate) fn new(input: R, max: usize) -> Self {
        Self { input, line: Vec::new(), number: 0, max }
    }

    /// The next line and its number; `None` at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        self.line.clear();
        let mut got: u64 = 0;
        let mut ended = false;
        while !ended {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() {
                break;
            }
            let (piece, used) = match buffer.iter().position(|&byte| byte == b'\n') {
                Some(at) => (buffer.get(..at).unwrap_or_default(), at + 1),
                None => (buffer, buffer.len()),
            };
            ended = used > piece.len();
            got += piece.len() as u64;
            if got <= self.max as u64 {
                self.line.extend_from_slice(piece);
            }
            self.input.consume(used);
        }
        if !ended && got == 0 {
            return Ok(None);
        }
        self.number += 1;
        if got > self.max as u64 {
            return Ok(Some((self.number, Line::TooLong { got })));
        }
        let line = self.line.as_slice();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some((self.number, Line::Whole(line))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(input: &[u8], max: usize) -> Vec<Result<String, u64>> {
        // A buffer of three bytes, so that every line crosses its edge somewhere.
        let mut lines = LineReader::new(BufReader::with_capacity(3, input), max);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next_line().unwrap() {
            assert_eq!(number, all.len() as u64 + 1);
            all.push(match line {
                Line::Whole(bytes) => Ok(String::from_utf8(bytes.to_vec()).unwrap()),
                Line::TooLong { got } => Err(got),
            });
        }
        all
    }

    #[test]
    fn lines_end_as_on_any_system_and_the_last_needs_no_end() {
        for (input, expected) in [
            ("", vec![]),
            ("one", vec!["one"]),
            ("one\n", vec!["one"]),
            ("one\r\ntwo\n\nfour", vec!["one", "two", "", "four"]),
        ] {
            assert_eq!(
                read(input.as_bytes(), 100),
                expected.into_iter().map(|s| Ok(s.into())).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn a_line_past_the_limit_is_passed_over_and_the_next_one_read() {
        assert_eq!(read(b"12345\n123456\nend", 5), [Ok("12345".into()), Err(6), Ok("end".into())]);
    }
}
