//! Negation: which words are marked, by hand and by NLTK.

use proptest::prelude::*;
use serde_json::Value;
use verdict_sentiment::{
    Analyzer, AnalyzerScratch, Negation, Scratch, TokenPattern, Vectorizer, VectorizerOptions,
    Vocabulary, term_hash,
};

fn analyzer() -> Analyzer {
    Analyzer {
        token_pattern: TokenPattern::WordsAndPunctuation,
        negation: Negation::Mark,
        ..Analyzer::default()
    }
}

fn marked(text: &str) -> Vec<String> {
    let mut scratch = AnalyzerScratch::default();
    let tokens = analyzer().analyze(&mut scratch, text);
    (0..tokens.len()).map(|i| tokens.text(i).unwrap().into_owned()).collect()
}

#[test]
fn five_words_behind_a_negation_are_marked_up_to_the_next_mark() {
    for (text, expected) in [
        ("", ""),
        ("not", "not"),
        ("Not bad at all.", "not ¬bad ¬at ¬all ."),
        ("I did not love it, great", "i did not ¬love ¬it , great"),
        ("I didn't love it!", "i didn ' t ¬love ¬it !"),
        ("I didn’t love it", "i didn ’ t ¬love ¬it"),
        ("no a b c d e f", "no ¬a ¬b ¬c ¬d ¬e f"),
        ("not a b not c d e f g", "not ¬a ¬b not ¬c ¬d ¬e ¬f ¬g"),
        ("never \"a\" b", "never \" ¬a \" ¬b"),
        ("not (a) b", "not ( a ) b"),
        ("it's T time can t x", "it ' s t time can t x"),
        ("hat 't x", "hat ' t x"),
        ("won't", "won ' t"),
        ("jamais été, not été_1 美", "jamais été , not ¬été_1 ¬美"),
        ("¬not x", "¬ not ¬x"),
    ] {
        assert_eq!(marked(text).join(" "), expected, "{text:?}");
    }
}

/// Made by tests/goldens/make_nltk_goldens.py.
#[test]
fn the_words_that_nltk_marks_are_marked_up_to_the_fifth() {
    let goldens: Value =
        serde_json::from_str(include_str!("../goldens/nltk-negation.json")).unwrap();
    let cases = goldens["cases"].as_array().unwrap();
    assert!(cases.len() >= 20);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let theirs: Vec<&str> =
            case["marked"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let ours = marked(text);
        let ours: Vec<&str> = ours.iter().filter_map(|token| token.strip_prefix('¬')).collect();
        assert_eq!(ours, theirs, "{text:?}");
    }
}

fn vectorizer(terms: &[&str]) -> Vectorizer {
    let options = VectorizerOptions { analyzer: analyzer(), ..VectorizerOptions::default() };
    let vocabulary = Vocabulary::new(terms.iter().copied()).unwrap();
    let n = terms.len();
    Vectorizer::new(vocabulary, options, 10, vec![5; n]).unwrap()
}

#[test]
fn a_marked_word_is_a_term_of_its_own() {
    let vectorizer = vectorizer(&["bad", "good", "¬bad", "¬good"]);
    let mut scratch = Scratch::default();
    for (text, expected) in [("bad", 0_u32), ("not bad", 2), ("not even good", 3)] {
        assert_eq!(vectorizer.transform(&mut scratch, text).0, [expected], "{text:?}");
    }
    assert_ne!(term_hash("¬bad"), term_hash("bad"));
    assert_ne!(term_hash("¬"), term_hash(""));
}

proptest! {
    #[test]
    fn marking_changes_no_token_but_its_mark(text in "(not|n't|don't|good|é|it| |,|\\.|'|t|¬){0,40}") {
        let plain = Analyzer { negation: Negation::None, ..analyzer() };
        let mut scratch = AnalyzerScratch::default();
        let tokens = plain.analyze(&mut scratch, &text);
        let ours = marked(&text);
        prop_assert_eq!(tokens.len(), ours.len());
        let mut in_a_row = 0;
        for (i, ours) in ours.iter().enumerate() {
            let theirs = tokens.text(i).unwrap();
            let is_marked = *ours != *theirs;
            if is_marked {
                prop_assert_eq!(ours, &format!("¬{theirs}"));
            }
            in_a_row = if is_marked { in_a_row + 1 } else { 0 };
            prop_assert!(in_a_row <= 5);
        }
    }
}
