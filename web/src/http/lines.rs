//! The lines of a request's body, as they come, each within a size and a time.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use verdict_messages::json::without_mark;

use crate::problems::{self, HttpProblem};

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, ()>> + Send>>;

/// Splits pieces of a body into lines.
pub(super) struct Lines {
    pieces: Pieces,
    most: usize,
    read: Duration,
    // What came and is no whole line yet.
    open: BytesMut,
    // Length of a line that is too long, of which nothing is kept.
    dropped: Option<usize>,
    ready: VecDeque<Result<Bytes, HttpProblem>>,
    has_ended: bool,
    is_first: bool,
}

impl Lines {
    /// Lines of at most `most` bytes; the next piece of the body must come within `read`.
    pub(super) fn new<B: Buf, E>(
        body: impl Stream<Item = Result<B, E>> + Send + 'static,
        most: usize,
        read: Duration,
    ) -> Self {
        let pieces = body.map(|piece| match piece {
            Ok(mut piece) => Ok(piece.copy_to_bytes(piece.remaining())),
            Err(_broken) => Err(()),
        });
        Self {
            pieces: Box::pin(pieces),
            most,
            read,
            open: BytesMut::new(),
            dropped: None,
            ready: VecDeque::new(),
            has_ended: false,
            is_first: true,
        }
    }

    /// The next line that is not blank, without its end; or why it cannot be had. `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, HttpProblem>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.has_ended {
                return None;
            }
            match tokio::time::timeout(self.read, self.pieces.next()).await {
                Ok(Some(Ok(piece))) => self.split(&piece),
                Ok(None) => {
                    self.has_ended = true;
                    self.end_line();
                }
                Ok(Some(Err(()))) => {
                    self.has_ended = true;
                    let why = "the connection ended within the request's body";
                    return Some(Err(problems::bad_request(why)));
                }
                Err(_elapsed) => {
                    self.has_ended = true;
                    return Some(Err(problems::slow_body(self.read)));
                }
            }
        }
    }

    fn split(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            self.extend(line);
            self.end_line();
            rest = after.get(1..).unwrap_or_default();
        }
        self.extend(rest);
    }

    fn extend(&mut self, part: &[u8]) {
        match &mut self.dropped {
            Some(length) => *length += part.len(),
            None if self.open.len() + part.len() > self.most => {
                self.dropped = Some(self.open.len() + part.len());
                self.open.clear();
            }
            None => self.open.extend_from_slice(part),
        }
    }

    fn end_line(&mut self) {
        let mut line = self.open.split().freeze();
        if let Some(length) = self.dropped.take() {
            let most = u64::try_from(self.most).unwrap_or(u64::MAX);
            let length = u64::try_from(length).unwrap_or(u64::MAX);
            self.ready.push_back(Err(problems::body_too_large(most, length)));
        } else {
            if std::mem::take(&mut self.is_first) {
                line.advance(line.len() - without_mark(&line).len());
            }
            if !line.trim_ascii().is_empty() {
                self.ready.push_back(Ok(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::stream;

    use super::*;

    async fn lines(pieces: &'static [&'static str], most: usize) -> Vec<Result<String, u16>> {
        let pieces = stream::iter(pieces.iter().map(|piece| Ok::<_, io::Error>(piece.as_bytes())));
        let mut lines = Lines::new(pieces, most, Duration::from_secs(5));
        let mut found = Vec::new();
        while let Some(line) = lines.next().await {
            let line = line.map_err(|problem| problem.problem.status);
            found.push(line.map(|line| String::from_utf8(line.to_vec()).expect("UTF-8")));
        }
        found
    }

    #[tokio::test]
    async fn lines_are_split_wherever_the_pieces_end_and_long_ones_are_named_in_their_place() {
        let ok = |line: &str| Ok(line.to_owned());
        assert_eq!(lines(&[], 8).await, []);
        assert_eq!(lines(&["\n \r\n"], 8).await, []);
        assert_eq!(lines(&["\u{feff}a\nb", "c\n", "d"], 8).await, [ok("a"), ok("bc"), ok("d")]);
        assert_eq!(
            lines(&["12345678\n123456789\nx\n1234", "5678", "9"], 8).await,
            [ok("12345678"), Err(413), ok("x"), Err(413)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_ends() {
        let pieces = stream::pending::<Result<Bytes, io::Error>>();
        let mut lines = Lines::new(pieces, 8, Duration::from_secs(5));
        let last = lines.next().await.expect("a problem").expect_err("a problem");
        assert_eq!(last.problem.status, 408);
        assert!(lines.next().await.is_none());
    }
}
