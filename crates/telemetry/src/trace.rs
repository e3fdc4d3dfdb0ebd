//! Spans: what one request did, on its way through the services.
//!
//! A service asks its [`Tracer`] for a span of one of three kinds, and drops it when the work is done. When traces are not
//! pushed, a tracer gives spans that are nothing, and no context: then whoever holds an incoming context hands that on.
//!
//! Names and attributes are those of the semantic conventions v1.44 for HTTP, which are stable, and
//! for messaging, which are in development
//! (<https://opentelemetry.io/docs/specs/semconv/messaging/kafka/>).

mod context;

use std::future::Future;

use opentelemetry::{
    Context, KeyValue,
    trace::{FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _},
};
use opentelemetry_sdk::trace::SdkTracer;

pub use self::context::TraceContext;
use crate::labels::{Destination, Method, Route, label};

/// Makes the spans of one service; clones share the way out.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<SdkTracer>);

/// A request that a server answers.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its method.
    pub method: Method,
    /// The template of its path.
    pub route: Route,
    /// The path itself.
    pub path: &'a str,
}

/// A record that is sent or processed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its topic.
    pub topic: &'a Destination,
    /// Its partition, when it is known.
    pub partition: Option<i32>,
    /// Its offset, when it is known.
    pub offset: Option<i64>,
    /// Its key, when that is text.
    pub key: Option<&'a str>,
    /// What ties request and reply together, as text.
    pub conversation: Option<&'a str>,
    /// The group that reads it.
    pub group: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// A record of `topic` of which nothing else is known.
    #[must_use]
    pub fn of(topic: &'a Destination) -> Self {
        Self { topic, partition: None, offset: None, key: None, conversation: None, group: None }
    }
}

impl Tracer {
    pub(crate) fn new(tracer: SdkTracer) -> Self {
        Self(Some(tracer))
    }

    /// Whether spans are made at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// `{method} {route}`, kind SERVER: answering a request.
    pub fn serve(&self, request: Request<'_>, parent: Option<&TraceContext>) -> Span {
        self.start(SpanKind::Server, parent, || {
            // The conventions' word for a method that is not known.
            let method = match request.method {
                Method::Other => "HTTP",
                known => known.as_str(),
            };
            let name = format!("{method} {}", request.route.as_str());
            let attributes = vec![
                label("http.request.method", request.method.as_str()),
                label("http.route", request.route.as_str()),
                label("url.scheme", "http"),
                label("url.path", request.path.to_owned()),
            ];
            (name, attributes)
        })
    }

    /// `send {topic}`, kind PRODUCER: giving one record to Kafka. Its context belongs into the record's headers.
    pub fn send(&self, message: Message<'_>, parent: Option<&TraceContext>) -> Span {
        self.message(SpanKind::Producer, "send", message, parent)
    }

    /// `process {topic}`, kind CONSUMER: what is done with one record. Its parent is the context in the record's headers.
    pub fn process(&self, message: Message<'_>, parent: &TraceContext) -> Span {
        self.message(SpanKind::Consumer, "process", message, Some(parent))
    }

    fn message(
        &self,
        kind: SpanKind,
        operation: &'static str,
        message: Message<'_>,
        parent: Option<&TraceContext>,
    ) -> Span {
        self.start(kind, parent, || {
            let mut attributes = vec![
                label("messaging.system", "kafka"),
                label("messaging.operation.name", operation),
                label("messaging.operation.type", operation),
                label("messaging.destination.name", message.topic.value()),
            ];
            if let Some(partition) = message.partition {
                let id = partition.to_string();
                attributes.push(label("messaging.destination.partition.id", id));
            }
            if let Some(offset) = message.offset {
                attributes.push(label("messaging.kafka.offset", offset));
            }
            for (name, value) in [
                ("messaging.kafka.message.key", message.key),
                ("messaging.message.conversation_id", message.conversation),
                ("messaging.consumer.group.name", message.group),
            ] {
                if let Some(value) = value {
                    attributes.push(label(name, value.to_owned()));
                }
            }
            (format!("{operation} {}", message.topic.as_str()), attributes)
        })
    }

    fn start(
        &self,
        kind: SpanKind,
        parent: Option<&TraceContext>,
        describe: impl FnOnce() -> (String, Vec<KeyValue>),
    ) -> Span {
        let Some(tracer) = &self.0 else {
            return Span(None);
        };
        let parent = parent.map_or_else(Context::new, TraceContext::as_parent);
        let (name, attributes) = describe();
        let span = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_attributes(attributes)
            .start_with_context(tracer, &parent);
        Span(Some(parent.with_span(span)))
    }
}

/// Work that is under way; dropping it ends it. It is nothing when traces are not pushed.
#[derive(Debug)]
#[must_use]
pub struct Span(Option<Context>);

impl Span {
    /// No span: what is asked of it does nothing.
    pub fn none() -> Self {
        Self(None)
    }

    /// The context for the next hop; `None` when traces are not pushed.
    #[must_use]
    pub fn context(&self) -> Option<TraceContext> {
        self.0.as_ref().and_then(TraceContext::of)
    }

    /// The work failed; `error_type` says how, from a small set of words.
    pub fn fail(&self, error_type: impl Into<String>) {
        if let Some(context) = &self.0 {
            let span = context.span();
            span.set_attribute(label("error.type", error_type.into()));
            span.set_status(Status::error(""));
        }
    }

    /// The request was answered with this status; 500 and above is a failure, as the conventions have it for servers.
    pub fn answered(&self, status: u16) {
        if let Some(context) = &self.0 {
            let code = i64::from(status);
            context.span().set_attribute(label("http.response.status_code", code));
        }
        if status >= 500 {
            self.fail(status.to_string());
        }
    }

    /// The broker put the record there.
    pub fn stored(&self, partition: i32, offset: i64) {
        if let Some(context) = &self.0 {
            let id = partition.to_string();
            let span = context.span();
            span.set_attribute(label("messaging.destination.partition.id", id));
            span.set_attribute(label("messaging.kafka.offset", offset));
        }
    }

    /// Makes it the current span of this thread, until the returned guard is dropped. Not across an await.
    #[must_use]
    pub fn enter(&self) -> impl Sized + use<> {
        self.0.clone().map(Context::attach)
    }

    /// Makes it the current span whenever `future` is polled.
    pub fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.with_context(self.0.clone().unwrap_or_default())
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}
