//! Which words of a review weighed how much.
//!
//! A term is one or more neighbouring tokens, and its weight stands for all its occurrences together. So each word gets
//! the share of every term that covers it: weight / occurrences / words of the term. Summed over the words of a review
//! this gives the listed weights again.

use std::collections::HashMap;

use verdict_messages::TermContribution;

/// A stretch of the review's text, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span<'t> {
    pub(crate) text: &'t str,
    /// What it added to the score, in log-odds; `None` between words and for words without weight.
    pub(crate) weight: Option<f64>,
}

/// Cuts `text` into spans that are `text` again when put together.
pub(crate) fn spans<'t>(text: &'t str, terms: &[TermContribution<'_>]) -> Vec<Span<'t>> {
    let words = words(text);
    let mut weights = vec![0.0; words.len()];
    let known: HashMap<&str, f64> =
        terms.iter().map(|term| (term.term.as_ref(), term.weight)).collect();
    let longest = terms.iter().map(|term| term.term.split(' ').count()).max().unwrap_or(0);
    for n in 1..=longest {
        let mut occurrences: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, window) in words.windows(n).enumerate() {
            let joined =
                window.iter().map(|word| word.token.as_str()).collect::<Vec<_>>().join(" ");
            if known.contains_key(joined.as_str()) {
                occurrences.entry(joined).or_default().push(at);
            }
        }
        for (term, places) in &occurrences {
            let weight = known.get(term.as_str()).copied().unwrap_or(0.0);
            let share = weight / count(places.len()) / count(n);
            for at in places {
                for weight in weights.iter_mut().skip(*at).take(n) {
                    *weight += share;
                }
            }
        }
    }
    cut(text, &words, &weights)
}

fn cut<'t>(text: &'t str, words: &[Word], weights: &[f64]) -> Vec<Span<'t>> {
    let mut spans = Vec::with_capacity(2 * words.len() + 1);
    let mut done = 0;
    let mut push = |from: usize, to: usize, weight: Option<f64>| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            spans.push(Span { text, weight });
        }
    };
    for (word, weight) in words.iter().zip(weights) {
        push(done, word.start, None);
        push(word.start, word.end, Some(*weight).filter(|weight| weight.abs() > 0.0));
        done = word.end;
    }
    push(done, text.len(), None);
    spans
}

#[derive(Debug)]
struct Word {
    start: usize,
    end: usize,
    token: String,
}

/// The words as the model sees them: runs of two or more letters, digits or underscores, in lower case.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    let ends = std::iter::once((text.len(), ' '));
    for (at, c) in text.char_indices().chain(ends) {
        let in_word = c.is_alphanumeric() || c == '_';
        match (start, in_word) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                start = None;
                if let Some(run) = text.get(from..at).filter(|run| run.chars().nth(1).is_some()) {
                    words.push(Word { start: from, end: at, token: run.to_lowercase() });
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    words
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(list: &[(&'static str, f64)]) -> Vec<TermContribution<'static>> {
        list.iter()
            .map(|(term, weight)| TermContribution { term: (*term).into(), weight: *weight })
            .collect()
    }

    fn marked<'t>(text: &'t str, list: &[(&'static str, f64)]) -> Vec<(&'t str, f64)> {
        spans(text, &terms(list))
            .into_iter()
            .filter_map(|span| Some((span.text, span.weight?)))
            .collect()
    }

    #[test]
    fn words_are_found_whatever_their_case_and_neighbours() {
        assert_eq!(
            marked("GREAT! It's a great\nfilm…", &[("great", 1.0), ("film", -0.5)]),
            [("GREAT", 0.5), ("great", 0.5), ("film", -0.5)]
        );
    }

    #[test]
    fn a_longer_term_is_shared_by_its_words_and_adds_to_theirs() {
        assert_eq!(
            marked("not a bad film", &[("not bad", 1.0), ("bad", -2.0)]),
            [("not", 0.5), ("bad", -1.5)]
        );
    }

    #[test]
    fn shares_add_up_to_the_weights_that_were_listed() {
        let list = [("good", 0.75), ("good film", 0.5), ("film", -0.25), ("absent", 0.0)];
        let sum: f64 =
            marked("good film, good film, good", &list).iter().map(|(_, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn the_spans_are_the_text_again() {
        for text in ["", " ", "a", "été 🎬 naïve_1 x", "<b>not\0bad</b>", "İstanbul ẞ"] {
            let whole: String =
                spans(text, &terms(&[("bad", 1.0), ("été", 1.0), ("naïve_1", 1.0)]))
                    .iter()
                    .map(|span| span.text)
                    .collect();
            assert_eq!(whole, text);
        }
        assert_eq!(marked("Été", &[("été", 1.0)]), [("Été", 1.0)]);
    }
}
