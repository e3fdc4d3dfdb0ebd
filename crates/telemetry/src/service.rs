//! The names of the services: all that this crate knows of them.

/// Which of the services this process is. It names the OpenTelemetry resource (`service.name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `verdict-consumer`.
    Consumer,
    /// `verdict-monitor`.
    Monitor,
    /// `verdict-producer`.
    Producer,
    /// `verdict-trainer`.
    Trainer,
    /// `verdict-web`.
    Web,
}

impl Service {
    /// Every service.
    pub const ALL: &[Self] =
        &[Self::Consumer, Self::Monitor, Self::Producer, Self::Trainer, Self::Web];

    /// The value of `service.name`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consumer => "verdict-consumer",
            Self::Monitor => "verdict-monitor",
            Self::Producer => "verdict-producer",
            Self::Trainer => "verdict-trainer",
            Self::Web => "verdict-web",
        }
    }

    /// The name without `verdict-`.
    pub(crate) fn short_name(self) -> &'static str {
        self.name().trim_start_matches("verdict-")
    }
}
