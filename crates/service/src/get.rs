//! One GET to another service of ours, for its pages.

use std::io;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, client::conn::http1::handshake, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longest answer that is read.
const BODY_BYTES: usize = 256 * 1024;

/// No answer, or not a whole one.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// Nothing accepts connections there.
    #[error("nothing answers on {address}: {reason}")]
    Unreachable {
        /// Who was asked.
        address: String,
        /// Why not.
        reason: io::Error,
    },
    /// What answers does not speak HTTP.
    #[error("{address} gives no HTTP answer: {reason}")]
    Protocol {
        /// Who was asked.
        address: String,
        /// Why not.
        reason: hyper::Error,
    },
}

/// Asks `address`, a `HOST:PORT`, for the page at `path`; returns its status and its text, or why
/// that is not whole: it is cut off, or longer than 256 KiB. It has no deadline of its own.
///
/// # Errors
/// [`GetError`], which names the address.
pub async fn get(
    address: &str,
    path: &'static str,
) -> Result<(StatusCode, Result<Bytes, String>), GetError> {
    let protocol = |reason| GetError::Protocol { address: address.to_owned(), reason };
    let stream = TcpStream::connect(address)
        .await
        .map_err(|reason| GetError::Unreachable { address: address.to_owned(), reason })?;
    let (mut requests, connection) = handshake(TokioIo::new(stream)).await.map_err(protocol)?;
    // Its failures are those of the request too, and it ends with the request's sender.
    let _driven = tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static(path);
    // What could be connected to is a valid header value.
    if let Ok(host) = address.parse() {
        request.headers_mut().insert(HOST, host);
    }
    let response = requests.send_request(request).await.map_err(protocol)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), BODY_BYTES).collect().await;
    Ok((status, body.map(|body| body.to_bytes()).map_err(|error| error.to_string())))
}
