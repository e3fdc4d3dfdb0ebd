//! What stands between a client and a server: it keeps each request, and may answer, lose or pass
//! it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Request line and header fields.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Fate {
    /// The server gets it and its answer arrives.
    Pass,
    /// The server gets it, and the answer is lost on the way.
    LoseAnswer,
    /// The server gets so many bytes of the body, and then both connections end.
    Cut(usize),
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

/// A proxy on loopback, one connection for each request. Without an upstream it is a server.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Listens until the process ends.
    pub fn new(
        upstream: Option<SocketAddr>,
        rule: impl FnMut(&Request) -> Fate + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { upstream, rule: Box::new(rule), seen: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = shared.clone();
                // Whoever waits for an answer sees what went wrong.
                thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self { address, state }
    }

    /// A server that answers everything by this.
    pub fn server(mut answer: impl FnMut(&Request) -> Vec<u8> + Send + 'static) -> Self {
        Self::new(None, move |request| Fate::Answer(answer(request)))
    }

    /// What becomes of requests from now on.
    pub fn rule(&self, rule: impl FnMut(&Request) -> Fate + Send + 'static) {
        self.state.lock().unwrap().rule = Box::new(rule);
    }

    /// The server from now on.
    pub fn upstream(&self, upstream: SocketAddr) {
        self.state.lock().unwrap().upstream = Some(upstream);
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }

    /// `http://` and the address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// An answer of HTTP; `fields` are more header fields, each with its line end.
pub fn http_answer(status: u16, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{fields}connection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let request = read(&client)?;
    let (fate, upstream) = {
        let mut state = state.lock().unwrap();
        state.seen.push(request.clone());
        ((state.rule)(&request), state.upstream)
    };
    let pass = |bytes: usize| {
        let mut server = TcpStream::connect(upstream.expect("a server to pass to"))?;
        let head = request.head.trim_end();
        server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())?;
        server.write_all(&request.body[..bytes])?;
        Ok::<_, io::Error>(server)
    };
    match fate {
        Fate::Drop => Ok(()),
        Fate::Answer(bytes) => client.write_all(&bytes),
        Fate::Pass => io::copy(&mut pass(request.body.len())?, &mut client).map(drop),
        Fate::LoseAnswer => io::copy(&mut pass(request.body.len())?, &mut io::sink()).map(drop),
        Fate::Cut(bytes) => pass(bytes).map(drop),
    }
}

fn read(client: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, path, head, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(request)
}
