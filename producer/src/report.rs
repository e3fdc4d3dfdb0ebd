//! What a person sees: a progress bar on a terminal, each review that could not be read, and a
//! closing line.

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use verdict_datasets::ReadError;
use verdict_kafka_io::topics::{TopicOutcome, TopicState};
use verdict_messages::topic::LABELS;
use verdict_telemetry::health::Check;
use verdict_telemetry::labels::Destination;
use verdict_telemetry::{Metrics, Telemetry, output};

use crate::encode::Encoder;
use crate::summary::Summary;

/// Shows progress on standard error and counts for `/metrics`. In a pipe the bar is not drawn;
/// errors always are.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    styled: bool,
    kafka: Check,
    metrics: Metrics,
    reviews: (Destination, u64),
    labels: (Destination, u64),
}

impl Progress {
    /// Of a run that has not begun.
    pub fn new(telemetry: &Telemetry, encoder: &Encoder) -> Self {
        let destination = |topic| (Destination::topic(topic), 0);
        Self {
            bar: ProgressBar::no_length(),
            styled: false,
            kafka: telemetry.health().check("kafka"),
            metrics: telemetry.metrics().clone(),
            reviews: destination(&encoder.reviews),
            labels: destination(encoder.labels.as_deref().unwrap_or(LABELS)),
        }
    }

    /// A broker answered, and the topics are there.
    pub fn connected(&self) {
        self.kafka.pass();
    }

    /// A review cannot be read or sent.
    pub fn unreadable(&self, error: &ReadError) {
        self.bar.suspend(|| output::note(format_args!("producer: {error}")));
    }

    /// So far.
    pub fn advanced(&mut self, read: verdict_datasets::Progress, summary: &Summary) {
        if !self.styled {
            self.style(read.total);
        }
        self.bar.set_position(read.done);
        self.bar.set_message(format!("{} reviews", HumanCount(summary.published)));
        self.count(summary);
    }

    /// Takes the bar away and counts the last confirmations.
    pub fn finish(&mut self, summary: &Summary) {
        self.count(summary);
        self.bar.finish_and_clear();
    }

    fn count(&mut self, summary: &Summary) {
        for ((topic, counted), confirmed) in
            [(&mut self.reviews, summary.published), (&mut self.labels, summary.labels)]
        {
            self.metrics.record_sent(topic, confirmed.saturating_sub(*counted));
            *counted = confirmed.max(*counted);
        }
    }

    fn style(&mut self, total: Option<u64>) {
        let template = match total {
            Some(_) => "{msg} {wide_bar} {percent}% {eta}",
            None => "{spinner} {msg} {elapsed}",
        };
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.styled = true;
    }
}

/// The closing line.
pub fn closing_line(summary: &Summary, bootstrap: &str) -> String {
    let count =
        |n, one: &str, many: &str| format!("{} {}", HumanCount(n), if n == 1 { one } else { many });
    let mut line =
        format!("{} published to {bootstrap}", count(summary.published, "review", "reviews"));
    if summary.labels > 0 {
        line.push_str(&format!(" with {}", count(summary.labels, "label", "labels")));
    }
    line.push_str(&format!(
        " in {:.1} s ({:.0} reviews/s)",
        summary.seconds, summary.reviews_per_second
    ));
    if summary.unreadable > 0 {
        line.push_str(&format!(", {} could not be read", HumanCount(summary.unreadable)));
    }
    line
}

/// One line for each topic.
pub fn topic_line(outcome: &TopicOutcome) -> String {
    match &outcome.state {
        TopicState::Created => format!("{}: created", outcome.name),
        TopicState::Present => format!("{}: present", outcome.name),
        TopicState::Differs(differences) => {
            let told: Vec<String> = differences
                .iter()
                .map(|d| format!("{} must be {}, is {}", d.setting, d.planned, d.found))
                .collect();
            format!("{}: differs: {}", outcome.name, told.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Ended;

    #[test]
    fn the_closing_line_tells_what_was_done_and_what_was_not() {
        let mut summary = Summary {
            published: 25_000,
            labels: 25_000,
            unreadable: 3,
            seconds: 2.0,
            reviews_per_second: 12_500.0,
            ended: Ended::Complete,
        };
        assert_eq!(
            closing_line(&summary, "127.0.0.1:9092"),
            "25,000 reviews published to 127.0.0.1:9092 with 25,000 labels in 2.0 s (12500 reviews/s), \
             3 could not be read"
        );
        summary = Summary { published: 1, labels: 0, unreadable: 0, ..summary };
        assert!(closing_line(&summary, "k:1").starts_with("1 review published to k:1 in 2.0 s"));
    }
}
