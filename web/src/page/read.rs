//! The text that was read, with what decided marked in it.

use verdict_messages::{Span, TermContribution, highlight};

// Marks beside which nobody would see what matters are left out: weaker than this part of the
// strongest one, or more than this many.
const LEAST: f64 = 0.2;
const MOST: usize = 12;
// A review is mixed when sentences on both sides weigh at least this part of the heaviest one.
const MIXED: f64 = 0.25;

/// The text.
#[derive(Debug)]
pub(super) struct Read<'a> {
    pub(super) sentences: Vec<Sentence<'a>>,
    /// What each phrase weighs, wherever it stands.
    pub(super) weights: Vec<(String, f64)>,
}

/// A sentence of the text.
#[derive(Debug)]
pub(super) struct Sentence<'a> {
    /// Where the sentence leans, and by how much, in a mixed review.
    pub(super) leaning: Option<(Leaning, String)>,
    pub(super) pieces: Vec<Piece<'a>>,
}

/// Which label a sentence, or a phrase, speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaning {
    Positive,
    Negative,
}

/// A piece of a sentence.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Class, label and weight of a phrase that decided.
    pub(super) mark: Option<(&'static str, Leaning, String)>,
}

impl Leaning {
    fn of(weight: f64) -> Self {
        if weight > 0.0 { Self::Positive } else { Self::Negative }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }
}

impl Read<'_> {
    pub(super) fn has_marks(&self) -> bool {
        self.sentences.iter().flat_map(|of| &of.pieces).any(|piece| piece.mark.is_some())
    }

    pub(super) fn is_mixed(&self) -> bool {
        self.sentences.iter().any(|sentence| sentence.leaning.is_some())
    }
}

/// Marks in `text` what `terms`, those of its explanation, say.
pub(super) fn read<'a>(text: &'a str, terms: &[TermContribution<'_>]) -> Read<'a> {
    let spans = highlight(text, terms.iter().map(|term| (&*term.term, term.weight)));
    let mut heavy: Vec<f64> = spans.iter().filter_map(|span| span.weight).map(f64::abs).collect();
    heavy.sort_by(|a, b| b.total_cmp(a));
    let strongest = heavy.first().copied().unwrap_or_default();
    let least = heavy.get(MOST - 1).copied().unwrap_or_default().max(LEAST * strongest);
    let sentences: Vec<&[Span<'a>]> =
        spans.chunk_by(|one, next| one.sentence == next.sentence).collect();
    let weigh = |spans: &[Span<'_>]| spans.iter().filter_map(|span| span.weight).sum::<f64>();
    let leanings: Vec<f64> = sentences.iter().map(|spans| weigh(spans)).collect();
    let (low, high) = leanings
        .iter()
        .fold((0.0_f64, 0.0_f64), |(low, high), leaning| (low.min(*leaning), high.max(*leaning)));
    let notable = MIXED * high.max(-low);
    let is_mixed = high.min(-low) >= notable && notable > 0.0;
    let piece = |span: &Span<'a>| Piece {
        text: span.text,
        mark: span
            .weight
            .filter(|weight| weight.abs() >= least)
            .map(|weight| (strength(weight, strongest), Leaning::of(weight), signed(weight))),
    };
    let mut weights: Vec<(String, f64)> = Vec::new();
    for span in &spans {
        let Some(weight) = span.weight else { continue };
        let phrase = span.text.to_lowercase();
        match weights.iter_mut().find(|(known, _)| *known == phrase) {
            Some((_, sum)) => *sum += weight,
            None => weights.push((phrase, weight)),
        }
    }
    let sentence = |(spans, leaning): (&&[Span<'a>], &f64)| Sentence {
        leaning: (is_mixed && leaning.abs() >= notable)
            .then(|| (Leaning::of(*leaning), signed(*leaning))),
        pieces: spans.iter().map(piece).collect(),
    };
    Read { sentences: sentences.iter().zip(&leanings).map(sentence).collect(), weights }
}

/// The class of a marked phrase: sign and one of three strengths, relative to the strongest one.
fn strength(weight: f64, strongest: f64) -> &'static str {
    let [first, second, third] = if weight > 0.0 { ["p1", "p2", "p3"] } else { ["n1", "n2", "n3"] };
    match weight.abs() / strongest {
        share if share > 0.66 => third,
        share if share > 0.4 => second,
        _ => first,
    }
}

/// Never "100 %" or "0 %": no model is that sure.
pub(super) fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent > 99.9 {
        "over 99.9 %".to_owned()
    } else if percent < 0.1 {
        "under 0.1 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// With its sign, and a real minus.
pub(super) fn signed(weight: f64) -> String {
    if weight < 0.0 { format!("\u{2212}{:.3}", -weight) } else { format!("+{weight:.3}") }
}
