//! The client's end of a connection: the stream and the bodies, which note what the connection
//! waits for, and the few things that hyper has no hook for.

use std::{
    convert::Infallible,
    fmt::Write as _,
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::CONTENT_LENGTH,
    service::Service,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::connections::Activity;

/// Answers a head that cannot be read, of which only the status is known.
pub(crate) type Unreadable = dyn Fn(StatusCode) -> Response<Bytes> + Send + Sync;

/// Times of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// Time without progress after which a client that does not read is given up.
    pub(crate) write: Duration,
    /// Time in which the rest of a request is read and dropped, so that its client reads the answer.
    pub(crate) linger: Duration,
}

// Closing a connection whose client still sends would reset it, and lose the answer.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// A stream to a client.
pub(crate) struct Client {
    tcp: TcpStream,
    activity: Arc<Activity>,
    times: Times,
    unreadable: Arc<Unreadable>,
    stalled: Option<Pin<Box<Sleep>>>,
    /// What is written instead of hyper's own answer.
    instead: Option<Bytes>,
    linger: Option<Pin<Box<Sleep>>>,
    dropped: usize,
}

impl Client {
    pub(crate) fn new(
        tcp: TcpStream,
        activity: Arc<Activity>,
        times: Times,
        unreadable: Arc<Unreadable>,
    ) -> Self {
        let (stalled, instead, linger) = (None, None, None);
        Self { tcp, activity, times, unreadable, stalled, instead, linger, dropped: 0 }
    }

    /// The time of a client that does not read begins, goes on, or is over.
    fn progress<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                self.activity.reader_waits(false);
            }
            return written;
        }
        let limit = self.times.write;
        let stalled = self.stalled.get_or_insert_with(|| {
            self.activity.reader_waits(true);
            Box::pin(sleep(limit))
        });
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether hyper is about to answer a head that it cannot read: the service never sees it.
    fn answer_is_hypers(&mut self, head: &[u8]) -> bool {
        if self.instead.is_none() && self.activity.is_between_requests() {
            self.instead = rewritten(head, &*self.unreadable);
            if self.instead.is_some() {
                self.activity.left_unread();
            }
        }
        self.instead.is_some()
    }

    fn poll_write_instead(
        &mut self,
        context: &mut Context<'_>,
        length: usize,
    ) -> Poll<io::Result<usize>> {
        while let Some(rest) = self.instead.as_mut().filter(|rest| rest.has_remaining()) {
            let written = Pin::new(&mut self.tcp).poll_write(context, rest);
            if let Poll::Ready(Ok(written)) = &written {
                rest.advance(*written);
            }
            ready!(self.progress(context, written))?;
        }
        Poll::Ready(Ok(length))
    }
}

/// hyper's answer without a body, with the headers and the body of ours; `None` when it is not one.
fn rewritten(head: &[u8], unreadable: &Unreadable) -> Option<Bytes> {
    let head = std::str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    let (before, after) = head.split_once("content-length: 0\r\n")?;
    if !status.is_client_error() || !after.ends_with("\r\n") {
        return None;
    }
    let answer = unreadable(status);
    let mut text = before.to_owned();
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != CONTENT_LENGTH) {
        write!(text, "{name}: {}\r\n", value.to_str().ok()?).ok()?;
    }
    write!(text, "content-length: {}\r\n{after}", answer.body().len()).ok()?;
    Some([text.as_bytes(), answer.body()].concat().into())
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.answer_is_hypers(bytes) {
            return self.poll_write_instead(context, bytes.len());
        }
        let written = Pin::new(&mut self.tcp).poll_write(context, bytes);
        self.progress(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.answer_is_hypers(slices.first().map_or(&[], |slice| slice)) {
            let length = slices.iter().map(|slice| slice.len()).sum();
            return self.poll_write_instead(context, length);
        }
        let written = Pin::new(&mut self.tcp).poll_write_vectored(context, slices);
        self.progress(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// hyper flushes after it has written all that it had.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.flushed();
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let client = &mut *self;
        if client.linger.is_none() {
            ready!(Pin::new(&mut client.tcp).poll_shutdown(context))?;
            if !client.activity.is_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        let time = client.times.linger;
        let linger = client.linger.get_or_insert_with(|| Box::pin(sleep(time)));
        let mut scratch = [0; 8 * 1024];
        while linger.as_mut().poll(context).is_pending() && client.dropped < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut client.tcp).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => client.dropped += buffer.filled().len(),
                // The client has ended too, or is gone.
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The body of a request, which notes whether its client lets it wait.
#[derive(Debug)]
pub struct Arriving {
    body: Incoming,
    activity: Arc<Activity>,
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.activity.body_waits(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.activity.body_waits(false);
        if !self.body.is_end_stream() {
            self.activity.left_unread();
        }
    }
}

/// The body of an answer; the connection waits for its next request after it.
#[derive(Debug)]
pub(crate) struct Answering<B> {
    body: B,
    activity: Arc<Activity>,
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Answering<B> {
    fn drop(&mut self) {
        self.activity.request_ended();
    }
}

/// A service whose requests and answers are noted.
pub(crate) struct Noted<S> {
    pub(crate) service: S,
    pub(crate) activity: Arc<Activity>,
}

impl<S, B> Service<Request<Incoming>> for Noted<S>
where
    S: Service<Request<Arriving>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Answering<B>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.activity.request_begins();
        let activity = Arc::clone(&self.activity);
        let arriving = |body| Arriving { body, activity: Arc::clone(&activity) };
        let answer = self.service.call(request.map(arriving));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Answering { body, activity }))
        })
    }
}
