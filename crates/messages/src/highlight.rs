//! Which phrases of a review weigh how much.
//!
//! A term is one or more neighbouring words, and its weight stands for all its occurrences
//! together. So each word gets a share of every term that covers it: weight / occurrences / words
//! of the term. Summed over the words of a review, the shares are the weights of the terms that
//! stand in it.
//!
//! The words of a longer term are one phrase: in "not great" the word "great" praises nothing.

/// A stretch of a text, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span<'t> {
    /// A phrase that has a weight, or what stands between two such phrases.
    pub text: &'t str,
    /// What the phrase adds to the score, in log-odds.
    pub weight: Option<f64>,
    /// The sentence that it stands in, counted from 0. No span reaches into two.
    pub sentence: usize,
}

// A longer term makes one phrase of its words unless it hardly counts beside one of them: "great
// of" is not what anybody says.
const LEAST_OF_STRONGEST: f64 = 0.125;

/// Cuts `text` into spans that are `text` again when put together. `terms` are those of an
/// explanation, each with its weight.
pub fn highlight<'t, 'e>(
    text: &'t str,
    terms: impl IntoIterator<Item = (&'e str, f64)>,
) -> Vec<Span<'t>> {
    let mut words = words(text);
    // The terms that begin at each word: how many words, and the share of one occurrence.
    let mut begin: Vec<Vec<(usize, f64)>> = vec![Vec::new(); words.len()];
    for (term, weight) in terms {
        // Marks and single letters are no words here, though a model may have them in its terms;
        // what it holds for negated it shows with a mark of its own.
        let tokens = term.split(' ').map(|token| token.strip_prefix('¬').unwrap_or(token));
        let tokens: Vec<&str> = tokens.filter(|token| is_word(token)).collect();
        if tokens.is_empty() {
            continue;
        }
        let windows = words.windows(tokens.len()).enumerate();
        let is_term = |window: &[Word]| window.iter().map(|word| &*word.token).eq(tokens.clone());
        let places: Vec<usize> =
            windows.filter(|(_, window)| is_term(window)).map(|(at, _)| at).collect();
        let share = weight / places.len() as f64;
        for at in places {
            let words = words.iter_mut().skip(at).take(tokens.len());
            words.for_each(|word| word.weight += share / tokens.len() as f64);
            begin.iter_mut().skip(at).take(1).for_each(|terms| terms.push((tokens.len(), share)));
        }
    }
    let mut out = Cutter { text, done: 0, sentence: 0, ends: sentence_ends(text), spans: vec![] };
    for phrase in phrases(&words, &begin) {
        let weight: f64 = phrase.iter().map(|word| word.weight).sum();
        if let [first, ..] = phrase
            && let [.., last] = phrase
            && phrase.iter().any(|word| word.weight.abs() > 0.0)
        {
            out.plain_to(first.start);
            out.push(last.end, Some(weight));
        }
    }
    out.plain_to(text.len());
    out.spans
}

/// The words, those of a longer term together.
fn phrases<'w>(words: &'w [Word], begin: &[Vec<(usize, f64)>]) -> Vec<&'w [Word]> {
    let within = |at: usize, len: usize| {
        let starts = begin.iter().enumerate().skip(at).take(len);
        starts.flat_map(move |(start, terms)| {
            terms.iter().filter(move |(n, _)| start + n <= at + len && *n < len)
        })
    };
    let mut longer: Vec<(usize, usize, f64)> = Vec::new();
    for (at, terms) in begin.iter().enumerate() {
        for &(len, share) in terms.iter().filter(|(len, _)| *len > 1) {
            let parts = || within(at, len).map(|(_, part)| part.abs());
            let strongest = parts().fold(0.0, f64::max);
            let sentence = |at: usize| words.get(at).map(|word| word.sentence);
            if share.abs() >= LEAST_OF_STRONGEST * strongest
                && sentence(at) == sentence(at + len - 1)
            {
                longer.push((at, len, share.abs() + parts().sum::<f64>()));
            }
        }
    }
    // Of two that overlap the one with more in it: a longer one goes before those within it.
    longer.sort_by(|a, b| b.2.total_cmp(&a.2).then(b.1.cmp(&a.1)).then(a.0.cmp(&b.0)));
    // How many words the phrase that begins here has; 0 inside of one.
    let mut lengths = vec![1_usize; words.len()];
    for (at, len, _) in longer {
        if let Some(window) = lengths.get_mut(at..at + len)
            && window.iter().all(|&length| length == 1)
        {
            window.fill(0);
            window.iter_mut().take(1).for_each(|first| *first = len);
        }
    }
    let starts = lengths.iter().enumerate().filter(|(_, length)| **length > 0);
    starts.filter_map(|(at, length)| words.get(at..at + length)).collect()
}

