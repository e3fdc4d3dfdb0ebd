//! The most confident mistakes: where a model is surest and wrong, a label or a weight is worth a
//! look.

use verdict_learning::corpus::Corpus;
use verdict_sentiment::{Model, Scratch, TermWeight};

/// Mistakes listed of each kind.
pub const MOST: usize = 10;
/// Characters shown of a text.
const SHOWN: usize = 700;
/// Terms that are marked in a text.
const TERMS: usize = 12;

/// A review that the model calls otherwise than it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake<'a> {
    /// The review's id.
    pub id: &'a str,
    /// The beginning of its text, cut between words.
    pub text: &'a str,
    /// Characters that were cut off.
    pub n_cut: usize,
    /// The truth: `true` is positive.
    pub label: bool,
    /// P(positive).
    pub probability: f64,
    /// What spoke for the answer and against it, strongest first.
    pub terms: Vec<TermWeight<'a>>,
}

/// The surest mistakes, first those called positive, then those called negative, at most [`MOST`]
/// of each; equally sure ones by id.
#[must_use]
pub fn mistakes<'a>(
    model: &'a Model,
    reviews: &'a Corpus,
    probabilities: &[f64],
) -> [Vec<Mistake<'a>>; 2] {
    let mut scratch = Scratch::default();
    [false, true].map(|label| {
        let mut wrong: Vec<(usize, f64)> = probabilities
            .iter()
            .copied()
            .enumerate()
            .filter(|&(i, p)| reviews.labels[i] == label && (p >= 0.5) != label)
            .collect();
        wrong.sort_by(|&(a, p), &(b, q)| {
            let surer = (q - 0.5).abs().total_cmp(&(p - 0.5).abs());
            surer.then_with(|| reviews.ids[a].cmp(&reviews.ids[b]))
        });
        let listed = wrong.into_iter().take(MOST);
        listed
            .map(|(i, probability)| {
                let whole = &reviews.texts[i];
                let text = beginning(whole);
                Mistake {
                    id: &reviews.ids[i],
                    text,
                    n_cut: whole[text.len()..].chars().count(),
                    label,
                    probability,
                    terms: model.explain(&mut scratch, whole, TERMS).terms,
                }
            })
            .collect()
    })
}

/// At most [`SHOWN`] characters; cut after a blank if there is one in the last tenth.
fn beginning(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(SHOWN) else {
        return text;
    };
    let cut = &text[..end];
    match cut.rfind(char::is_whitespace) {
        Some(blank) if blank > end - end / 10 => &cut[..blank],
        _ => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words_and_never_within_a_character() {
        assert_eq!(beginning("short"), "short");
        let words = "wörter ".repeat(200);
        let cut = beginning(&words);
        assert!(cut.ends_with("wörter") && cut.chars().count() <= SHOWN);
        assert_eq!(beginning(&"ß".repeat(2000)).chars().count(), SHOWN);
    }
}
