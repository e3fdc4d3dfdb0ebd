//! What would change a verdict: the fewest phrases without which the sum changes sides.

use verdict_messages::{Sentiment, Verdict};

// More than these are no answer to "what decided it".
const MOST: usize = 6;

/// What would change the verdict.
#[derive(Debug, PartialEq)]
pub(super) enum Flip {
    /// Without these, the strongest first, it would be the other label.
    Without(Vec<String>),
    /// Even without this many of the strongest it stays.
    Stays(usize),
}

/// Takes the strongest phrases for the label out of the sum until it changes sides: so they are the
/// fewest. `None` when nothing speaks for the label, or the sum is on the other side already, which
/// the calibration allows close to one half.
pub(super) fn flip(verdict: &Verdict<'_>, phrases: Vec<(String, f64)>) -> Option<Flip> {
    let sign = match verdict.label {
        Sentiment::Positive => 1.0,
        Sentiment::Negative => -1.0,
    };
    let mut left = verdict.explained_score()? * sign;
    let mut speak: Vec<(String, f64)> =
        phrases.into_iter().map(|(phrase, weight)| (phrase, weight * sign)).collect();
    speak.retain(|(_, weight)| *weight > 0.0);
    if speak.is_empty() || left < 0.0 {
        return None;
    }
    speak.sort_by(|a, b| b.1.total_cmp(&a.1));
    speak.truncate(MOST);
    let mut taken = Vec::new();
    for (phrase, weight) in speak {
        left -= weight;
        taken.push(phrase);
        if left < 0.0 {
            return Some(Flip::Without(taken));
        }
    }
    Some(Flip::Stays(taken.len()))
}

impl Flip {
    /// As a sentence needs them: `“a”, “b” and “c”`.
    pub(super) fn listed(phrases: &[String]) -> String {
        let quoted: Vec<String> =
            phrases.iter().map(|phrase| format!("\u{201c}{phrase}\u{201d}")).collect();
        match quoted.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => quoted.concat(),
        }
    }
}
