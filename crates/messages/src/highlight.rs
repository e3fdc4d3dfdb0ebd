//! Which words of a review weigh how much.
//!
//! A term is one or more neighbouring words, and its weight stands for all its occurrences
//! together. So each word gets a share of every term that covers it: weight / occurrences / words
//! of the term.
//! Summed over the words of a review, the shares are the weights of the terms that stand in it.

/// A stretch of a text, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span<'t> {
    /// A word that has a weight, or all that stands between two such words.
    pub text: &'t str,
    /// What the word adds to the score, in log-odds.
    pub weight: Option<f64>,
}

/// Cuts `text` into spans that are `text` again when put together. `terms` are those of an
/// explanation, each with its weight.
pub fn highlight<'t, 'e>(
    text: &'t str,
    terms: impl IntoIterator<Item = (&'e str, f64)>,
) -> Vec<Span<'t>> {
    let mut words = words(text);
    for (term, weight) in terms {
        let tokens: Vec<&str> = term.split(' ').collect();
        let windows = words.windows(tokens.len()).enumerate();
        let is_term = |window: &[Word]| window.iter().map(|word| &*word.token).eq(tokens.clone());
        let places: Vec<usize> =
            windows.filter(|(_, window)| is_term(window)).map(|(at, _)| at).collect();
        let share = weight / (places.len() * tokens.len()) as f64;
        for at in places {
            words.iter_mut().skip(at).take(tokens.len()).for_each(|word| word.weight += share);
        }
    }
    let mut spans = Vec::new();
    let mut done = 0;
    for Word { start, end, weight, .. } in words {
        if weight.abs() > 0.0 {
            spans.push(Span { text: text.get(done..start).unwrap_or_default(), weight: None });
            let word = text.get(start..end).unwrap_or_default();
            spans.push(Span { text: word, weight: Some(weight) });
            done = end;
        }
    }
    spans.push(Span { text: text.get(done..).unwrap_or_default(), weight: None });
    spans.retain(|span| !span.text.is_empty());
    spans
}

struct Word {
    start: usize,
    end: usize,
    token: String,
    weight: f64,
}

/// The words as a model with scikit-learn's token pattern has them, in all but a few scripts: runs
/// of two or more word characters, in lower case.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || c == '_' {
            from = from.or(Some(at));
        } else if let Some(start) = from.take()
            && let Some(run) = text.get(start..at).filter(|run| run.chars().nth(1).is_some())
        {
            words.push(Word { start, end: at, token: run.to_lowercase(), weight: 0.0 });
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked<'t>(text: &'t str, terms: &[(&str, f64)]) -> Vec<(&'t str, f64)> {
        let spans = highlight(text, terms.iter().copied()).into_iter();
        spans.filter_map(|span| Some((span.text, span.weight?))).collect()
    }

    #[test]
    fn words_are_found_whatever_their_case_and_neighbours() {
        assert_eq!(
            marked("GREAT! It's a great\nfilm…", &[("great", 1.0), ("film", -0.5)]),
            [("GREAT", 0.5), ("great", 0.5), ("film", -0.5)]
        );
        assert_eq!(
            marked("Größe zählt, badly", &[("größe", 1.0), ("bad", -1.0)]),
            [("Größe", 1.0)]
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
        let terms = [("good", 0.75), ("good film", 0.5), ("film", -0.25), ("absent", 0.0)];
        let sum: f64 =
            marked("good film, good film, good", &terms).iter().map(|(_, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn the_spans_are_the_text_again() {
        for text in ["", " ", "a", "été 🎬 naïve_1 x", "<b>not\0bad</b>", "İstanbul ẞ"] {
            let spans = highlight(text, [("bad", 1.0), ("été", 1.0), ("naïve_1", 1.0)]);
            assert_eq!(spans.iter().map(|span| span.text).collect::<String>(), text);
        }
    }
}
