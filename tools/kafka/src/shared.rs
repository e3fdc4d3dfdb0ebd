//! One broker for many tests.

use crate::error::StartError;
use crate::kafka::Kafka;
use crate::settings::Options;

/// The variable with the address of the broker that `make test` has started for all tests.
const RUNNING: &str = "VERDICT_TEST_KAFKA";

/// A broker for tests that neither stop nor reconfigure it, and whose topics and groups have names
/// of their own: the one of the whole run, or else one that ends with this.
#[derive(Debug)]
pub enum Shared {
    /// That of the run, by its address.
    Running(String),
    /// One for this process.
    Own(Box<Kafka>),
}

impl Shared {
    /// Finds one, or starts one.
    ///
    /// # Errors
    /// Those of [`Kafka::start`].
    #[expect(clippy::disallowed_methods, reason = "tests are told by their environment")]
    pub fn start() -> Result<Self, StartError> {
        match std::env::var(RUNNING) {
            Ok(address) if !address.is_empty() => Ok(Self::Running(address)),
            _ => Kafka::start(Options::default()).map(|own| Self::Own(Box::new(own))),
        }
    }

    /// The address for clients.
    pub fn bootstrap(&self) -> String {
        match self {
            Self::Running(address) => address.clone(),
            Self::Own(kafka) => kafka.bootstrap(),
        }
    }
}
