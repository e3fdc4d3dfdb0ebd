//! Settings: which models to follow.

use std::time::Duration;

use clap::{Args, builder::BoolishValueParser};
use verdict_messages::topic;

/// How long the start waits for the topic and the model that it points to.
const START_WAIT: Duration = Duration::from_secs(10);
/// How long bytes that are not there are asked for.
const FETCH_FOR: Duration = Duration::from_secs(60);

/// What was typed.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// Topic that points to model versions: the last pointer of --model-name is what serves
    #[arg(long, env = "VERDICT_MODELS_TOPIC", default_value = topic::MODELS, value_name = "TOPIC")]
    pub models_topic: String,

    /// Name of the model that is followed in --models-topic
    #[arg(long, env = "VERDICT_MODEL_NAME", default_value = "sentiment", value_name = "NAME")]
    pub model_name: String,

    /// Serve --model and nothing else
    #[arg(long, env = "VERDICT_NO_FOLLOW_MODELS", value_parser = BoolishValueParser::new())]
    pub no_follow_models: bool,

    /// Take older versions too, whenever the last pointer is to one; without it, only a pointer
    /// that withdraws the newer ones leads back
    #[arg(long, env = "VERDICT_ALLOW_ROLLBACK", value_parser = BoolishValueParser::new())]
    pub allow_rollback: bool,
}

/// What was typed, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSettings {
    /// Topic of the pointers.
    pub topic: String,
    /// Key of the pointers that are followed, and the name that their models must have.
    pub name: String,
    /// Whether an older version is taken without a withdrawal.
    pub allow_rollback: bool,
    /// How long the start waits for the pointed model before it goes on with the one it has.
    pub start_wait: Duration,
    /// How long bytes that are not there are asked for.
    pub fetch_for: Duration,
}

impl ModelArgs {
    /// The settings, or none when no models are to be followed; problems as value, bound and flag.
    pub(crate) fn check(
        &self,
        others: &[&String],
        problems: &mut Vec<String>,
    ) -> Option<ModelSettings> {
        if self.no_follow_models {
            return None;
        }
        for (flag, value) in
            [("--models-topic", &self.models_topic), ("--model-name", &self.model_name)]
        {
            if value.trim().is_empty() {
                problems.push(format!("{flag} must not be empty"));
            }
        }
        if others.contains(&&self.models_topic) {
            problems.push(format!(
                "--models-topic must differ from the topics of reviews, verdicts and dead letters, got {:?}",
                self.models_topic
            ));
        }
        Some(ModelSettings {
            topic: self.models_topic.clone(),
            name: self.model_name.clone(),
            allow_rollback: self.allow_rollback,
            start_wait: START_WAIT,
            fetch_for: FETCH_FOR,
        })
    }
}
