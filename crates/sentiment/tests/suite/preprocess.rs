//! Preprocessing against Python's and NLTK's, and against plain readings of the rules.

use crate::tokens::strings;
use proptest::prelude::*;
use serde_json::Value;
use verdict_sentiment::{
    Analyzer, AnalyzerScratch, Lemmatizer, Negation, NounLemmas, Preprocessing, StopWords,
    TokenPattern,
};

/// Made by Python and NLTK: see `make_nltk_goldens.py` beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("../goldens/nltk.json")).unwrap()
}

/// The part of WordNet 3.0 that the goldens need.
fn lemmas() -> NounLemmas {
    NounLemmas::parse(
        include_str!("../goldens/wordnet/index.noun"),
        include_str!("../goldens/wordnet/noun.exc"),
    )
    .unwrap()
}

fn analyzer(steps: &[&str]) -> Analyzer {
    let has = |step: &str| steps.contains(&step);
    Analyzer {
        preprocessing: Preprocessing {
            strip_html: has("html"),
            remove_urls: has("urls"),
            remove_digits: has("digits"),
            remove_punctuation: has("punctuation"),
            stop_words: match has("stop_words") {
                true => StopWords::nltk_english(),
                false => StopWords::default(),
            },
            lemmatizer: match has("lemmas") {
                true => Lemmatizer::Wordnet(lemmas()),
                false => Lemmatizer::None,
            },
        },
        lowercase: has("lowercase"),
        token_pattern: TokenPattern::Words,
        negation: Negation::None,
    }
}

const TRAINING_CHAIN: [&str; 6] =
    ["urls", "digits", "lowercase", "punctuation", "stop_words", "lemmas"];

