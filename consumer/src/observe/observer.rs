//! Keeps what was observed from batch to batch, and reports it: the shell around the pure parts.

use std::sync::{Arc, Mutex};

use verdict_kafka_io::Record;
use verdict_learning::drift::Window;
use verdict_sentiment::{Model, Reference};
use verdict_service::Pages;
use verdict_telemetry::{
    Drift, Estimate, ExpectedAccuracy, Metrics, Telemetry, labels::ShadowOutcome,
};

use super::{
    alarm::{Alarm, AlarmEvent},
    expected::{expected_accuracy, floor},
    observation::ShadowScore,
    page,
    plan::Plan,
    settings::ObserveArgs,
    shadow::{Comparison, Disagreement, Shadow},
    state::{Serving, State, TERMS, label, lock},
    terms::{TermSample, TermShift},
};
use crate::models;
use crate::score::{Ending, Outcome};

/// Where the page is.
const PATH: &str = "/model";
/// In every so many parts of a window the stability indices are computed; in between, once a
/// second.
const LOOKS_A_WINDOW: usize = 10;

/// Observes the model that serves.
#[derive(Debug)]
pub struct Observer {
    state: Arc<Mutex<State>>,
    shadow: Option<Shadow>,
    metrics: Metrics,
    window: usize,
}

impl Observer {
    /// Begins with nothing seen, and shows itself on the operator pages.
    #[must_use]
    pub fn new(
        settings: &ObserveArgs,
        shadow: Option<Shadow>,
        telemetry: &Telemetry,
        pages: &Pages,
    ) -> Self {
        let metrics = telemetry.metrics().clone();
        if let Some(shadow) = &shadow {
            let identity = shadow.identity();
            metrics.set_shadow(models::info(identity));
            tracing::info!(
                name = identity.name,
                version = identity.version,
                sha256 = identity.sha256,
                share = shadow.share(),
                "a shadow model scores beside the one that serves"
            );
        }
        let state = Arc::new(Mutex::new(State {
            serving: None,
            alarm: Alarm::new(settings.drift_threshold),
            shadow: shadow.clone(),
            comparison: Comparison::default(),
            promise: None,
        }));
        let shown = Arc::clone(&state);
        pages.add(PATH, "application/json", move || page::render(&shown));
        Self { state, shadow, metrics, window: settings.drift_window }
    }

    /// What is promised of each review, in words.
    pub fn promised(&self, promise: &'static str) {
        lock(&self.state).promise = Some(promise);
    }

