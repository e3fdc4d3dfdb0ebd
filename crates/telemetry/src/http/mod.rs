//! The HTTP side of a service: `/metrics`, `/healthz`, `/readyz`, and the bounded accept loop under every Verdict server.
//!
//! A service without a frontend of its own calls [`spawn`], which needs no async runtime of the caller's. The frontend
//! runs its own routes on [`accept`], and answers the three operator pages with [`page`].
//! Whatever else a service shows its operators it adds to its [`Pages`], before or after the server was started.
//! [`probe`] is the other side: it asks a running service whether it is well.

mod accept;
mod extra;
mod pages;
mod probe;

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

pub use accept::{Limits, Refusal, accept};
pub use extra::Pages;
pub use pages::{Page, Server, page, spawn};
pub use probe::{ProbeArgs, ProbeError, Question, probe};

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
