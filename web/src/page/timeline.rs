//! What happened to a review, as its page lists it.

use super::read::percent;
use crate::{
    ids::ReviewId,
    timeline::{Event, Timeline, What},
};

/// The values of `templates/timeline.html`.
#[derive(Debug)]
pub(crate) struct TimelineView {
    /// From its first moment to its last, where both are known.
    pub(super) took: Option<String>,
    pub(super) lines: Vec<Line>,
    /// Where programs have it.
    pub(super) json: String,
}

/// One thing that happened.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) title: &'static str,
    pub(super) detail: String,
    pub(super) at: Option<String>,
    /// What is known instead of the time.
    pub(super) instead: Option<String>,
    pub(super) since: Option<String>,
}

impl TimelineView {
    pub(crate) fn new(timeline: &Timeline) -> Self {
        let on_its_way = timeline.events.iter().filter(|event| is_of_the_way(event.event));
        let took: i64 = on_its_way.filter_map(|event| event.since_previous_ms).sum();
        Self {
            took: (took > 0).then(|| format!("{took} ms")),
            json: format!("{}/timeline", ReviewId::new(&timeline.review_id).location()),
            lines: timeline.events.iter().map(line).collect(),
        }
    }
}

/// Whether it belongs to the way from the request to the reply.
fn is_of_the_way(what: What) -> bool {
    !matches!(what, What::Labelled | What::Unlabelled | What::Trained)
}

fn line(event: &Event) -> Line {
    let place = event
        .position
        .as_ref()
        .map(|at| format!("{}, partition {}, offset {}", at.topic, at.partition, at.offset));
    let place = place.unwrap_or_default();
    let label = event.label.map(|label| label.to_string()).unwrap_or_default();
    let model = event.model.as_ref().map(|model| format!("{} {}", model.name, model.version));
    let model = model.unwrap_or_default();
    let (title, detail) = match event.event {
        What::Received => ("Received", "by the web server".to_owned()),
        What::Published => ("Published", place),
        What::Read => ("Read", "by a consumer: the first review of its batch".to_owned()),
        What::Scored => {
            let probability = event.probability.map(percent).unwrap_or_default();
            ("Scored", format!("{label}, {probability} positive, by {model}; with its batch"))
        }
        What::Rejected => {
            let why = event.problem.as_ref().and_then(|problem| problem.detail.clone());
            ("Rejected", why.unwrap_or_default())
        }
        What::Committed => ("Committed", place),
        What::Replied => ("Replied", place),
        What::Labelled => {
            ("Labelled", format!("{label}, by {}", event.source.as_deref().unwrap_or_default()))
        }
        What::Unlabelled => ("Label taken back", place),
        What::Trained => ("Used in training", format!("as {label}, for {model}")),
    };
    let between = event.not_before.as_ref().zip(event.not_after.as_ref());
    let between = between.map(|(after, before)| format!("between {after} and {before}"));
    Line {
        title,
        detail,
        at: event.at.clone(),
        instead: between.or_else(|| Some(format!("at an unknown time: {}", event.why?))),
        since: event.since_previous_ms.map(|ms| format!("{ms:+} ms")),
    }
}
