//! The accept loop: hyper with the timers, caps and the hard deadline that a server on an open network needs.
//!
//! hyper only enforces a header timeout when it is given a timer, has no cap on connections, waits
//! without limit for clients that do not read, and for idle ones when it shuts down. Here each of
//! these has a bound.

use std::{
    convert::Infallible, error::Error, future::Future, net::SocketAddr, pin::pin, sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hyper::{Request, Response, StatusCode, body::Body, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;

use crate::{
    client::{Arriving, Client, Noted, Times, Unreadable},
    connections::{Closed, Connections, Entered, NoRoom},
};

/// What a server allows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once. A new one takes the place of the one that waits longest for its
    /// client, and waits itself when all are at work.
    pub connections: usize,
    /// Connections open at once from one IP address. A new one takes the place of the one that
    /// waits longest for its client, and is closed when all are at work.
    pub connections_per_address: usize,
    /// Time for a request's head to arrive, and for a kept-alive connection to be used again.
    pub header_read: Duration,
    /// Time for which a client may leave an answer unread, without any progress.
    pub write: Duration,
    /// Header fields of one request; more are answered 431.
    pub headers: usize,
    /// Bytes of a connection's read buffer, and so of a request's head; at least 8192, hyper's minimum.
    pub buffer: usize,
    /// Time that open requests get to end after the shutdown began; what is left then is cut off.
    pub drain: Duration,
}

/// Serves HTTP/1.1 on `listener` until `shutdown` ends, then gives open requests [`Limits::drain`] to finish.
///
/// `service` is called for each connection with the peer's address, `closed` for each connection
/// that is closed to stay within the limits, and `unreadable` with hyper's status for a head that
/// cannot be read: its headers and body are sent with that status. Returns the number of connections
/// that were still open at the deadline and were cut off.
pub async fn accept<S, B>(
    listener: TcpListener,
    limits: Limits,
    service: impl Fn(SocketAddr) -> S,
    closed: impl Fn(Closed),
    unreadable: impl Fn(StatusCode) -> Response<Bytes> + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) -> usize
where
    S: Service<Request<Arriving>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(limits.headers)
        .max_buf_size(limits.buffer)
        // A client that has sent all it has to say may end its half, and still gets its answer.
        .half_close(true);
    let times = Times { write: limits.write, linger: limits.header_read };
    let unreadable: Arc<Unreadable> = Arc::new(unreadable);
    let connections = Connections::new(limits.connections, limits.connections_per_address);
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    'accepting: loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // The client gave up meanwhile, or file descriptors ran out. Giving the slots a moment to come free keeps
            // the second case from spinning.
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let entered = loop {
            match connections.enter(peer.ip()) {
                Ok(entered) => break entered,
                Err(NoRoom::ForAddress) => {
                    closed(Closed::PerAddress);
                    continue 'accepting;
                }
                Err(NoRoom::ForAnybody) => tokio::select! {
                    () = connections.room() => {}
                    () = &mut shutdown => break 'accepting,
                },
            }
        };
        for _one in 0..entered.displaced {
            closed(Closed::Displaced);
        }
        // Answers are small and whole: waiting to fill a packet would only add latency.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let Entered { activity, .. } = &entered;
        let service = Noted { service: service(peer), activity: Arc::clone(activity) };
        let client = Client::new(stream, Arc::clone(activity), times, Arc::clone(&unreadable));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(client), service));
        let _detached = tokio::spawn(async move {
            tokio::select! {
                // An error here is the client's: it went away, was too slow, or sent what is not HTTP.
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                },
                () = entered.activity.displaced() => tracing::debug!("connection displaced"),
            }
        });
    }
    drop(listener);
    match tokio::time::timeout(limits.drain, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_elapsed) => connections.count(),
    }
}
