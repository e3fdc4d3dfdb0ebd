//! Positive or negative, and the forms in which people and tools write it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Positive or negative: the two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// The reviewer liked it.
    Positive,
    /// The reviewer did not.
    Negative,
}

/// What the model decides about a review: its label, or that it is too close to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Positive, and sure enough.
    Positive,
    /// Negative, and sure enough.
    Negative,
    /// Too close to call.
    Unsure,
}

impl Sentiment {
    /// The forms that [`from_label`](Self::from_label) reads, for messages.
    pub const LABELS: &str = "positive or negative (or pos/neg, 1/0, 1.0/0.0, true/false)";

    /// The class that a label names, as people and their tools write it: a word, a truth value, or
    /// a number that is 1 or 0 (pandas writes 1.0 and 0.0 where a column once had a gap). Case and
    /// surrounding space do not matter.
    ///
    /// It is the one list of labels, for files of any layout, records and HTTP.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim();
        let is = |names: [&str; 3]| names.iter().any(|name| label.eq_ignore_ascii_case(name));
        let is_number = label.bytes().all(|byte| matches!(byte, b'0' | b'1' | b'.'));
        if is(["positive", "pos", "true"]) {
            Some(Self::Positive)
        } else if is(["negative", "neg", "false"]) {
            Some(Self::Negative)
        } else {
            let number = label.parse::<f64>().ok().filter(|_| is_number)?;
            [(1.0, Self::Positive), (0.0, Self::Negative)]
                .into_iter()
                .find(|(of, _)| number.total_cmp(of).is_eq())
                .map(|(_, class)| class)
        }
    }

    /// The class as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }
}

impl fmt::Display for Sentiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_word_a_truth_value_or_one_and_nought() {
        for (labels, class) in [
            (
                &["positive", " Positive ", "pos", "POS", "1", "1.0", "01", "1.", "true", "True"][..],
                Some(Sentiment::Positive),
            ),
            (
                &["negative", "NEG", "0", "0.0", "00", "0.", "false", "FALSE"],
                Some(Sentiment::Negative),
            ),
            (
                &[
                    "", " ", "2", "0.5", "2.0", "-1", "-0", "+1", "1e0", "nan", "NaN", "inf", ".",
                    "1.0.0", "neutral", "yes", "t", "None", "null", "[1]",
                ],
                None,
            ),
        ] {
            for label in labels {
                assert_eq!(Sentiment::from_label(label), class, "{label:?}");
            }
        }
    }
}
