//! An HTTP server of one file, on this machine.

use verdict_testkit::{Proxy, Request, free_address, http_answer};

/// How the server answers.
#[derive(Clone, Copy)]
pub enum Answer {
    /// As asked: 206 for a range, 416 for one past the end.
    Ranges,
    /// 200 with the whole file, whatever was asked.
    Whole,
    /// Says how long the file is, sends so many bytes and hangs up.
    HangUpAfter(usize),
    /// 503.
    Unavailable,
}

/// Serves one file under one name.
pub struct Server {
    proxy: Proxy,
    name: &'static str,
}

impl Server {
    pub fn start(name: &'static str, file: Vec<u8>, answer: Answer) -> Self {
        let path = format!("/{name}");
        let proxy = Proxy::server(move |request| {
            assert_eq!((&*request.method, &request.path), ("GET", &path));
            respond(request, &file, answer)
        });
        Self { proxy, name }
    }

    pub fn url(&self) -> String {
        format!("{}/{}", self.proxy.url(), self.name)
    }

    /// The range that each request asked for.
    pub fn ranges(&self) -> Vec<Option<String>> {
        let seen = self.proxy.seen();
        seen.iter().map(|request| request.header("range").map(str::to_owned)).collect()
    }
}

fn respond(request: &Request, file: &[u8], answer: Answer) -> Vec<u8> {
    let n = file.len();
    let start = match (request.header("range"), answer) {
        (Some(range), Answer::Ranges) => {
            let start = range.strip_prefix("bytes=").unwrap();
            start.strip_suffix('-').unwrap().parse().unwrap()
        }
        _ => 0,
    };
    match answer {
        Answer::Unavailable => http_answer(503, "", b""),
        Answer::HangUpAfter(sent) => {
            let mut answer = http_answer(200, "", file);
            answer.truncate(answer.len() - n + sent);
            answer
        }
        _ if start >= n => http_answer(416, "", b""),
        _ if start > 0 => {
            let range = format!("content-range: bytes {start}-{}/{n}\r\n", n - 1);
            http_answer(206, &range, &file[start..])
        }
        _ => http_answer(200, "", file),
    }
}

/// The URL of a file where no server is.
pub fn nowhere(name: &str) -> String {
    format!("http://{}/{name}", free_address())
}