fn point(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

/// The characters of inclusive ranges of code points.
fn characters(ranges: &Value) -> Vec<char> {
    let ranges = ranges.as_array().unwrap().iter();
    ranges
        .flat_map(|range| point(&range[0])..=point(&range[1]))
        .filter_map(char::from_u32)
        .collect()
}

#[test]
fn every_step_and_every_chain_gives_what_python_gives() {
    let goldens = goldens();
    let texts = strings(&goldens["texts"]);
    let chains = goldens["chains"].as_array().unwrap();
    assert!(texts.len() > 30 && chains.len() > 10);
    for chain in chains {
        let steps = strings(&chain["steps"]);
        let analyzer = analyzer(&steps);
        for (text, expected) in texts.iter().zip(strings(&chain["results"])) {
            // Lower case alone is not preprocessing: the tokens are lower-cased.
            let got = match steps[..] {
                ["lowercase"] => text.to_lowercase(),
                _ => analyzer.preprocess(text),
            };
            assert_eq!(got, expected, "{steps:?} of {text:?}");
        }
    }
}

#[test]
fn lemmas_are_nltks() {
    let (goldens, lemmas) = (goldens(), lemmas());
    let words = goldens["lemmas"].as_array().unwrap();
    assert!(words.len() > 700);
    for pair in words {
        let (word, lemma) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        assert_eq!(lemmas.lemma(word), lemma, "of {word:?}");
    }
    for kept in ["films'", "Films", ""] {
        assert_eq!(lemmas.lemma(kept), kept);
    }
}

#[test]
fn digits_spaces_and_lower_case_are_pythons() {
    let goldens = goldens();
    let (digits, spaces) = (characters(&goldens["digits"]), characters(&goldens["spaces"]));
    let lowered = goldens["lower"].as_array().unwrap().iter();
    let lowered = lowered.map(|pair| (point(&pair[0]), pair[1].as_str().unwrap()));
    let lowered: Vec<(u32, &str)> = lowered.collect();
    let (no_digits, no_punctuation) = (analyzer(&["digits"]), analyzer(&["punctuation"]));
    let lowercase = analyzer(&["digits", "lowercase"]);
    let assigned = characters(&goldens["assigned"]);
    assert!(assigned.len() > 280_000);
    for c in assigned {
        let text = format!("x{c}x");
        let expected = match digits.binary_search(&c) {
            Ok(_) => "xx",
            Err(_) => &*text,
        };
        assert_eq!(no_digits.preprocess(&text), expected, "digits: {c:?}");
        let expected = match (c, spaces.binary_search(&c)) {
            ('؛', _) => "xx",
            (_, Ok(_)) => "x x",
            _ if c.is_ascii_punctuation() => "x x",
            _ => &*text,
        };
        assert_eq!(no_punctuation.preprocess(&text), expected, "spaces: {c:?}");
        if digits.binary_search(&c).is_err() {
            let lower = lowered.binary_search_by_key(&u32::from(c), |pair| pair.0);
            let lower = lower.map_or_else(|_| c.to_string(), |at| lowered[at].1.to_owned());
            let got = lowercase.preprocess(&c.to_string());
            // Alone, a capital sigma is at no word's end.
            assert_eq!(got, lower, "lower case: {c:?}");
        }
    }
}

#[test]
fn the_stop_words_are_the_198_of_nltk() {
    let stop_words = StopWords::nltk_english();
    assert_eq!(stop_words.len(), 198);
    for word in ["the", "not", "don't", "don", "t", "i'm", "they've"] {
        assert!(stop_words.contains(word), "{word}");
    }
    for word in ["", "film", "The", "cannot", "th", "thee"] {
        assert!(!stop_words.contains(word), "{word}");
    }
    let words: Vec<&str> = stop_words.words().collect();
    assert!(words.is_sorted());
    assert_eq!(StopWords::new(words.iter().rev().copied()).unwrap(), stop_words);
}

#[test]
fn word_lists_are_whatever_stands_between_white_space() {
    let stop_words = StopWords::parse("\u{feff}two\r\none two\n\n\tthree ").unwrap();
    assert_eq!(stop_words.words().collect::<Vec<_>>(), ["one", "three", "two"]);
    assert_eq!(StopWords::parse(" \n ").unwrap(), StopWords::default());
    let error = StopWords::new(["fine", "two words"]).unwrap_err().to_string();
    assert!(error.contains("\"two words\", must have no white space"), "{error}");
    let error = StopWords::parse(&"x".repeat(256)).unwrap_err().to_string();
    assert!(error.contains("1 to 255 bytes, got 256"), "{error}");
}

#[test]
fn what_is_no_dictionary_is_refused() {
    let index = "  1 licence\nfilm n 1 0 1 1 00000001  \nmotion_picture n 1 0 1 1 00000002  \n";
    let exceptions = "geese goose\nfilmen film\nmotion_pictures motion_picture\n";
    let lemmas = NounLemmas::parse(index, exceptions).unwrap();
    assert_eq!(lemmas.len(), (1, 2));
    assert_eq!(lemmas.lemma("filmen"), "film");
    assert_eq!(lemmas.lemma("geese"), "geese", "goose is no noun of it");
    for (index, expected) in [
        ("", "must have a noun, got none"),
        ("  1 licence only\n", "must have a noun, got none"),
        ("film\n", "index.noun must have lines `word n ...`, got \"film\" (line 1)"),
        ("film n 1\n00001740 03 n 01\n", "got \"00001740 03 n 01\" (line 2)"),
    ] {
        let error = NounLemmas::parse(index, exceptions).unwrap_err();
        assert!(error.to_string().contains(expected), "{index:?}: {error}");
    }
}

#[test]
fn a_url_or_a_tag_in_a_review_leaves_no_token() {
    let mut scratch = AnalyzerScratch::default();
    let steps: Vec<&str> = ["html"].iter().chain(&TRAINING_CHAIN).copied().collect();
    let analyzer = analyzer(&steps);
    let tokens = analyzer.analyze(
        &mut scratch,
        "Great films!<br />See https://example.org/x?y=1 I &lt;3 <i>them</i>",
    );
    let texts: Vec<_> = (0..tokens.len()).map(|i| tokens.text(i).unwrap()).collect();
    assert_eq!(texts, ["great", "film", "see"]);
}

#[test]
fn a_text_full_of_beginnings_is_not_searched_again_from_each() {
    let analyzer = analyzer(&["html", "urls"]);
    let pieces = "<!--|<a |<a \"|<a '\"|<|&|&#|http://|https:|www|&amp|<!|<a \"<a\" ";
    for piece in pieces.split('|') {
        let text = piece.repeat((4 << 20) / piece.len());
        let got = analyzer.preprocess(&text);
        assert!(got.len() <= 2 * text.len(), "{piece:?}");
    }
}

/// Texts that have something to do for each step.
fn texts() -> impl Strategy<Value = String> {
    let pieces = "films Mice was the don't NOT 10/10 x² <b> </i <3 <!-- --> &amp; &lt; \
        &#39 &nGt; http:// www. https://a.b/c ؛ ΑΣ İ Ⱥ — … ! ' \" _ 😀 bok";
    let spaces = ["<br />", "\u{a0}", "\u{1f}", "\n"];
    let pieces: Vec<&str> = pieces.split(' ').chain(spaces).collect();
    let piece = prop::sample::select(pieces);
    let glue = prop::sample::select(vec!["", " ", "  "]);
    prop::collection::vec((piece, glue), 0..40)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(p, g)| [p, g]).collect())
}