    /// What is observed of a batch of so many records.
    #[must_use]
    pub fn plan(&self, records: usize) -> Plan<'_> {
        Plan { stride: Plan::stride(records, self.window), shadow: self.shadow.as_ref() }
    }

    /// Another model serves from now on: the window and the comparison with the shadow begin anew.
    pub fn model_taken(&self, model: &Arc<Model>) {
        let reference = match Reference::of_about(&model.parts().about) {
            Ok(reference) => reference,
            Err(error) => {
                tracing::warn!("the model's reference cannot be read: {error}");
                None
            }
        };
        let trained_on = reference.as_ref().map(|reference| reference.tokens.n());
        let window = (self.window > 0).then(|| Window::new(self.window, reference));
        if window.is_some() && trained_on.is_none() {
            tracing::info!(
                version = model.identity().version,
                "drift is not computed: the model does not say what its training reviews looked like"
            );
        }
        let mut state = lock(&self.state);
        if state.alarm.is_raised() {
            tracing::info!("drift alarm ends: another model serves");
        }
        state.alarm = Alarm::new(state.alarm.threshold());
        state.comparison = Comparison::default();
        state.serving = Some(Serving {
            model: Arc::clone(model),
            trained_on,
            window,
            sample: TermSample::new(self.window),
            since_look: 0,
        });
        self.metrics.set_drift(None);
        self.look(&mut state);
    }

    /// A batch stands. `records` and `endings` belong together one by one; one in `stride` reviews
    /// was sampled.
    pub fn batch(&self, records: &[Record], endings: &[Ending], stride: u64) {
        let mut state = lock(&self.state);
        let State { serving, comparison, .. } = &mut *state;
        let Some(serving) = serving else { return };
        for (record, ending) in records.iter().zip(endings) {
            let Some(review) = &ending.observation else {
                continue;
            };
            self.metrics.record_review(review.probability, review.seen.tokens as f64);
            if let Some(window) = &mut serving.window {
                window.push(review.probability, review.seen);
                serving.sample.push(review.columns.as_ref(), stride);
                serving.since_look += 1;
            }
            if let Some(shadow) = review.shadow {
                self.compare(
                    comparison,
                    &serving.model,
                    record,
                    ending,
                    review.probability,
                    shadow,
                );
            }
        }
        if serving.since_look >= (self.window / LOOKS_A_WINDOW).max(1) {
            self.look(&mut state);
        }
    }

    /// Looks at what has come since the last look, if anything; to be called about once a second.
    pub fn tick(&self) {
        let mut state = lock(&self.state);
        let is_due = |serving: &Serving| serving.since_look > 0;
        if state.serving.as_ref().is_some_and(is_due) {
            self.look(&mut state);
        }
    }

    fn look(&self, state: &mut State) {
        let State { serving, alarm, .. } = &mut *state;
        let Some(serving) = serving else { return };
        serving.since_look = 0;
        let Some(window) = &serving.window else {
            return;
        };
        let has_reference = window.readings().next().is_some();
        let psi = window.readings().filter_map(|r| Some((label(r.feature), r.psi?)));
        let psi: Vec<_> = psi.collect();
        let largest = psi.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some(&(feature, psi)) = largest.filter(|_| window.is_full()) {
            match alarm.look(psi) {
                Some(AlarmEvent::Raised) => tracing::warn!(
                    feature = feature.as_str(),
                    psi,
                    threshold = alarm.threshold(),
                    reviews = window.len(),
                    terms = listed(&serving.sample.shifts(&serving.model, TERMS)),
                    "the reviews have drifted from those that the model was trained on"
                ),
                Some(AlarmEvent::Cleared) => tracing::info!(
                    psi,
                    threshold = alarm.threshold(),
                    "drift alarm ends: the reviews are again like those of the training"
                ),
                None => {}
            }
        }
        let expected = expected_accuracy(&serving.model, Some(window), alarm).ok();
        let expected = expected.map(|it| ExpectedAccuracy {
            version: serving.model.identity().version.clone(),
            accuracy: Estimate { value: it.value, lower: it.low, upper: it.high },
            floor: floor(&serving.model),
        });
        self.metrics.set_drift(Some(Drift {
            reviews: window.len() as u64,
            oov_ratio: window.oov_ratio(),
            alarm: has_reference.then(|| alarm.is_raised()),
            psi,
            expected,
        }));
    }

    fn compare(
        &self,
        comparison: &mut Comparison,
        model: &Model,
        record: &Record,
        ending: &Ending,
        serving: f64,
        shadow: ShadowScore,
    ) {
        let ShadowScore::Scored { probability, label } = shadow else {
            if comparison.failed == 0 {
                tracing::warn!(position = %record.position(), "the shadow model failed; the review has its verdict");
            }
            comparison.failed += 1;
            return;
        };
        let difference = (serving - probability).abs();
        if ending.outcome == Outcome::Verdict(label) {
            self.metrics.record_shadow(ShadowOutcome::Agree, difference);
            return comparison.agrees(difference);
        }
        self.metrics.record_shadow(ShadowOutcome::Disagree, difference);
        let id = ending.output.key.as_deref().unwrap_or_default();
        comparison.disagrees(Disagreement {
            source: record.position(),
            id: String::from_utf8_lossy(id).into_owned(),
            version: model.identity().version.clone(),
            serving,
            shadow: probability,
        });
    }
}

fn listed(shifts: &[TermShift<'_>]) -> String {
    let shifts = shifts.iter().map(|shift| format!("{} {:+.3}", shift.term, shift.shift));
    shifts.collect::<Vec<_>>().join(", ")
}
