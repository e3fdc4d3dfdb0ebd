//! What stands between a client and a server: it counts requests, and may answer, drop or pass each
//! of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use verdict_registry::{MlflowRegistry, TrackingSettings};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Request line and header fields.
    pub(crate) head: String,
    body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Fate {
    /// The server gets it and its answer arrives.
    Pass,
    /// The server gets it, and the answer is lost on the way.
    LoseAnswer,
    /// The connection ends at once: the server is down.
    Drop,
    /// This is the answer, all of it.
    Answer(Vec<u8>),
}

type Rule = Box<dyn FnMut(&Request) -> Fate + Send>;

struct State {
    upstream: Option<SocketAddr>,
    rule: Rule,
    seen: Vec<Request>,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub(crate) fn new(
        upstream: Option<SocketAddr>,
        rule: impl FnMut(&Request) -> Fate + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(Mutex::new(State { upstream, rule: Box::new(rule), seen: Vec::new() }));
        let shared = state.clone();
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                // Whoever waits for an answer sees what went wrong.
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn rule(&self, rule: impl FnMut(&Request) -> Fate + Send + 'static) {
        self.state.lock().unwrap().rule = Box::new(rule);
    }

    pub(crate) fn upstream(&self, upstream: SocketAddr) {
        self.state.lock().unwrap().upstream = Some(upstream);
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn settings(&self) -> TrackingSettings {
        TrackingSettings::new(&self.url()).unwrap()
    }

    /// A registry as a new process has it.
    pub(crate) fn registry(&self) -> MlflowRegistry {
        MlflowRegistry::new(&self.settings()).unwrap()
    }
}

/// An answer of HTTP.
pub(crate) fn answer(status: u16, body: &str) -> Fate {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    Fate::Answer([head.as_bytes(), body.as_bytes()].concat())
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let request = read(&client)?;
    let (fate, upstream) = {
        let mut state = state.lock().unwrap();
        state.seen.push(request.clone());
        ((state.rule)(&request), state.upstream)
    };
    match fate {
        Fate::Drop => Ok(()),
        Fate::Answer(bytes) => client.write_all(&bytes),
        Fate::Pass => client.write_all(&ask(upstream, &request)?),
        Fate::LoseAnswer => ask(upstream, &request).map(drop),
    }
}

fn read(client: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        reader.read_line(&mut head)?;
        let line = head[start..].trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head.split(' ').map(str::to_owned);
    Ok(Request {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        head,
        body,
    })
}

fn ask(upstream: Option<SocketAddr>, request: &Request) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream.expect("a server to pass to"))?;
    let head = request.head.trim_end();
    server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())?;
    server.write_all(&request.body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}
