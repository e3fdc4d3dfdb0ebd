//! The address that a server listens on.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

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
    listen(addr).map_err(|reason| BindError { addr, reason })
}

// Bytes of answers that the kernel keeps for one client; Linux takes twice this. Its own choice is
// megabytes, which a client that asks without reading would have us fill.
const SEND_BUFFER: u32 = 64 * 1024;

// Connections that may wait for the accept loop, which never waits long itself.
const BACKLOG: u32 = 4096;

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // What is accepted has it too.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}
