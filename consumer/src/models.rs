//! Which model serves, while the consumer runs: follows topic `models` and swaps what
//! [`run`](crate::run) scores with.
//!
//! A pointer of the topic goes this way, on a thread of its own ([`follow`]):
//!
//! 1. **decide** ([`decide`]): is it for us, and newer than what serves? A pure function.
//! 2. **fetch** ([`fetch`]): the bytes from where the pointer says. Bytes that are not there yet
//!    are asked for again.
//! 3. **verify** ([`verify`]): size, SHA-256, format, the model's own examples, its name. A pure
//!    function.
//! 4. **swap**: one atomic store. The loop takes the model up with its next batch; it never waits
//!    for any of this.
//!
//! Whatever is wrong with a pointer or a model, the one that serves goes on serving; [`events`]
//! logs and counts it.

pub mod decide;
pub mod error;
pub mod events;
pub mod fetch;
pub mod follow;
pub mod settings;
pub mod verify;

pub use follow::ModelFollower;
pub use settings::{ModelArgs, ModelSettings};

/// What metrics say of a model.
pub(crate) fn info(identity: &verdict_sentiment::Identity) -> verdict_telemetry::ModelInfo {
    verdict_telemetry::ModelInfo {
        name: identity.name.clone(),
        version: identity.version.clone(),
        sha256: identity.sha256.clone(),
    }
}
