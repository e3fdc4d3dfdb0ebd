//! A model on a suite.

use super::suite::{Capability, Decided, Expected, Kind, Suite, Test, decided};
use rayon::prelude::*;
use serde::Serialize;
use verdict_sentiment::{Decision, Model, Scratch};

/// What a model did. Serialises to the result of `trainer behave --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Behaviour {
    /// The suite.
    pub suite: String,
    /// What the model is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Tests that a model should pass.
    pub total: Count,
    /// Tests that models are known to fail, in no other sum.
    pub known_failures: Count,
    /// By capability, in the order of the suite.
    pub capabilities: Vec<CapabilityResult>,
}

/// How many tests there are, and how many passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// All of them.
    pub tests: usize,
    /// Those that passed.
    pub passed: usize,
}

impl Count {
    /// The fraction that passed; `None` where there is no test.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.tests > 0).then(|| self.passed as f64 / self.tests as f64)
    }

    fn of(results: &[CapabilityResult], known_failure: bool) -> Self {
        let chosen = results.iter().filter(|result| result.known_failure == known_failure);
        chosen.fold(Self::default(), |sum, result| Self {
            tests: sum.tests + result.count.tests,
            passed: sum.passed + result.count.passed,
        })
    }
}

/// A capability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapabilityResult {
    /// What it is called.
    pub name: String,
    /// How it was tested.
    pub kind: Kind,
    /// What was asked.
    pub description: String,
    /// Whether models are known to fail here.
    pub known_failure: bool,
    /// Its tests.
    #[serde(flatten)]
    pub count: Count,
    /// Each of them, in the order of the suite.
    pub results: Vec<TestResult>,
}

/// A test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResult {
    /// Whether everything asked for holds.
    pub passed: bool,
    /// What was asked for.
    pub expected: String,
    /// To the text, and to each variation.
    pub answers: Vec<Answer>,
}

/// What a model said of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// P(positive).
    pub probability: f64,
    /// What that decides.
    pub decided: Decided,
    /// Whether it is what was asked for.
    pub passed: bool,
}

impl Suite {
    /// Asks a model, on the rayon pool of the caller.
    ///
    /// ```
    /// # use verdict_learning::{corpus::Corpus, train::TrainParams};
    /// # use verdict_sentiment::Model;
    /// use verdict_learning::behaviour::{Capability, Expected, Kind, Move, Suite, Test};
    ///
    /// # let reviews = (0..40).map(|i| (["a witty film", "a dull film"][i % 2].to_owned(), i % 2 == 0));
    /// # let trained = TrainParams::default().check()?.fit(&reviews.collect::<Corpus>(), "films")?;
    /// # let model = Model::from_bytes(&trained.artifact)?;
    /// let test = Test {
    ///     text: "A film.".to_owned(),
    ///     variations: vec!["A witty film.".to_owned(), "A dull film.".to_owned()],
    ///     expected: Expected::Moves { to: Move::Up, tolerance: 0.0 },
    /// };
    /// let capability = Capability {
    ///     name: "praise".to_owned(),
    ///     kind: Kind::Direction,
    ///     description: "A word of praise raises P(positive).".to_owned(),
    ///     known_failure: false,
    ///     tests: vec![test],
    /// };
    /// let suite =
    ///     Suite { name: "mine".to_owned(), unsure_within: 0.15, capabilities: vec![capability] };
    /// let behaviour = suite.run(&model);
    /// let answers = &behaviour.capabilities[0].results[0].answers;
    /// assert_eq!(answers.iter().map(|answer| answer.passed).collect::<Vec<_>>(), [true, true, false]);
    /// assert_eq!(behaviour.total.rate(), Some(0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn run(&self, model: &Model) -> Behaviour {
        let tests = self.capabilities.iter().flat_map(|capability| &capability.tests);
        let texts: Vec<&String> = tests.flat_map(Test::texts).collect();
        let asked = texts.par_iter().map_init(Scratch::default, |scratch, text| {
            ask(model, scratch, text, self.unsure_within)
        });
        let mut said = asked.collect::<Vec<_>>().into_iter();
        let capabilities: Vec<CapabilityResult> = self
            .capabilities
            .iter()
            .map(|capability| {
                let judge = |test: &Test| test.judge(&mut said);
                CapabilityResult::new(capability, capability.tests.iter().map(judge).collect())
            })
            .collect();
        let identity = model.identity();
        Behaviour {
            suite: self.name.clone(),
            name: identity.name.clone(),
            version: identity.version.clone(),
            sha256: identity.sha256.clone(),
            total: Count::of(&capabilities, false),
            known_failures: Count::of(&capabilities, true),
            capabilities,
        }
    }
}

/// What a model says of a text.
#[derive(Debug, Clone, Copy)]
struct Said {
    probability: f64,
    /// The side that its probability takes, the same way for each model.
    side: Decided,
    /// Whether its verdict would be `unsure`, by its own rule.
    is_unsure: bool,
}

fn ask(model: &Model, scratch: &mut Scratch, text: &str, unsure_within: f64) -> Said {
    let probability = model.score(scratch, text).probability;
    let is_unsure = model.decide(scratch.columns().len(), probability) == Decision::Unsure;
    Said { probability, side: decided(probability, unsure_within), is_unsure }
}

impl Said {
    /// `Unsure`, where that was asked for and the verdict says so; else the side.
    fn decided(self, expected: &Expected) -> Decided {
        match expected {
            Expected::Decision { any_of, .. }
                if self.is_unsure && any_of.contains(&Decided::Unsure) =>
            {
                Decided::Unsure
            }
            _ => self.side,
        }
    }
}

impl CapabilityResult {
    fn new(capability: &Capability, results: Vec<TestResult>) -> Self {
        let passed = results.iter().filter(|result| result.passed).count();
        Self {
            name: capability.name.clone(),
            kind: capability.kind,
            description: capability.description.clone(),
            known_failure: capability.known_failure,
            count: Count { tests: results.len(), passed },
            results,
        }
    }
}

impl Test {
    fn texts(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.text).chain(&self.variations)
    }

    /// Takes what was said of each of its texts.
    fn judge(&self, said: &mut impl Iterator<Item = Said>) -> TestResult {
        let said: Vec<(&String, Said)> = self.texts().zip(said).collect();
        let first = said[0].1;
        let answers: Vec<Answer> = said
            .into_iter()
            .enumerate()
            .map(|(i, (text, said))| Answer {
                text: text.clone(),
                probability: said.probability,
                decided: said.decided(&self.expected),
                passed: self.expected.holds(i > 0, first, said),
            })
            .collect();
        TestResult {
            passed: answers.iter().all(|answer| answer.passed),
            expected: self.expected.to_string(),
            answers,
        }
    }
}

impl Expected {
    /// Whether `said` is what was asked for, where `first` was said of the text itself. Where only
    /// variations are asked about, the text itself always is.
    fn holds(&self, is_variation: bool, first: Said, said: Said) -> bool {
        let (probability, decided) = (said.probability, said.decided(self));
        match self {
            Self::Decision { any_of, at_most } => {
                any_of.contains(&decided) && probability.max(1.0 - probability) <= *at_most
            }
            _ if !is_variation => true,
            Self::Same { tolerance } => {
                let other_side = match first.side {
                    Decided::Positive => decided == Decided::Negative,
                    Decided::Negative => decided == Decided::Positive,
                    Decided::Unsure => false,
                };
                !other_side && (probability - first.probability).abs() <= *tolerance
            }
            Self::Moves { to, tolerance } => to.holds(probability - first.probability, *tolerance),
        }
    }
}
