//! A second model that scores the same reviews. Its scores are counted and shown; no verdict or
//! reply ever has one.

use std::{
    collections::VecDeque,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use verdict_messages::Position;
use verdict_sentiment::{Identity, Model, Score, Scratch};

use super::observation::ShadowScore;
use crate::score::sentiment;

/// Disagreements that are kept to be looked at.
pub const EXAMPLES: usize = 20;
/// Other draws than those of the reviews that are sampled.
const SALT: u64 = 1;

type ScoreText = Arc<dyn Fn(&mut Scratch, &str) -> Score + Send + Sync>;

/// The shadow model.
#[derive(Clone)]
pub struct Shadow {
    identity: Identity,
    share: f64,
    score: ScoreText,
}

impl Shadow {
    /// `model` scores a part of the reviews, `share` of them, 0 to 1.
    #[must_use]
    pub fn new(model: Arc<Model>, share: f64) -> Self {
        let identity = model.identity().clone();
        Self::by(identity, share, move |scratch, text| model.score(scratch, text))
    }

    /// Whatever scores texts, under a name.
    #[must_use]
    pub fn by(
        identity: Identity,
        share: f64,
        score: impl Fn(&mut Scratch, &str) -> Score + Send + Sync + 'static,
    ) -> Self {
        Self { identity, share, score: Arc::new(score) }
    }

    /// What it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The part of the reviews that it scores.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Whether it scores the review at `offset` of `partition`: always the same for the same
    /// review.
    #[must_use]
    pub fn takes(&self, partition: i32, offset: i64) -> bool {
        draw(partition, offset, SALT) < self.share
    }

    /// Scores a text. Total: whatever goes wrong is [`ShadowScore::Failed`]. `scratch` is as good
    /// as new afterwards.
    pub fn score(&self, scratch: &mut Scratch, text: &str) -> ShadowScore {
        match catch_unwind(AssertUnwindSafe(|| (self.score)(scratch, text))) {
            Ok(Score { probability, label, .. }) if probability.is_finite() => {
                ShadowScore::Scored { probability, label: sentiment(label) }
            }
            Ok(_) => ShadowScore::Failed,
            Err(_) => {
                // Its counts may not be at zero, which the serving model relies on.
                *scratch = Scratch::default();
                ShadowScore::Failed
            }
        }
    }
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow")
            .field("identity", &self.identity)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}

/// A review that got another label from the shadow model. Its text is not kept: it stands in Kafka
/// at `source`.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// Where the review stands.
    pub source: Position,
    /// Its id.
    pub id: String,
    /// Version of the model that served.
    pub version: String,
    /// P(positive) by the model that served.
    pub serving: f64,
    /// P(positive) by the shadow model.
    pub shadow: f64,
}

/// How the shadow model compares with the one that serves, since that serves.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Reviews to which both gave the same label.
    pub agree: u64,
    /// Reviews to which they did not.
    pub disagree: u64,
    /// Reviews that the shadow model could not score.
    pub failed: u64,
    /// Sum of the absolute differences of the probabilities.
    pub difference: f64,
    /// The last disagreements, at most [`EXAMPLES`], the newest last.
    pub examples: VecDeque<Disagreement>,
}

impl Comparison {
    /// Both gave the same label.
    pub fn agrees(&mut self, difference: f64) {
        self.agree += 1;
        self.difference += difference;
    }

    /// They did not.
    pub fn disagrees(&mut self, example: Disagreement) {
        self.disagree += 1;
        self.difference += (example.serving - example.shadow).abs();
        if self.examples.len() >= EXAMPLES {
            self.examples.pop_front();
        }
        self.examples.push_back(example);
    }

    /// Mean absolute difference of the probabilities; `None` without a review.
    #[must_use]
    pub fn mean_difference(&self) -> Option<f64> {
        let reviews = self.agree + self.disagree;
        (reviews > 0).then(|| self.difference / reviews as f64)
    }
}

/// A number from 0 (included) to 1 (not included) for the record at `offset` of `partition`, evenly
/// distributed whatever the offsets are: those of a partition may be all even (transactions) or
/// have gaps (compaction). Each `salt` gives independent numbers. The same record always has the
/// same ones, so that a batch that is read again is sampled as it was.
pub(super) fn draw(partition: i32, offset: i64, salt: u64) -> f64 {
    let place = u64::from(partition.unsigned_abs()) << 48;
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    let mut z = offset.unsigned_abs() ^ place ^ salt.rotate_left(32);
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdict_sentiment::Label;

    fn shadow(share: f64, score: fn(&mut Scratch, &str) -> Score) -> Shadow {
        let identity =
            Identity { name: "shadow".to_owned(), version: "1".to_owned(), sha256: String::new() };
        Shadow::by(identity, share, score)
    }

    fn half() -> Score {
        Score { score: 0.0, probability: 0.5, label: Label::Positive }
    }

    #[test]
    fn it_takes_its_share_and_always_the_same_reviews() {
        for share in [0.0, 0.1, 0.5, 1.0] {
            let shadow = shadow(share, |_, _| half());
            let taken =
                |_| (0..10_000_i64).filter(|offset| shadow.takes(1, *offset)).collect::<Vec<_>>();
            let first = taken(());
            assert_eq!(first, taken(()));
            let got = first.len() as f64 / 10_000.0;
            assert!((got - share).abs() < 0.02, "{share}: {got}");
        }
    }

    #[test]
    fn a_panic_or_a_number_that_is_none_is_a_failure_and_nothing_more() {
        let mut scratch = Scratch::default();
        let panics = shadow(1.0, |_, text| panic!("{text}"));
        assert_eq!(panics.score(&mut scratch, "x"), ShadowScore::Failed);
        let no_number = shadow(1.0, |_, _| Score { probability: f64::NAN, ..half() });
        assert_eq!(no_number.score(&mut scratch, "x"), ShadowScore::Failed);
    }

    #[test]
    fn the_last_disagreements_are_kept() {
        let mut compared = Comparison::default();
        compared.agrees(0.25);
        for offset in 0..30 {
            compared.disagrees(Disagreement {
                source: Position::new("reviews", 0, offset),
                id: offset.to_string(),
                version: "7".to_owned(),
                serving: 0.75,
                shadow: 0.25,
            });
        }
        assert_eq!((compared.agree, compared.disagree), (1, 30));
        let ids: Vec<&str> = compared.examples.iter().map(|e| e.id.as_str()).collect();
        let expected: Vec<String> = (10..30).map(|n| n.to_string()).collect();
        assert_eq!(ids, expected);
        let mean = compared.mean_difference().unwrap();
        assert!((mean - 15.25 / 31.0).abs() < 1e-12, "{mean}");
        assert_eq!(Comparison::default().mean_difference(), None);
    }
}
