//! `promotion` in params.yaml: the bounds of the promotion gate.

use super::check::Check;
use crate::gate::thresholds::{Floors, Gate};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPromotion {
    floors: RawFloors,
    min_reviews: i64,
    alpha: f64,
    max_regression: f64,
    max_log_loss_rise: f64,
    slice_max_drop: f64,
    require_converged: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFloors {
    accuracy: f64,
    precision: f64,
    recall: f64,
    f1: f64,
    auc: f64,
    log_loss: f64,
    ece: f64,
}

impl Default for RawPromotion {
    fn default() -> Self {
        let gate = Gate::default();
        Self {
            floors: RawFloors::default(),
            min_reviews: i64::try_from(gate.min_reviews).unwrap_or(i64::MAX),
            alpha: gate.alpha,
            max_regression: gate.max_regression,
            max_log_loss_rise: gate.max_log_loss_rise,
            slice_max_drop: gate.slice_max_drop,
            require_converged: gate.require_converged,
        }
    }
}

impl Default for RawFloors {
    fn default() -> Self {
        let floors = Floors::default();
        Self {
            accuracy: floors.accuracy,
            precision: floors.precision,
            recall: floors.recall,
            f1: floors.f1,
            auc: floors.auc,
            log_loss: floors.log_loss,
            ece: floors.ece,
        }
    }
}

impl RawPromotion {
    /// Notes every value out of bounds with `check`; where there is one, the gate is not to be used.
    pub(super) fn check(&self, check: &mut Check<'_>) -> Gate {
        let floors = &self.floors;
        for (name, value) in [
            ("floors.accuracy", floors.accuracy),
            ("floors.precision", floors.precision),
            ("floors.recall", floors.recall),
            ("floors.f1", floors.f1),
            ("floors.auc", floors.auc),
            ("floors.ece", floors.ece),
            ("max_regression", self.max_regression),
            ("slice_max_drop", self.slice_max_drop),
        ] {
            let key = format!("promotion.{name}");
            check.that((0.0..=1.0).contains(&value), &key, "from 0 to 1", &value);
        }
        check.that(
            self.alpha > 0.0 && self.alpha < 1.0,
            "promotion.alpha",
            "above 0 and below 1",
            &self.alpha,
        );
        for (name, value) in
            [("floors.log_loss", floors.log_loss), ("max_log_loss_rise", self.max_log_loss_rise)]
        {
            let key = format!("promotion.{name}");
            check.that(value >= 0.0 && value.is_finite(), &key, ">= 0", &value);
        }
        check.that(self.min_reviews >= 1, "promotion.min_reviews", "at least 1", &self.min_reviews);
        Gate {
            floors: Floors {
                accuracy: floors.accuracy,
                precision: floors.precision,
                recall: floors.recall,
                f1: floors.f1,
                auc: floors.auc,
                log_loss: floors.log_loss,
                ece: floors.ece,
            },
            min_reviews: usize::try_from(self.min_reviews).unwrap_or_default(),
            alpha: self.alpha,
            max_regression: self.max_regression,
            max_log_loss_rise: self.max_log_loss_rise,
            slice_max_drop: self.slice_max_drop,
            require_converged: self.require_converged,
        }
    }
}
