//! Label values. All are closed enums, except the topic of a [`Destination`], which comes from the
//! settings: nothing that a message or a request carries can become a label, so nobody outside can
//! grow the number of series.

use std::sync::Arc;

use opentelemetry::{KeyValue, Value};

/// A closed set of label values.
pub(crate) trait Label: Sized {
    /// Every value.
    fn all() -> impl Iterator<Item = Self>;

    /// The value under the label `name`, with what belongs to it.
    fn labels(self, name: &'static str) -> Vec<KeyValue>;
}

macro_rules! closed_label {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {$(
            #[doc = concat!("`", $text, "`.")]
            $(#[$doc])*
            $variant,
        )+}

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label's text.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl Label for $name {
            fn all() -> impl Iterator<Item = Self> {
                Self::ALL.iter().copied()
            }

            fn labels(self, name: &'static str) -> Vec<KeyValue> {
                vec![label(name, self.as_str())]
            }
        }
    };
}

closed_label! {
    /// Which of the services this process is: `service.name` of the OpenTelemetry resource. It is
    /// all that this crate knows of the services.
    Service {
        Consumer => "verdict-consumer",
        Monitor => "verdict-monitor",
        Producer => "verdict-producer",
        Trainer => "verdict-trainer",
        Web => "verdict-web",
    }
}

closed_label! {
    /// `http.request.method`; what is not listed is `_OTHER`, as the semantic conventions ask.
    Method {
        Get => "GET",
        Head => "HEAD",
        Post => "POST",
        Other => "_OTHER",
    }
}

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        match *method {
            http::Method::GET => Self::Get,
            http::Method::HEAD => Self::Head,
            http::Method::POST => Self::Post,
            _ => Self::Other,
        }
    }
}

closed_label! {
    /// `http.route` and the `endpoint` of the Python metrics: the template, never the path that was asked for.
    Route {
        /// The page.
        Home => "/",
        /// A verdict on its own page.
        VerdictPage => "/r/{id}",
        /// What is known of the model.
        ModelPage => "/model",
        /// Which service is well.
        StatusPage => "/status",
        /// The form post.
        Predict => "/predict",
        /// The buttons that say whether a verdict is right.
        Label => "/label",
        Reviews => "/api/v1/reviews",
        /// One review's verdict, later.
        Review => "/api/v1/reviews/{id}",
        /// What somebody says a review is.
        Batch => "/api/v1/reviews:batch",
        ReviewLabel => "/api/v1/reviews/{id}/label",
        /// What happened to a review.
        ReviewTimeline => "/api/v1/reviews/{id}/timeline",
        /// The verdicts as they come.
        Verdicts => "/api/v1/verdicts",
        /// Texts as a tensor, by the Open Inference Protocol.
        Infer => "/v2/models/{name}/infer",
        /// What there is of the Open Inference Protocol.
        InferenceInfo => "/v2",
        Asset => "/assets/{name}",
        Healthz => "/healthz",
        Readyz => "/readyz",
        /// The interface as a page.
        Docs => "/docs",
        /// The interface as OpenAPI.
        OpenApi => "/openapi.json",
        Metrics => "/metrics",
        /// No route matched.
        Unmatched => "unmatched",
    }
}

closed_label! {
    /// `promise`: how often each review has its outcome.
    Promise {
        ExactlyOnce => "exactly_once",
        AtLeastOnce => "at_least_once",
    }
}

closed_label! {
    /// `outcome` of a batch's transaction.
    TransactionEnd {
        Committed => "committed",
        /// The batch is read again.
        Aborted => "aborted",
        /// Nobody could say, and a new producer asked the group.
        Unknown => "unknown",
    }
}

closed_label! {
    /// `prediction`, with the class numbers that the Python system wrote.
    Prediction {
        Negative => "0",
        Positive => "1",
    }
}

closed_label! {
    /// Why a record became a dead letter.
    DeadLetter {
        /// The bytes are not text, or not the format they claim.
        Decode => "decode",
        /// The format is right, the content is not a review.
        Schema => "schema",
        /// Longer than the limit.
        TooLarge => "too_large",
        /// The reply topic is not on the allow-list.
        BadReplyTopic => "bad_reply_topic",
        /// A defect of ours.
        Internal => "internal",
    }
}

/// How a consumed record ended. The sum over all endings is the number of records read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// A verdict was written.
    Verdict,
    /// A dead letter was written, for this reason.
    DeadLetter(DeadLetter),
}

impl Label for Ending {
    fn all() -> impl Iterator<Item = Self> {
        let dead_letters = DeadLetter::ALL.iter().map(|kind| Self::DeadLetter(*kind));
        std::iter::once(Self::Verdict).chain(dead_letters)
    }

