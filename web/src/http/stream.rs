//! Bodies that are made while they are sent. The routes answer with whole bodies; a response that
//! has more to come carries it as an extension, and the server puts it in.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use http::StatusCode;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;

use super::response::{Response, respond};

/// A body of either kind.
pub(super) type Body = UnsyncBoxBody<Bytes, BoxError>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What is still to come of a body. Extensions are cloned; the first to ask has it.
#[derive(Clone)]
struct ToCome(Arc<Mutex<Option<BoxStream<'static, Bytes>>>>);

impl fmt::Debug for ToCome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToCome").finish_non_exhaustive()
    }
}

/// A response whose body is the pieces of this stream.
pub(super) fn streamed(
    media: &'static str,
    pieces: impl Stream<Item = Bytes> + Send + 'static,
) -> Response {
    let mut response = respond(StatusCode::OK, media, Bytes::new());
    let to_come = Some(pieces.boxed());
    response.extensions_mut().insert(ToCome(Arc::new(Mutex::new(to_come))));
    response
}

/// The response with the body that it is to have.
pub(super) fn whole<B>(mut response: http::Response<B>) -> http::Response<Body>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let to_come = response.extensions_mut().remove::<ToCome>();
    let pieces = to_come
        .and_then(|ToCome(pieces)| pieces.lock().unwrap_or_else(PoisonError::into_inner).take());
    response.map(|body| match pieces {
        Some(pieces) => {
            let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
            StreamBody::new(frames).map_err(|never| match never {}).boxed_unsync()
        }
        None => body.map_err(Into::into).boxed_unsync(),
    })
}
