//! What is tested.

use serde::Serialize;
use std::fmt;

/// Behavioural tests of one kind of text, such as film reviews in English.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// What it is called in reports: `default`, or its file.
    pub name: String,
    /// See [`decided`].
    pub unsure_within: f64,
    /// What a model should be able to do, at least one.
    pub capabilities: Vec<Capability>,
}

/// Something that a model should be able to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Capability {
    /// What it is called, such as `negation`.
    pub name: String,
    /// The kind of its tests.
    pub kind: Kind,
    /// What is asked, for a reader.
    pub description: String,
    /// Whether models are known to fail here: counted by itself, and no reason to refuse a model.
    pub known_failure: bool,
    /// At least one.
    pub tests: Vec<Test>,
}

/// How a capability is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Minimum functionality: a text has one right answer, or some.
    Minimum,
    /// Invariance: what changes in a text is no reason to answer otherwise.
    Invariance,
    /// Direction: what changes in a text moves the probability one way.
    Direction,
}

impl Kind {
    /// Its word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::Invariance => "invariance",
            Self::Direction => "direction",
        }
    }
}

/// One test.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The text.
    pub text: String,
    /// The same with something changed; none in a test of minimum functionality.
    pub variations: Vec<String>,
    /// What is asked of a model.
    pub expected: Expected,
}

/// What is asked of a model. Tolerances are differences of P(positive).
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// One of these decisions, with P of the decided side at most `at_most`.
    Decision {
        /// At least one.
        any_of: Vec<Decided>,
        /// 1 where any certainty is right.
        at_most: f64,
    },
    /// No variation is on the other side of the text, nor further from it than this.
    Same {
        /// From 0 to 1.
        tolerance: f64,
    },
    /// Each variation moves the probability so.
    Moves {
        /// Which way.
        to: Move,
        /// From 0 to 1.
        tolerance: f64,
    },
}

/// Which way a variation moves P(positive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It rises by more than the tolerance.
    Up,
    /// It falls by more than the tolerance.
    Down,
    /// It does not rise by more than the tolerance.
    NotUp,
    /// It does not fall by more than the tolerance.
    NotDown,
}

impl Move {
    /// Its word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::NotUp => "not_up",
            Self::NotDown => "not_down",
        }
    }

    /// Whether a rise of P(positive) by `rise` (a fall, below 0) is such a move.
    #[must_use]
    pub fn holds(self, rise: f64, tolerance: f64) -> bool {
        match self {
            Self::Up => rise > tolerance,
            Self::Down => -rise > tolerance,
            Self::NotUp => rise <= tolerance,
            Self::NotDown => -rise <= tolerance,
        }
    }
}

/// What is decided of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It is positive.
    Positive,
    /// It is negative.
    Negative,
    /// It is not said which.
    Unsure,
}

impl Decided {
    /// Its word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Unsure => "unsure",
        }
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What P(positive) decides where the model has no rule of its own for that: a side, or none where
/// it is less than `unsure_within` from one half.
#[must_use]
pub fn decided(probability: f64, unsure_within: f64) -> Decided {
    if (probability - 0.5).abs() < unsure_within {
        Decided::Unsure
    } else if probability >= 0.5 {
        Decided::Positive
    } else {
        Decided::Negative
    }
}

/// What is expected, as a sentence for a reader has it: `negative or unsure`.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision { any_of, at_most } => {
                let words: Vec<&str> = any_of.iter().map(|decided| decided.as_str()).collect();
                f.write_str(&words.join(" or "))?;
                if *at_most < 1.0 { write!(f, ", at most {at_most} sure") } else { Ok(()) }
            }
            Self::Same { tolerance } => write!(f, "the same within {tolerance}"),
            Self::Moves { to, tolerance } => {
                f.write_str(&to.as_str().replace('_', " "))?;
                if *tolerance > 0.0 { write!(f, " by more than {tolerance}") } else { Ok(()) }
            }
        }
    }
}