    fn labels(self, name: &'static str) -> Vec<KeyValue> {
        match self {
            Self::Verdict => vec![label(name, "verdict")],
            Self::DeadLetter(kind) => {
                vec![label(name, "dead_letter"), label("kind", kind.as_str())]
            }
        }
    }
}

closed_label! {
    /// What became of a reply that somebody asked the consumer for.
    ReplySent {
        /// Delivered to the reply topic.
        Sent => "sent",
        /// Not sent, because its deadline had passed.
        Expired => "expired",
        /// The broker did not take it; the verdict itself stands in the verdicts topic.
        Failed => "failed",
    }
}

closed_label! {
    /// What the frontend did with a record of its reply partition.
    ReplyReceived {
        /// Given to the request that waits for it.
        Delivered => "delivered",
        /// Kept for a client that chose to ask for it later.
        Kept => "kept",
        /// Nobody waits for it (any more).
        Late => "late",
        /// The correlation id is ours but the review is not: dropped.
        Mismatched => "mismatched",
        /// No correlation id, or not a reply.
        Unreadable => "unreadable",
    }
}

closed_label! {
    /// Why the frontend turned a request or a connection away.
    Refused {
        /// Too many requests wait for a verdict.
        PendingFull => "pending_full",
        /// The client asks too often.
        RateLimit => "rate_limit",
        /// Too many connections from one address, all of them at work.
        ConnectionsPerAddress => "connections_per_address",
        /// A connection that waited for its client, closed for a new one.
        Displaced => "displaced",
        /// A request's head, or its target or host, is not one.
        Unreadable => "unreadable",
    }
}

closed_label! {
    /// What became of a rebuild of the model.
    Rebuild {
        /// The new model serves.
        Promoted => "promoted",
        /// The gate refused it.
        Refused => "refused",
        /// It is the model that serves already.
        Unchanged => "unchanged",
        /// It did not come to its end.
        Failed => "failed",
    }
}

closed_label! {
    /// What became of a pointer to a model version. Every pointer that was read has one outcome.
    ModelSwap {
        /// Its model serves.
        Taken => "taken",
        /// Its model served already.
        Same => "same",
        /// A newer pointer came before this one was looked at.
        Superseded => "superseded",
        /// The name has no pointer any more; what serves goes on serving.
        Removed => "removed",
        /// The record is not a pointer.
        Pointer => "pointer",
        /// The pointer or the model bears another name.
        Name => "name",
        /// An older version than the one that serves, and no withdrawal of it.
        Older => "older",
        /// Other bytes under the version that serves.
        Conflict => "conflict",
        /// The bytes could not be read where it points, for as long as it was tried.
        Unreachable => "unreachable",
        /// Larger than a model may be, or not as long as the pointer says.
        Size => "size",
        /// The bytes are not those that were published.
        Checksum => "checksum",
        /// The bytes are not a model that this build reads.
        Format => "format",
        /// The model does not score its own examples as it did when it was made.
        Example => "example",
    }
}

closed_label! {
    /// `error.type` of a record that was not confirmed.
    SendError {
        /// It never left this process.
        NeverQueued => "never_queued",
        /// It may have been stored.
        Unknown => "unknown",
    }
}

closed_label! {
    /// What of the reviews is compared with those of the training.
    DriftFeature {
        /// The calibrated probability of the positive class.
        Probability => "probability",
        /// Tokens a review.
        Tokens => "tokens",
        /// The out-of-vocabulary ratio.
        Oov => "oov",
    }
}

closed_label! {
    /// Whether the shadow model gave the label that the serving model gave.
    ShadowOutcome {
        Agree => "agree",
        Disagree => "disagree",
    }
}

closed_label! {
    /// A part of a review's way from its writer to its verdict.
    Stage {
        /// From the writing of a batch's oldest record to the reading of the batch.
        Queue => "queue",
        /// Decoding and scoring a whole batch.
        Score => "score",
        /// From the sending of a batch's outputs to its committed positions.
        Deliver => "deliver",
        /// From a batch's committed positions to the confirmation of its last reply.
        Reply => "reply",
        /// From giving a review to Kafka to its confirmation.
        Publish => "publish",
        /// From a review's confirmation to its verdict.
        Answer => "answer",
    }
}

/// A topic as a label value. Make one for each topic at the start, from the settings, and keep it.
#[derive(Debug, Clone)]
pub struct Destination(Arc<str>);

impl Destination {
    /// For the topic `name`.
    #[must_use]
    pub fn topic(name: &str) -> Self {
        Self(Arc::from(name))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn value(&self) -> Value {
        Value::String(Arc::clone(&self.0).into())
    }
}

pub(crate) fn label(key: &'static str, value: impl Into<Value>) -> KeyValue {
    KeyValue::new(key, value)
}
