//! The topics that a command reads and writes.

use clap::Args;
use verdict_messages::topic;

/// The topics of reviews and outcomes, for every command.
#[derive(Debug, Clone, Args)]
pub struct TopicArgs {
    /// Topic of the reviews
    #[arg(long, env = "VERDICT_REVIEWS_TOPIC", default_value = topic::REVIEWS, value_name = "TOPIC")]
    pub reviews_topic: String,

    /// Topic of the verdicts; needs at least as many partitions as the reviews have
    #[arg(long, env = "VERDICT_VERDICTS_TOPIC", default_value = topic::VERDICTS, value_name = "TOPIC")]
    pub verdicts_topic: String,

    /// Topic of the dead letters; needs at least as many partitions as the reviews have
    #[arg(long, env = "VERDICT_DEAD_LETTERS_TOPIC", default_value = topic::DEAD_LETTERS, value_name = "TOPIC")]
    pub dead_letters_topic: String,
}

impl Default for TopicArgs {
    /// The names that are the flags' defaults.
    fn default() -> Self {
        Self {
            reviews_topic: topic::REVIEWS.to_owned(),
            verdicts_topic: topic::VERDICTS.to_owned(),
            dead_letters_topic: topic::DEAD_LETTERS.to_owned(),
        }
    }
}

impl TopicArgs {
    /// The names of all three.
    #[must_use]
    pub fn all(&self) -> [&String; 3] {
        [&self.reviews_topic, &self.verdicts_topic, &self.dead_letters_topic]
    }

    /// An outcome that is written where outcomes of another kind or reviews are read would be read
    /// as one of those.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let named = [
            ("--reviews-topic", &self.reviews_topic),
            ("--verdicts-topic", &self.verdicts_topic),
            ("--dead-letters-topic", &self.dead_letters_topic),
        ];
        let mut problems = Vec::new();
        for (index, (flag, topic)) in named.iter().enumerate() {
            if topic.is_empty() {
                problems.push(format!("{flag} must not be empty"));
            }
            for (other, same) in named.iter().skip(index + 1) {
                if topic == same {
                    problems.push(format!("{flag} and {other} must differ, both are {topic:?}"));
                }
            }
        }
        problems
    }
}
