//! Request bodies, within a size and a time. No route reads a body in another way: `clippy.toml`
//! bans the others.

use std::{convert::Infallible, pin::pin, time::Duration};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use verdict_messages::json::without_mark;
use warp::{
    Filter,
    http::{HeaderMap, header},
};

use crate::problems::{self, HttpProblem};

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes.
    pub bytes: u64,
    /// Time from the request's head to the body's last byte.
    pub read: Duration,
}

/// The whole body, or the problem to respond with. Never rejects.
pub(crate) fn limited(
    limits: BodyLimits,
) -> impl Filter<Extract = (Result<Bytes, HttpProblem>,), Error = warp::Rejection> + Clone {
    warp::header::headers_cloned().and(warp::body::stream()).and_then(
        move |headers: HeaderMap, body| async move {
            Ok::<_, Infallible>(read(&headers, body, limits).await)
        },
    )
}

async fn read<B: Buf, E>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, E>>,
    limits: BodyLimits,
) -> Result<Bytes, HttpProblem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse().ok()) {
        // The accept loop reads the rest away, so that the client reads this.
        Some(length) if length > limits.bytes => {
            Err(problems::body_too_large(limits.bytes, length))
        }
        _ => match tokio::time::timeout(limits.read, collect(body, limits.bytes)).await {
            Ok(collected) => collected,
            Err(_elapsed) => Err(problems::slow_body(limits.read)),
        },
    }
}

async fn collect<B: Buf, E>(
    body: impl Stream<Item = Result<B, E>>,
    limit: u64,
) -> Result<Bytes, HttpProblem> {
    let mut body = pin!(body);
    let mut collected = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_broken| {
            problems::bad_request(
                "the request's body ended too early, or is not what its Content-Encoding says",
            )
        })?;
        if (collected.len() + piece.remaining()) as u64 > limit {
            return Err(problems::body_beyond(limit));
        }
        collected.put(piece);
    }
    // A byte order mark is not part of the text, whatever kind of text the body is.
    let collected = collected.freeze();
    let mark = collected.len() - without_mark(&collected).len();
    Ok(collected.slice(mark..))
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::{FutureExt, stream};

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { bytes: 8, read: Duration::from_secs(5) };

    fn headers(length: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, length.parse().expect("a header value"));
        headers
    }

    fn pieces(pieces: &[&'static str]) -> impl Stream<Item = Result<Bytes, io::Error>> {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        stream::iter(pieces)
    }

    #[tokio::test]
    async fn a_body_within_the_limit_arrives_whole() {
        let body = read(&headers("8"), pieces(&["abcd", "", "efgh"]), LIMITS).await;
        assert_eq!(body.expect("fits"), "abcdefgh");
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_has_the_same_limit() {
        let none = HeaderMap::new();
        let fits = read(&none, pieces(&["abcd", "efgh"]), LIMITS).await;
        assert_eq!(fits.expect("fits"), "abcdefgh");
        let more = read(&none, pieces(&["abcd", "efghi"]), LIMITS).await;
        assert_eq!(more.expect_err("too large").problem.status, 413);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_400() {
        let broken = pieces(&["ab"]).chain(stream::iter([Err(io::Error::other("reset"))]));
        let refused = read(&headers("4"), broken, LIMITS).now_or_never().expect("at once");
        assert_eq!(refused.expect_err("broken").problem.status, 400);
    }
}
