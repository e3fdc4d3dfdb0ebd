//! Where in a text the terms of an explanation stand.

use std::ops::Range;
use verdict_sentiment::TermWeight;

/// A piece of a text: what it weighs if it belongs to a listed term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span<'t> {
    pub(super) text: &'t str,
    /// The weight of the strongest listed term that covers it.
    pub(super) weight: Option<f64>,
}

/// Cuts `text` into pieces, in order and without gaps, by the listed terms, strongest first. Longer terms stand over words
/// with what is between them.
pub(super) fn spans<'t>(text: &'t str, terms: &[TermWeight<'_>]) -> Vec<Span<'t>> {
    let words = words(text);
    let mut weights: Vec<Option<f64>> = vec![None; words.len()];
    // Whether the word goes on with the next, in the same term.
    let mut joined = vec![false; words.len()];
    for term in terms {
        let tokens: Vec<&str> = term.term.split(' ').collect();
        for (at, window) in words.windows(tokens.len()).enumerate() {
            let covered = at..at + tokens.len();
            let free = weights[covered.clone()].iter().all(Option::is_none);
            if free && window.iter().zip(&tokens).all(|(word, token)| word.lower == *token) {
                weights[covered.clone()].fill(Some(term.weight));
                joined[at..covered.end - 1].fill(true);
            }
        }
    }
    let mut spans = Vec::new();
    let (mut end, mut i) = (0, 0);
    while i < words.len() {
        let Some(weight) = weights[i] else {
            i += 1;
            continue;
        };
        let start = words[i].at.start;
        while joined[i] {
            i += 1;
        }
        spans.push(plain(&text[end..start]));
        end = words[i].at.end;
        spans.push(Span { text: &text[start..end], weight: Some(weight) });
        i += 1;
    }
    spans.push(plain(&text[end..]));
    spans.retain(|span| !span.text.is_empty());
    spans
}

fn plain(text: &str) -> Span<'_> {
    Span { text, weight: None }
}

struct Word {
    at: Range<usize>,
    lower: String,
}

/// Words of two or more characters, as the tokeniser finds them in all but a few scripts; here it is only for the eye.
fn words(text: &str) -> Vec<Word> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_word(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                if text[from..at].chars().nth(1).is_some() {
                    words.push(Word { at: from..at, lower: text[from..at].to_lowercase() });
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, terms: &[(&str, f64)]) -> String {
        let terms: Vec<TermWeight<'_>> =
            terms.iter().map(|&(term, weight)| TermWeight { term, weight }).collect();
        let spans = spans(text, &terms);
        let whole: String = spans.iter().map(|span| span.text).collect();
        assert_eq!(whole, text, "no gaps");
        spans
            .iter()
            .map(|span| match span.weight {
                Some(weight) => format!("[{}:{weight}]", span.text),
                None => span.text.to_owned(),
            })
            .collect()
    }

    #[test]
    fn terms_are_found_where_they_stand() {
        for (text, terms, expected) in [
            ("", vec![("bad", -1.0)], ""),
            ("So BAD, bad!", vec![("bad", -1.0)], "So [BAD:-1], [bad:-1]!"),
            ("not a bad one", vec![("not bad", 2.0), ("bad", -1.0)], "[not a bad:2] one"),
            ("bad not bad", vec![("bad", -2.0), ("not bad", 1.0)], "[bad:-2] not [bad:-2]"),
            ("good good", vec![("good", 1.0)], "[good:1] [good:1]"),
            ("Größe zählt", vec![("größe", 1.0)], "[Größe:1] zählt"),
            ("badly", vec![("bad", -1.0)], "badly"),
        ] {
            assert_eq!(marked(text, &terms), expected, "{text:?}");
        }
    }
}
