//! Settings: what to observe.

use std::path::PathBuf;

use clap::Args;

/// The smallest window: below it, chance alone moves a stability index past the usual thresholds.
const LEAST_WINDOW: usize = 100;
/// The largest: 20 MB.
const MOST_WINDOW: usize = 1_000_000;
const MOST_THRESHOLD: f64 = 10.0;

/// What to observe; checked by [`RunArgs::check`](crate::settings::RunArgs::check).
#[derive(Debug, Clone, Args)]
pub struct ObserveArgs {
    /// Reviews that are compared with those of the training, the last so many; 0 compares none
    #[arg(long, env = "VERDICT_DRIFT_WINDOW", default_value_t = 1_000, value_name = "N")]
    pub drift_window: usize,

    /// Population stability index above which the reviews count as drifted
    #[arg(long, env = "VERDICT_DRIFT_THRESHOLD", default_value_t = 0.2, value_name = "PSI")]
    pub drift_threshold: f64,

    /// A model that scores the same reviews and is never heard, only compared (see --model)
    #[arg(long, env = "VERDICT_SHADOW", value_name = "URI")]
    pub shadow: Option<PathBuf>,

    /// Part of the reviews that --shadow scores, 0 to 1
    #[arg(long, env = "VERDICT_SHADOW_SHARE", default_value_t = 1.0, value_name = "PART")]
    pub shadow_share: f64,
}

impl ObserveArgs {
    /// What cannot be used, as value, bound and flag.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let window = self.drift_window;
        if window != 0 && !(LEAST_WINDOW..=MOST_WINDOW).contains(&window) {
            problems.push(format!(
                "--drift-window must be 0 or {LEAST_WINDOW} to {MOST_WINDOW}, got {window}"
            ));
        }
        let threshold = self.drift_threshold;
        if !(threshold > 0.0 && threshold <= MOST_THRESHOLD) {
            problems.push(format!(
                "--drift-threshold must be above 0 and at most {MOST_THRESHOLD}, got {threshold}"
            ));
        }
        if !(0.0..=1.0).contains(&self.shadow_share) {
            problems.push(format!("--shadow-share must be 0 to 1, got {}", self.shadow_share));
        }
        problems
    }
}
