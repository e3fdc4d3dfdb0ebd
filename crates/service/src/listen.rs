//! The address that a server listens on.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

/// A listening address could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr}: {reason} (--listen; another process may have this address)")]
pub struct BindError {
    /// The address that was asked for.
    pub addr: SocketAddr,
    /// Why not.
    pub reason: io::Error,
}

/// Listens on `addr`; port 0 takes a free one ([`TcpListener::local_addr`] tells which).
///
/// # Errors
/// [`BindError`], which names the address, when it is taken or not this machine's.
pub async fn bind(addr: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(addr).await.map_err(|reason| BindError { addr, reason })
}
