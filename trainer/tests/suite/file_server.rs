//! An HTTP server of one file, on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use verdict_testkit::free_address;

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

/// Serves one file under one name; keeps the range that each request asked for.
pub struct Server {
    address: SocketAddr,
    name: &'static str,
    ranges: Arc<Mutex<Vec<Option<String>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(name: &'static str, file: Vec<u8>, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(range) = respond(&stream.unwrap(), name, &file, answer) else { return };
                seen.lock().unwrap().push(range);
            }
        });
        Self { address, name, ranges, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}/{}", self.address, self.name)
    }

    pub fn ranges(&self) -> Vec<Option<String>> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A connection without a request is the end.
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Answers one request and gives its range; `None` where there was no request.
fn respond(
    mut stream: &TcpStream,
    name: &str,
    file: &[u8],
    answer: Answer,
) -> Option<Option<String>> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.unwrap();
    assert_eq!(request, format!("GET /{name} HTTP/1.1"));
    let headers: Vec<String> =
        lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    let range = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("range").then(|| value.to_owned())
    });
    let n = file.len();
    let start = match (&range, answer) {
        (Some(range), Answer::Ranges) => {
            let start = range.strip_prefix("bytes=").unwrap();
            start.strip_suffix('-').unwrap().parse().unwrap()
        }
        _ => 0,
    };
    let (status, body, length) = match answer {
        Answer::Unavailable => ("503 Service Unavailable", &file[..0], 0),
        Answer::HangUpAfter(sent) => ("200 OK", &file[..sent], n),
        _ if start >= n => ("416 Range Not Satisfiable", &file[..0], 0),
        _ if start > 0 => ("206 Partial Content", &file[start..], n - start),
        _ => ("200 OK", file, n),
    };
    let range_header = if start > 0 && start < n {
        format!("content-range: bytes {start}-{}/{n}\r\n", n - 1)
    } else {
        String::new()
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{range_header}connection: close\r\n\r\n"
    )
    .unwrap();
    stream.write_all(body).unwrap();
    Some(range)
}

/// The URL of a file where no server is.
pub fn nowhere(name: &str) -> String {
    format!("http://{}/{name}", free_address())
}
