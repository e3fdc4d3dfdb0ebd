//! What went wrong with Kafka, by what there is to do about it.

use std::fmt;

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode as Code};

/// A failure, by what to do. Match on the variant, never on the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may work the next time: do the same again.
    #[error("{0} (will be tried again)")]
    Retry(Details),
    /// The present batch is void: go back to the committed positions and process it again.
    #[error("{0} (the batch is processed again)")]
    Abort(Details),
    /// It will not get better by itself.
    #[error("{0}")]
    Fatal(Details),
}

/// What was being done, and what the client says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What was being done: "committing 3 positions of group verdict".
    pub context: String,
    /// What the client says.
    pub reason: String,
    /// What kind of thing it is, for counters.
    pub cause: Cause,
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.context, self.reason)
    }
}

impl Details {
    /// What the client reports.
    pub(crate) fn of(context: impl Into<String>, error: &KafkaError) -> Self {
        Self { context: context.into(), reason: error.to_string(), cause: cause(error) }
    }
}

/// The closed list of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No broker can be reached, or it did not answer in time.
    Transport,
    /// The group has moved on: these partitions may be someone else's now.
    Rebalance,
    /// A record is larger than the broker takes.
    TooLarge,
    /// The local queue is full.
    QueueFull,
    /// Not allowed, or not authenticated.
    Authorization,
    /// A topic or partition that does not exist (yet).
    UnknownTopic,
    /// The settings are wrong.
    Settings,
    /// Anything else.
    Other,
}

impl Cause {
    /// The cause as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Rebalance => "rebalance",
            Self::TooLarge => "too_large",
            Self::QueueFull => "queue_full",
            Self::Authorization => "authorization",
            Self::UnknownTopic => "unknown_topic",
            Self::Settings => "settings",
            Self::Other => "other",
        }
    }
}

impl Failure {
    /// What happened, whatever there is to do about it.
    pub fn details(&self) -> &Details {
        let (Self::Retry(details) | Self::Abort(details) | Self::Fatal(details)) = self;
        details
    }

    /// Whether there is nothing to be done.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal(_))
    }

    /// Classifies what the client reports.
    pub(crate) fn of(context: impl Into<String>, error: &KafkaError) -> Self {
        let details = Details::of(context, error);
        let is_fatal = matches!(error, KafkaError::MessageConsumptionFatal(_))
            || matches!(
                error.rdkafka_error_code(),
                Some(Code::Fatal | Code::Fenced | Code::FencedInstanceId)
            );
        match details.cause {
            _ if is_fatal => Self::Fatal(details),
            Cause::Settings | Cause::Authorization => Self::Fatal(details),
            Cause::Rebalance => Self::Abort(details),
            _ => Self::Retry(details),
        }
    }

    /// What may work the next time, seen by the caller and not by the client.
    pub fn retry(context: impl Into<String>, reason: impl Into<String>, cause: Cause) -> Self {
        Self::Retry(Details { context: context.into(), reason: reason.into(), cause })
    }

    /// What will not get better by itself, seen by the caller and not by the client.
    pub fn fatal(context: impl Into<String>, reason: impl Into<String>, cause: Cause) -> Self {
        Self::Fatal(Details { context: context.into(), reason: reason.into(), cause })
    }
}

fn cause(error: &KafkaError) -> Cause {
    use KafkaError::{ClientConfig, ClientCreation, Nul};
    if matches!(error, ClientConfig(..) | ClientCreation(_) | Nul(_)) {
        return Cause::Settings;
    }
    match error.rdkafka_error_code() {
        Some(
            Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::MessageTimedOut
            | Code::Resolve
            | Code::NetworkException
            | Code::BrokerNotAvailable
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::NotCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::WaitingForCoordinator,
        ) => Cause::Transport,
        Some(
            Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::AssignmentLost
            | Code::PollExceeded
            | Code::StaleMemberEpoch
            | Code::FencedMemberEpoch,
        ) => Cause::Rebalance,
        Some(Code::MessageSizeTooLarge) => Cause::TooLarge,
        Some(Code::QueueFull) => Cause::QueueFull,
        Some(
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed,
        ) => Cause::Authorization,
        Some(Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition) => {
            Cause::UnknownTopic
        }
        _ => Cause::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_was_being_done_and_what_to_do() {
        type Case = (KafkaError, fn(&Failure) -> bool);
        let retry: fn(&Failure) -> bool = |failure| matches!(failure, Failure::Retry(_));
        let abort: fn(&Failure) -> bool = |failure| matches!(failure, Failure::Abort(_));
        let fatal: fn(&Failure) -> bool = Failure::is_fatal;
        let cases: [Case; 7] = [
            (KafkaError::MessageConsumption(Code::BrokerTransportFailure), retry),
            (KafkaError::MessageConsumption(Code::UnknownTopicOrPartition), retry),
            (KafkaError::ConsumerCommit(Code::IllegalGeneration), abort),
            (KafkaError::ConsumerCommit(Code::FencedInstanceId), fatal),
            (KafkaError::MessageConsumption(Code::GroupAuthorizationFailed), fatal),
            (KafkaError::MessageConsumptionFatal(Code::UnreleasedInstanceId), fatal),
            (KafkaError::ClientCreation("no".into()), fatal),
        ];
        for (error, expected) in cases {
            let failure = Failure::of("polling", &error);
            assert!(expected(&failure), "{error}");
            assert!(failure.to_string().starts_with("polling: "), "{failure}");
        }
    }
}
