//! Faults on the wire: what stands between the program and a server, on the loopback interface.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// Something that listens until it is dropped.
pub(crate) struct Wire {
    address: String,
    refused: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Wire {
    fn start(handle: impl Fn(TcpStream, usize, &AtomicUsize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (refused, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let wire = Self { address, refused: Arc::clone(&refused), stop: Arc::clone(&stop) };
        let handle = Arc::new(handle);
        thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (handle, refused) = (Arc::clone(&handle), Arc::clone(&refused));
                thread::spawn(move || handle(stream.unwrap(), n, &refused));
            }
        });
        wire
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Requests that were refused.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _woken = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// Hands bytes on in both directions, at most so many to the server, which all connections share; then it breaks.
fn pass(client: TcpStream, server: &str, budget: &AtomicUsize) {
    if budget.load(Ordering::Relaxed) == 0 {
        return;
    }
    let upstream = TcpStream::connect(server).unwrap();
    let (mut from_server, mut to_client) =
        (upstream.try_clone().unwrap(), client.try_clone().unwrap());
    let back = thread::spawn(move || {
        let _broken = io::copy(&mut from_server, &mut to_client);
        let _gone = to_client.shutdown(Shutdown::Both);
    });
    let (mut from_client, mut to_server) = (client, upstream);
    let mut buffer = [0; 8192];
    while let Ok(n @ 1..) = from_client.read(&mut buffer) {
        let before = budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(n)))
            .unwrap();
        if before <= n || to_server.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _gone = to_server.shutdown(Shutdown::Both);
    let _gone = from_client.shutdown(Shutdown::Both);
    back.join().unwrap();
}

/// Breaks after so many bytes: once, or so that it never answers again.
pub(crate) fn cut_after(server: &str, bytes: usize, once: bool) -> Wire {
    let (server, budget) = (host(server), AtomicUsize::new(bytes));
    let unbounded = AtomicUsize::new(usize::MAX);
    Wire::start(move |client, _, _| {
        let is_cut = budget.load(Ordering::Relaxed) == 0;
        pass(client, &server, if is_cut && once { &unbounded } else { &budget });
    })
}

/// Answers the first requests with this error, as AWS writes it, and hands on the others.
pub(crate) fn refuse_first(server: &str, n: usize, error: &'static str) -> Wire {
    let (server, unbounded) = (host(server), AtomicUsize::new(usize::MAX));
    Wire::start(move |mut client, connection, refused| {
        if connection >= n {
            return pass(client, &server, &unbounded);
        }
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n > 0) {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next()?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if client.read_exact(&mut body).is_err() {
            return;
        }
        refused.fetch_add(1, Ordering::Relaxed);
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{error}",
            error.len()
        );
        let _gone = client.write_all(answer.as_bytes());
    })
}