fn steps() -> impl Strategy<Value = Vec<&'static str>> {
    let all = vec!["html", "urls", "digits", "lowercase", "punctuation", "stop_words", "lemmas"];
    prop::sample::subsequence(all, 0..=7)
}

proptest! {
    #[test]
    fn any_text_has_a_result_of_bounded_length(any in any::<String>(), text in texts(), steps in steps()) {
        let analyzer = analyzer(&steps);
        for text in [any, text] {
            let got = analyzer.preprocess(&text);
            let words = if steps.contains(&"lemmas") { text.chars().count() } else { 0 };
            prop_assert!(got.len() <= 2 * text.len() + 16 * words, "{:?} of {:?}: {:?}", steps, text, got);
        }
    }

    #[test]
    fn a_text_does_not_depend_on_the_one_before(first in texts(), second in texts(), steps in steps()) {
        let analyzer = analyzer(&steps);
        let (mut reused, mut fresh) = (AnalyzerScratch::default(), AnalyzerScratch::default());
        analyzer.analyze(&mut reused, &first);
        prop_assert_eq!(analyzer.analyze(&mut reused, &second).hashes(), analyzer.analyze(&mut fresh, &second).hashes());
    }

    #[test]
    fn tokens_are_those_of_the_preprocessed_text(text in texts(), steps in steps()) {
        let analyzer = analyzer(&steps);
        let preprocessed = analyzer.preprocess(&text);
        let plain = Analyzer { preprocessing: Preprocessing::default(), ..analyzer.clone() };
        let (mut one, mut other) = (AnalyzerScratch::default(), AnalyzerScratch::default());
        prop_assert_eq!(analyzer.analyze(&mut one, &text).hashes(), plain.analyze(&mut other, &preprocessed).hashes());
    }

    #[test]
    fn what_was_cleaned_stays_as_it_is(text in texts(), any in any::<String>()) {
        // Not so with HTML (`&amp;lt;`) and lemmas (`buses`, `bus`), and digits removed may leave a
        // URL (`w1ww.x`).
        for steps in [&TRAINING_CHAIN[..5], &["urls"], &["digits"], &["digits", "lowercase"], &["punctuation"], &["stop_words"]] {
            let analyzer = analyzer(steps);
            for text in [&text, &any] {
                let once = analyzer.preprocess(text);
                prop_assert_eq!(analyzer.preprocess(&once), once, "{:?}", steps);
            }
        }
    }

    #[test]
    fn one_character_beyond_ascii_does_not_change_what_is_done_to_the_rest(text in "[ -~\t\n\x1c]{0,200}", steps in steps()) {
        let analyzer = analyzer(&steps);
        let with = analyzer.preprocess(&format!("{text} é"));
        let mut expected = analyzer.preprocess(&format!("{text} zqzqz"));
        prop_assume!(expected.ends_with("zqzqz"));
        expected.truncate(expected.len() - "zqzqz".len());
        prop_assert_eq!(with, expected + "é");
    }

    #[test]
    fn text_without_markup_is_left_alone(text in "[a-z ,.;3-5>\"'-]{0,80}( < |<3|<-|<=|&|& )?[a-z ,.3-5>\"'-]{0,80}") {
        prop_assume!(!text.contains("&") || !text.split('&').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())));
        prop_assert_eq!(analyzer(&["html"]).preprocess(&text), text);
    }
}
