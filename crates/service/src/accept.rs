//! The accept loop: hyper with the timers, caps and the hard deadline that a server on an open network needs.
//!
//! hyper only enforces a header timeout when it is given a timer, has no cap on connections, and waits without limit
//! for idle ones when it shuts down. Here each of these has a bound.

use std::{
    collections::HashMap,
    convert::Infallible,
    error::Error,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{
    Request, Response,
    body::{Body, Incoming},
    server::conn::http1,
    service::Service,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::Semaphore};

/// What a server allows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; more wait in the kernel's backlog.
    pub connections: usize,
    /// Connections open at once from one IP address; more are closed at once.
    pub connections_per_address: usize,
    /// Time for a request's head to arrive, and for a kept-alive connection to be used again.
    pub header_read: Duration,
    /// Header fields of one request; more are answered 431.
    pub headers: usize,
    /// Bytes of a connection's read buffer, and so of a request's head; at least 8192, hyper's minimum.
    pub buffer: usize,
    /// Time that open requests get to end after the shutdown began; what is left then is cut off.
    pub drain: Duration,
}

/// Serves HTTP/1.1 on `listener` until `shutdown` ends, then gives open requests [`Limits::drain`] to finish.
///
/// `service` is called for each connection with the peer's address, `refused` with the address of
/// each connection that is closed at once because its address has too many. Returns the number of
/// connections that were still open at the deadline and were cut off.
pub async fn accept<S, B>(
    listener: TcpListener,
    limits: Limits,
    service: impl Fn(SocketAddr) -> S,
    refused: impl Fn(IpAddr),
    shutdown: impl Future<Output = ()>,
) -> usize
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(limits.headers)
        .max_buf_size(limits.buffer);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            () = &mut shutdown => break,
        };
        // The semaphore is never closed.
        let Ok(slot) = slot else { break };
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
        let Some(address) = addresses.enter(peer.ip(), limits.connections_per_address) else {
            refused(peer.ip());
            continue;
        };
        // Answers are small and whole: waiting to fill a packet would only add latency.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service(peer)));
        let _detached = tokio::spawn(async move {
            // An error here is the client's: it went away, was too slow, or sent what is not HTTP.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop((slot, address));
        });
    }
    drop(listener);
    let open = limits.connections.saturating_sub(slots.available_permits());
    match tokio::time::timeout(limits.drain, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_elapsed) => limits.connections.saturating_sub(slots.available_permits()).min(open),
    }
}

/// How many connections each address has open.
#[derive(Debug, Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One counted connection; dropping it counts it off.
#[derive(Debug)]
struct Entered {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    fn enter(&self, address: IpAddr, limit: usize) -> Option<Entered> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Entered { addresses: self.clone(), address })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            // The map must not remember everybody who ever called.
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_cap_and_leaves_no_trace_when_it_is_gone() {
        let addresses = Addresses::default();
        let peer = IpAddr::from([192, 0, 2, 1]);
        let first = addresses.enter(peer, 2).expect("first");
        let second = addresses.enter(peer, 2).expect("second");
        assert!(addresses.enter(peer, 2).is_none());
        assert!(addresses.enter(IpAddr::from([192, 0, 2, 2]), 2).is_some());
        drop(first);
        assert!(addresses.enter(peer, 2).is_some());
        drop(second);
        assert!(addresses.0.lock().expect("lock").is_empty());
    }
}
