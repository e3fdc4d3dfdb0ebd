//! Faults on the wire between the program and a server.

use verdict_testkit::{Fate, Proxy, http_answer};

fn before(
    server: &str,
    rule: impl FnMut(&verdict_testkit::Request) -> Fate + Send + 'static,
) -> Proxy {
    let server = server.trim_start_matches("http://").trim_end_matches('/');
    Proxy::new(Some(server.parse().unwrap()), rule)
}

/// Breaks once so many bytes of bodies have passed: one request, or that and all after it.
pub(crate) fn cut_after(server: &str, bytes: usize, once: bool) -> Proxy {
    let (mut left, mut is_cut) = (bytes, false);
    before(server, move |request| match request.body.len() {
        _ if is_cut => {
            if once {
                Fate::Pass
            } else {
                Fate::Drop
            }
        }
        n if n < left => {
            left -= n;
            Fate::Pass
        }
        _ => {
            is_cut = true;
            Fate::Cut(left)
        }
    })
}

/// Answers the first requests with this error, as AWS writes it, and hands on the others.
pub(crate) fn refuse_first(server: &str, n: usize, error: &'static str) -> Proxy {
    let mut asked = 0;
    before(server, move |_| {
        asked += 1;
        if asked > n {
            return Fate::Pass;
        }
        let media_type = "content-type: application/x-amz-json-1.1\r\n";
        Fate::Answer(http_answer(400, media_type, error.as_bytes()))
    })
}
