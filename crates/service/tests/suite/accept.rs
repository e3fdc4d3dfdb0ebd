//! The accept loop over real sockets: clients that are slow, idle, many, or speak no HTTP.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, service::service_fn};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};
use verdict_service::{Arriving, Closed, Limits, accept};

const LIMITS: Limits = Limits {
    connections: 8,
    connections_per_address: 4,
    header_read: Duration::from_secs(10),
    write: Duration::from_millis(300),
    headers: 16,
    buffer: 8 * 1024,
    drain: Duration::from_secs(1),
};

/// A server with `/` (one word), `/large`, `/echo`, `/unread` and `/slow`, which answers when it is
/// told to.
struct Running {
    address: SocketAddr,
    go: Arc<Notify>,
    displaced: Arc<AtomicUsize>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (go, displaced) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
        let (told, count) = (Arc::clone(&go), Arc::clone(&displaced));
        let service = move |_peer| {
            let told = Arc::clone(&told);
            service_fn(move |request: Request<Arriving>| answer(request, Arc::clone(&told)))
        };
        let closed = move |closed| {
            if closed == Closed::Displaced {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let unreadable = |status: StatusCode| {
            let mut response = Response::new(Bytes::from(format!("cannot be read: {status}")));
            response.headers_mut().insert("x-ours", "yes".parse().unwrap());
            response
        };
        tokio::spawn(accept(listener, limits, service, closed, unreadable, pending()));
        Self { address, go, displaced }
    }

    async fn connect(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, request: &str) -> String {
        rest(&mut self.connect(request).await).await
    }
}

async fn answer(
    request: Request<Arriving>,
    told: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.uri().path() {
        "/large" => Bytes::from(vec![b'x'; 1 << 20]),
        "/echo" => request.into_body().collect().await.map_or(Bytes::new(), |body| body.to_bytes()),
        "/slow" => {
            told.notified().await;
            Bytes::from_static(b"at last")
        }
        _ => Bytes::from_static(b"well"),
    };
    Ok(Response::new(Full::new(body)))
}

const WELL: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const LAST: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// What comes until the end of the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let ended = timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
    ended.expect("the connection ends").expect("it ends well");
    String::from_utf8(bytes).unwrap()
}

/// Awaits the answer to [`WELL`].
async fn well(stream: &mut TcpStream) {
    let mut text = String::new();
    while !text.ends_with("well") {
        let mut piece = [0; 1024];
        let read = timeout(Duration::from_secs(20), stream.read(&mut piece)).await;
        let read = read.expect("an answer in time").unwrap();
        assert!(read > 0, "ended after {text:?}");
        text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up_and_one_that_pauses_is_not() {
    let running = Running::start(LIMITS).await;
    let many = "GET /large HTTP/1.1\r\nhost: x\r\n\r\n".repeat(32);
    let mut silent = running.connect(&many).await;
    let ended = timeout(Duration::from_secs(20), async {
        // The server does not read while it cannot write, so this fails only by its end.
        while silent.write_all(many.as_bytes()).await.is_ok() {}
    });
    ended.await.expect("the connection is closed");

    let mut pausing = running.connect(&many).await;
    let mut piece = vec![0; 4 << 20];
    let mut seen = 0;
    let mut pause = tokio::time::interval(LIMITS.write / 30);
    while seen < 32 << 20 {
        pause.tick().await;
        seen += pausing.read(&mut piece).await.unwrap();
    }
}

#[tokio::test]
async fn idle_connections_give_way_to_new_ones_and_requests_at_work_do_not() {
    let running = Running::start(LIMITS).await;
    let mut at_work = running.connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut kept = running.connect(WELL).await;
    well(&mut kept).await;
    let heads = ["", "GET / HTT", "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"];
    let mut idle = Vec::new();
    for _ in 0..20 {
        for head in heads {
            idle.push(running.connect(head).await);
        }
    }
    assert!(running.ask(LAST).await.ends_with("well"));
    assert_eq!(rest(&mut kept).await, "", "it waited longest");
    assert!(running.displaced.load(Ordering::Relaxed) >= 58);
    running.go.notify_one();
    let mut answer = [0; 15];
    at_work.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_head_that_cannot_be_read_gets_the_answer_of_the_server() {
    let running = Running::start(LIMITS).await;
    let many: String = (0..17).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "a".repeat(1 << 20));
    let good_first = format!("{WELL}nonsense\r\n\r\n");
    for (request, status) in [
        ("nonsense\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nhost: x\r\nx\u{0}: 1\r\n\r\n", "400 Bad Request"),
        ("GET  / HTTP/1.1\r\nhost: x\r\n\r\n", "400 Bad Request"),
        (&format!("GET / HTTP/1.1\r\n{many}\r\n"), "431 Request Header Fields Too Large"),
        (&format!("GET / HTTP/1.1\r\n{long}\r\n"), "431 Request Header Fields Too Large"),
        (&good_first, "400 Bad Request"),
    ] {
        let answer = running.ask(request).await;
        let start = request.chars().take(40).collect::<String>();
        let body = format!("cannot be read: {status}");
        assert!(answer.contains(&format!("HTTP/1.1 {status}\r\n")), "{start}: {answer}");
        assert!(answer.contains("x-ours: yes\r\n"), "{start}: {answer}");
        assert!(answer.contains(&format!("content-length: {}\r\n", body.len())), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{start}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_ended_its_half_gets_its_answer() {
    let running = Running::start(LIMITS).await;
    let mut stream = running.connect("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    stream.shutdown().await.unwrap();
    // It is at work, and its end was seen: a second request is answered meanwhile.
    assert!(running.ask(LAST).await.ends_with("well"));
    running.go.notify_one();
    assert!(rest(&mut stream).await.ends_with("at last"));
}

#[tokio::test]
async fn an_answer_that_comes_before_the_end_of_the_request_is_not_lost() {
    let running = Running::start(LIMITS).await;
    let body = "x".repeat(8 << 20);
    let request =
        format!("POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    assert!(running.ask(&request).await.ends_with("well"));
}