/// Cuts a text from its beginning on.
struct Cutter<'t> {
    text: &'t str,
    done: usize,
    sentence: usize,
    /// Where sentences end, in order.
    ends: Vec<usize>,
    spans: Vec<Span<'t>>,
}

impl Cutter<'_> {
    /// What has no weight, up to here.
    fn plain_to(&mut self, to: usize) {
        while let Some(&end) = self.ends.get(self.sentence).filter(|end| **end <= to) {
            self.push(end, None);
            self.sentence += 1;
        }
        self.push(to, None);
    }

    fn push(&mut self, to: usize, weight: Option<f64>) {
        if let Some(text) = self.text.get(self.done..to).filter(|text| !text.is_empty()) {
            self.spans.push(Span { text, weight, sentence: self.sentence });
            self.done = to;
        }
    }
}

struct Word {
    start: usize,
    end: usize,
    token: String,
    weight: f64,
    sentence: usize,
}

/// The words as a model with scikit-learn's token pattern has them, in all but a few scripts: runs
/// of two or more word characters, in lower case.
fn words(text: &str) -> Vec<Word> {
    let ends = sentence_ends(text);
    let mut words = Vec::new();
    let (mut from, mut sentence) = (None, 0);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || c == '_' {
            from = from.or(Some(at));
        } else if let Some(start) = from.take()
            && let Some(run) = text.get(start..at).filter(|run| run.chars().nth(1).is_some())
        {
            while ends.get(sentence).is_some_and(|end| *end <= start) {
                sentence += 1;
            }
            words.push(Word { start, end: at, token: run.to_lowercase(), weight: 0.0, sentence });
        }
    }
    words
}

fn is_word(token: &str) -> bool {
    token.chars().nth(1).is_some() && token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Where sentences end and another begins: behind the white space that follows `.`, `!`, `?` or
/// `…`, and behind line breaks, those of HTML too.
fn sentence_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    // Whether the sentence has a word, whether its mark came, and whether white space came then.
    let (mut begun, mut marked, mut spaced) = (false, false, false);
    for (at, c) in text.char_indices() {
        if text.get(at..).is_some_and(|rest| rest.starts_with("<br")) {
            (marked, spaced) = (true, true);
        }
        if begun && marked && spaced && !c.is_whitespace() {
            ends.push(at);
            begun = false;
        }
        match c {
            '\n' => (marked, spaced) = (true, true),
            _ if c.is_whitespace() => spaced = marked,
            '.' | '!' | '?' | '\u{2026}' => marked = true,
            // A quotation or a parenthesis may close behind the mark.
            '"' | '\'' | ')' | '\u{201d}' | '\u{2019}' if marked => {}
            _ => (begun, marked, spaced) = (begun || c.is_alphanumeric(), false, false),
        }
    }
    ends
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
    fn the_words_of_a_longer_term_are_one_phrase_with_all_that_they_weigh() {
        assert_eq!(
            marked(
                "Not great; a great film",
                &[("not great", -1.5), ("great", 2.0), ("film", 0.5)]
            ),
            [("Not great", -0.5), ("great", 1.0), ("film", 0.5)]
        );
        assert_eq!(
            marked("one of the best", &[("best", 1.0), ("of the best", 0.5), ("the best", 0.75)]),
            [("of the best", 2.25)]
        );
        assert_eq!(
            marked("the music is bad", &[("bad", -1.0), ("is bad", -0.5), ("the music is", -0.25)]),
            [("the", -0.25 / 3.0), ("music", -0.25 / 3.0), ("is bad", -1.5 - 0.25 / 3.0)]
        );
        // Of two that overlap the heavier one; the word that is left keeps its share.
        assert_eq!(
            marked("not bad film", &[("not bad", 1.0), ("bad film", -0.5)]),
            [("not bad", 0.75), ("film", -0.25)]
        );
    }

    #[test]
    fn a_term_that_hardly_counts_beside_its_word_makes_no_phrase() {
        assert_eq!(
            marked("great of", &[("great", 1.0), ("great of", 0.0625)]),
            [("great", 1.03125), ("of", 0.03125)]
        );
    }

    #[test]
    fn no_phrase_reaches_into_two_sentences() {
        let text = "It is bad. Great!  (A mess\u{2026}) <br /><br />Mr 3.5 said \"good.\" Then";
        let spans = highlight(text, [("bad great", 1.0), ("mess", -1.0), ("said", 0.5)]);
        let of = |wanted| {
            let spans = spans.iter().filter(|span| span.sentence == wanted);
            spans.map(|span| span.text).collect::<String>()
        };
        let expected = [
            "It is bad. ",
            "Great!  ",
            "(A mess\u{2026}) ",
            "<br />",
            "<br />Mr 3.5 said \"good.\" ",
            "Then",
        ];
        let all: Vec<_> = (0..=spans.last().unwrap().sentence).map(of).collect();
        assert_eq!(all, expected);
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
