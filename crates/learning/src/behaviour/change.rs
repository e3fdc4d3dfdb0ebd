//! Two models on the same suite: what a promotion would change.

use super::run::{Answer, Behaviour, CapabilityResult, Count};
use serde::Serialize;

/// New failures that are listed, at most.
const LISTED: usize = 50;

/// What a candidate does otherwise than the champion. Tests that models are known to fail are only
/// counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The suite.
    pub suite: String,
    /// Tests that a model should pass, and those that the candidate passed.
    pub candidate: Count,
    /// The same of the champion; `None` for a first model.
    pub champion: Option<Count>,
    /// By capability, in the order of the suite.
    pub capabilities: Vec<CapabilityChange>,
    /// Tests that the champion passes and the candidate fails.
    pub n_new_failures: usize,
    /// Tests that the candidate passes and the champion fails.
    pub n_new_passes: usize,
    /// The first new failures, in the order of the suite.
    pub new_failures: Vec<NewFailure>,
}

/// A capability under both models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapabilityChange {
    /// What it is called.
    pub name: String,
    /// Whether models are known to fail here.
    pub known_failure: bool,
    /// Its tests.
    pub tests: usize,
    /// Those that the candidate passed.
    pub candidate: usize,
    /// Those that the champion passed; `None` for a first model.
    pub champion: Option<usize>,
}

/// A test that the champion passes and the candidate fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewFailure {
    /// Of which capability.
    pub capability: String,
    /// What was asked for.
    pub expected: String,
    /// What the champion said.
    pub champion: Vec<Answer>,
    /// What the candidate said.
    pub candidate: Vec<Answer>,
}

impl Change {
    /// Compares what two models did with one suite.
    #[must_use]
    pub fn between(champion: Option<&Behaviour>, candidate: &Behaviour) -> Self {
        let mut change = Self {
            suite: candidate.suite.clone(),
            candidate: candidate.total,
            champion: champion.map(|champion| champion.total),
            capabilities: Vec::new(),
            n_new_failures: 0,
            n_new_passes: 0,
            new_failures: Vec::new(),
        };
        for (i, ours) in candidate.capabilities.iter().enumerate() {
            let theirs = champion.map(|champion| &champion.capabilities[i]);
            change.capabilities.push(CapabilityChange {
                name: ours.name.clone(),
                known_failure: ours.known_failure,
                tests: ours.count.tests,
                candidate: ours.count.passed,
                champion: theirs.map(|theirs| theirs.count.passed),
            });
            if let Some(theirs) = theirs.filter(|_| !ours.known_failure) {
                change.compare(theirs, ours);
            }
        }
        change
    }

    fn compare(&mut self, theirs: &CapabilityResult, ours: &CapabilityResult) {
        for (champion, candidate) in theirs.results.iter().zip(&ours.results) {
            match (champion.passed, candidate.passed) {
                (false, true) => self.n_new_passes += 1,
                (true, false) => {
                    self.n_new_failures += 1;
                    if self.new_failures.len() < LISTED {
                        self.new_failures.push(NewFailure {
                            capability: ours.name.clone(),
                            expected: candidate.expected.clone(),
                            champion: champion.answers.clone(),
                            candidate: candidate.answers.clone(),
                        });
                    }
                }
                _ => {}
            }
        }
    }
}
