//! Counters begin at 0.
//!
//! A series that appears with its first event has no value before it, so that Prometheus sees no increase: the first refused
//! model, the first failed rebuild would raise no alert, and a panel would show nothing where it should show 0. What can
//! happen is a closed list for these, so each of it is counted zero times at the start.

use super::Metrics;
use crate::Service;
use crate::labels::{
    DeadLetter, Ending, ModelSwap, Prediction, Rebuild, Refused, ReplyReceived, ReplySent,
    ShadowOutcome, label,
};

impl Metrics {
    /// Shows what this service counts before it happens.
    pub(crate) fn begin(&self, service: Service) {
        match service {
            Service::Consumer => self.begin_consumer(),
            Service::Trainer => {
                for outcome in Rebuild::ALL {
                    self.0.trainer.rebuilds.add(0, &[label("outcome", outcome.as_str())]);
                }
            }
            Service::Web => self.begin_web(),
            // Its counters are by topic, which its settings name.
            _ => {}
        }
    }

    fn begin_consumer(&self) {
        for class in Prediction::ALL {
            self.record_predictions(*class, 0);
        }
        self.record_ended(Ending::Verdict, 0);
        for kind in DeadLetter::ALL {
            self.record_ended(Ending::DeadLetter(*kind), 0);
        }
        for outcome in ReplySent::ALL {
            self.record_replies(*outcome, 0);
        }
        for outcome in ModelSwap::ALL {
            self.record_model_swaps(*outcome, 0);
        }
        for outcome in ShadowOutcome::ALL {
            let labels = [label("outcome", outcome.as_str())];
            self.0.watch.shadow_reviews.add(0, &labels);
        }
    }

    fn begin_web(&self) {
        for outcome in ReplyReceived::ALL {
            self.0.web.replies.add(0, &[label("outcome", outcome.as_str())]);
        }
        for reason in Refused::ALL {
            self.0.web.refused.add(0, &[label("reason", reason.as_str())]);
        }
        self.add_web_pending(0);
    }
}
