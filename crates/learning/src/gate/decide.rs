//! The decision itself.

use super::checks::{Checks, Reason};
use super::flips::{Flip, flips};
use super::mcnemar::McNemar;
use super::measured::{Judged, Measured, SliceResult, slice_results};
use super::thresholds::Gate;
use crate::behaviour::{Change, Suite};
use crate::corpus::Corpus;
use serde::Serialize;
use verdict_sentiment::Model;

/// Whether to promote, and why. Serialises to `reports/promotion.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Whether the candidate may serve: every check has passed.
    pub accepted: bool,
    /// Every check that was made, in order.
    pub reasons: Vec<Reason>,
    /// Reviews that both models were measured on.
    pub n_reviews: usize,
    /// Names them: SHA-256 over labels and texts.
    pub data_sha256: String,
    /// The model that asks.
    pub candidate: Measured,
    /// The model that serves; `None` for the first.
    pub champion: Option<Measured>,
    /// The test between them; `None` without a champion.
    pub mcnemar: Option<McNemar>,
    /// Kinds of reviews.
    pub slices: Vec<SliceResult>,
    /// What would change on the suite of behavioural tests; `None` where the gate has none.
    pub behaviour: Option<Change>,
    /// Reviews whose label would change.
    pub n_flips: usize,
    /// The first of them, the largest change first.
    pub flips: Vec<Flip>,
    /// The bounds that were applied.
    pub gate: Gate,
}

/// How much of the flips a decision carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlipsWanted {
    /// So many at most.
    pub most: usize,
    /// With the texts.
    pub texts: bool,
}

impl Default for FlipsWanted {
    fn default() -> Self {
        Self { most: 50, texts: false }
    }
}

/// Decides whether `candidate` may take the place of `champion`, on reviews that neither was
/// trained on, and on a suite of behavioural tests, if there is one.
///
/// Without a champion the candidate is held against the floors alone. A candidate whose bytes are
/// the champion's is refused, since there is nothing to promote. The same models, reviews and gate
/// give the same decision, whatever the number of threads.
///
/// ```
/// # use verdict_learning::{corpus::Corpus, train::TrainParams};
/// # use verdict_sentiment::Model;
/// use verdict_learning::gate::{FlipsWanted, Gate, compare};
///
/// # let reviews = (0..40).map(|i| (["a witty film", "a dull film"][i % 2].to_owned(), i % 2 == 0));
/// # let held_out: Corpus = reviews.collect();
/// # let trained = TrainParams::default().check()?.fit(&held_out, "films")?;
/// # let candidate = Model::from_bytes(&trained.artifact)?;
/// let gate = Gate { min_reviews: 1_000, ..Gate::default() }.check()?;
/// let decision = compare(None, &candidate, &held_out, None, &gate, FlipsWanted::default());
/// let failed = decision.reasons.iter().filter(|reason| !reason.passed);
/// assert!(!decision.accepted);
/// assert_eq!(failed.map(|reason| &*reason.check).collect::<Vec<_>>(), ["min_reviews"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn compare(
    champion: Option<&Model>,
    candidate: &Model,
    reviews: &Corpus,
    suite: Option<&Suite>,
    gate: &Gate,
    wanted: FlipsWanted,
) -> Decision {
    let ours = Judged::new(candidate, reviews);
    let theirs = champion.map(|champion| Judged::new(champion, reviews));
    let slices = slice_results(reviews, &ours, theirs.as_ref());
    let behaviour = suite.map(|suite| {
        Change::between(champion.map(|model| suite.run(model)).as_ref(), &suite.run(candidate))
    });
    let mut checks = Checks::default();
    checks.by_itself(candidate, &ours.measured.metrics, reviews, gate);
    let mcnemar = theirs.as_ref().map(|theirs| {
        let test = McNemar::count(&theirs.right, &ours.right);
        checks.against(&ours.measured, &theirs.measured, &test, gate);
        checks.slices(&slices, gate);
        if let Some(change) = &behaviour {
            checks.behaviour(change, gate);
        }
        test
    });
    let mut flips = theirs.as_ref().map_or_else(Vec::new, |theirs| {
        flips(reviews, &theirs.probabilities, &ours.probabilities, wanted.texts)
    });
    let n_flips = flips.len();
    flips.truncate(wanted.most);
    Decision {
        accepted: checks.reasons.iter().all(|reason| reason.passed),
        reasons: checks.reasons,
        n_reviews: reviews.len(),
        data_sha256: reviews.sha256.clone(),
        candidate: ours.measured,
        champion: theirs.map(|theirs| theirs.measured),
        mcnemar,
        slices,
        behaviour,
        n_flips,
        flips,
        gate: gate.clone(),
    }
}
