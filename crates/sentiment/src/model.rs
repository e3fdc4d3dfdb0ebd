//! A trained model, ready to score.

use crate::artifact::{self, Example};
use crate::decision::{Decision, DecisionRule, decide};
use crate::error::{ArtifactError, InvalidPart};
use crate::parts::ModelParts;
use crate::score::{Explanation, Label, Score, TermWeight, from_grid, to_grid};
use crate::vectorize::Scratch;

/// What a model file says it is. Two models are the same exactly if their sha256 is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What the model is called.
    pub name: String,
    /// Given by a registry; without one, the first twelve digits of the sha256.
    pub version: String,
    /// SHA-256 of the whole file, 64 lower-case hexadecimal digits: what `sha256sum` prints.
    pub sha256: String,
}

/// A trained model. Immutable; share it between threads and give each thread a [`Scratch`] of its
/// own.
#[derive(Debug, Clone)]
pub struct Model {
    parts: ModelParts,
    examples: Vec<Example>,
    identity: Identity,
    intercept_steps: i64,
    decision_rule: Option<DecisionRule>,
}

impl Model {
    /// Encodes a model with its own scores of `example_texts`, which each loader will compute
    /// again.
    ///
    /// # Errors
    /// Where a part is out of its bounds: one that the loader would refuse.
    pub fn encode(parts: ModelParts, example_texts: &[&str]) -> Result<Vec<u8>, ArtifactError> {
        let mut model = Self::assemble(parts, Vec::new(), String::new())?;
        let mut scratch = Scratch::default();
        model.examples = example_texts
            .iter()
            .map(|&text| Example {
                text: text.to_owned(),
                score: model.score(&mut scratch, text).score,
            })
            .collect();
        artifact::encode(&model.parts, &model.examples)
    }

    /// Reads a model file and checks all of it: magic, version, lengths, checksum, bounds, and that
    /// it scores its own examples as it did when it was made.
    ///
    /// # Errors
    /// States what is wrong and at which byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let (parts, examples) = artifact::decode(bytes)?;
        let model = Self::assemble(parts, examples, artifact::sha256_hex(bytes))?;
        let mut scratch = Scratch::default();
        for (i, example) in model.examples.iter().enumerate() {
            let got = model.score(&mut scratch, &example.text).score;
            if (got - example.score).abs() > artifact::EXAMPLE_TOLERANCE {
                return Err(ArtifactError::Example { example: i, expected: example.score, got });
            }
        }
        Ok(model)
    }

    fn assemble(
        parts: ModelParts,
        examples: Vec<Example>,
        sha256: String,
    ) -> Result<Self, ArtifactError> {
        parts.check()?;
        let identity = Identity {
            name: parts.name.clone(),
            version: sha256.chars().take(12).collect(),
            sha256,
        };
        let intercept_steps = to_grid(parts.intercept);
        let decision_rule = DecisionRule::of_about(&parts.about)
            .map_err(|InvalidPart(reason)| ArtifactError::Invalid(reason))?;
        Ok(Self { parts, examples, identity, intercept_steps, decision_rule })
    }

    /// The same model under the version that a registry gave it.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.identity.version = version.into();
        self
    }

    /// Scores a review. Every text has a score: one without a known term has the intercept.
    pub fn score(&self, scratch: &mut Scratch, text: &str) -> Score {
        let norm = self.parts.vectorizer.weigh(scratch, text);
        let contributions = scratch.columns.iter().zip(&scratch.values);
        let steps = contributions.fold(self.intercept_steps, |sum, (&column, &value)| {
            sum.saturating_add(self.contribution(column, value * norm))
        });
        self.judge(steps, scratch.columns.len())
    }

    /// Scores a review and lists what its `max_terms` strongest terms add.
    pub fn explain(&self, scratch: &mut Scratch, text: &str, max_terms: usize) -> Explanation<'_> {
        let (columns, values) = self.parts.vectorizer.transform(scratch, text);
        let mut steps: Vec<(u32, i64)> = columns
            .iter()
            .zip(values)
            .map(|(&column, &value)| (column, self.contribution(column, value)))
            .collect();
        steps.sort_unstable_by_key(|&(column, steps)| {
            (std::cmp::Reverse(steps.unsigned_abs()), column)
        });
        let sum =
            steps.iter().fold(self.intercept_steps, |sum, &(_, steps)| sum.saturating_add(steps));
        let rest = steps.iter().skip(max_terms);
        let rest = rest.fold(0_i64, |sum, &(_, steps)| sum.saturating_add(steps));
        let terms = steps.iter().take(max_terms).filter_map(|&(column, steps)| {
            let term = self.parts.vectorizer.vocabulary().term(column as usize)?;
            Some(TermWeight { term, weight: from_grid(steps) })
        });
        Explanation {
            score: self.judge(sum, columns.len()),
            intercept: from_grid(self.intercept_steps),
            rest: from_grid(rest),
            terms: terms.collect(),
        }
    }

    #[inline]
    fn contribution(&self, column: u32, value: f64) -> i64 {
        to_grid(value * self.parts.weights.get(column as usize).copied().map_or(0.0, f64::from))
    }

    fn judge(&self, steps: i64, n_terms: usize) -> Score {
        let score = from_grid(steps);
        let probability = self.parts.calibration.probability(score, n_terms);
        let label = if probability >= 0.5 { Label::Positive } else { Label::Negative };
        Score { score, probability, label }
    }

    /// What it decides about a text with so many known terms and this calibrated probability.
    pub fn decide(&self, known_terms: usize, probability: f64) -> Decision {
        decide(self.decision_rule.as_ref(), known_terms, probability)
    }

    /// How sure it must be; `None` when it decides about every text with a known term.
    pub fn decision_rule(&self) -> Option<&DecisionRule> {
        self.decision_rule.as_ref()
    }

    /// Name, version and sha256.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The version of the file format that holds this model: the oldest that has its options.
    pub fn format_version(&self) -> u32 {
        artifact::version_of(self.parts.vectorizer.options(), self.parts.calibration)
    }

    /// Number of terms.
    pub fn n_terms(&self) -> usize {
        self.parts.weights.len()
    }

    /// What the model is made of.
    pub fn parts(&self) -> &ModelParts {
        &self.parts
    }

    /// The texts with their scores that the file carries.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }
}
