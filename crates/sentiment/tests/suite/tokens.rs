//! Tokens against scikit-learn's, and against a plain reading of the rule.

use proptest::prelude::*;
use serde_json::Value;
use verdict_sentiment::{TokenPattern, Tokens, token_hash};

/// Made by scikit-learn: see `make_sklearn_goldens.py` beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("../goldens/sklearn.json")).unwrap()
}

fn tokens(text: &str) -> Vec<String> {
    tokens_by(text, TokenPattern::Words, true)
}

fn tokens_by(text: &str, pattern: TokenPattern, lowercase: bool) -> Vec<String> {
    let mut tokens = Tokens::default();
    tokens.split(text, pattern, lowercase);
    (0..tokens.len()).map(|i| tokens.text(i).unwrap().into_owned()).collect()
}

pub(crate) fn strings(value: &Value) -> Vec<&str> {
    let strings = value.as_array().unwrap().iter();
    strings.map(|text| text.as_str().unwrap()).collect()
}

/// The patterns and cases beside the default one.
const OTHERS: [(TokenPattern, bool); 3] = [
    (TokenPattern::Words, false),
    (TokenPattern::WordsAndPunctuation, true),
    (TokenPattern::WordsAndPunctuation, false),
];

#[test]
fn tokens_are_scikit_learns() {
    for case in goldens()["tokens"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert_eq!(tokens(text), strings(&case["tokens"]), "of {text:?}");
    }
}

#[test]
fn tokens_by_other_patterns_are_scikit_learns() {
    let mut seen = [0; 3];
    for case in goldens()["other_tokens"].as_array().unwrap() {
        let (text, params) = (case["text"].as_str().unwrap(), &case["params"]);
        let pattern = match params["token_pattern"].as_str() {
            Some(r"(?u)\w+|[^\w\s]") => TokenPattern::WordsAndPunctuation,
            None => TokenPattern::Words,
            Some(other) => panic!("no such pattern: {other}"),
        };
        let lowercase = params["lowercase"].as_bool().unwrap_or(true);
        let at = OTHERS.iter().position(|&o| o == (pattern, lowercase));
        seen[at.unwrap()] += 1;
        let got = tokens_by(text, pattern, lowercase);
        assert_eq!(got, strings(&case["tokens"]), "{params} of {text:?}");
    }
    assert!(seen.iter().all(|&n| n >= 40), "{seen:?} texts");
}

#[test]
fn word_characters_are_pythons() {
    let goldens = goldens();
    let set = |name: &str| -> Vec<(u32, u32)> {
        let pair = |range: &Value| {
            (
                u32::try_from(range[0].as_u64().unwrap()).unwrap(),
                u32::try_from(range[1].as_u64().unwrap()).unwrap(),
            )
        };
        goldens["word_characters"][name].as_array().unwrap().iter().map(pair).collect()
    };
    let (words, assigned) = (set("ranges"), set("assigned"));
    let has =
        |set: &[(u32, u32)], c: u32| set.iter().any(|&(first, last)| (first..=last).contains(&c));
    let mut n = 0;
    for code in assigned.iter().flat_map(|&(first, last)| first..=last) {
        let Some(c) = char::from_u32(code) else {
            continue;
        };
        // Only characters that lower-casing leaves alone: the rule is about those.
        if c.to_lowercase().ne([c]) {
            continue;
        }
        n += 1;
        assert_eq!(
            tokens(&format!("x{c}x")).len(),
            usize::from(has(&words, code)),
            "U+{code:04X} {c:?}"
        );
    }
    assert!(n > 100_000, "only {n} characters were compared");
}

/// The rule as it is written: lower-case, then every longest run of word characters, of two or
/// more.
fn plainly(text: &str, is_word: impl Fn(char) -> bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let runs = lower.split(|c| !is_word(c));
    runs.filter(|run| run.chars().count() >= 2).map(str::to_owned).collect()
}

/// `\w+|[^\w\s]` as it is written.
fn plainly_with_punctuation(
    text: &str,
    is_word: impl Fn(char) -> bool,
    is_space: impl Fn(char) -> bool,
) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in text.chars() {
        match tokens.last_mut().filter(|_| is_open && is_word(c)) {
            Some(last) => last.push(c),
            None if is_space(c) => (),
            None => tokens.push(c.into()),
        }
        is_open = is_word(c);
    }
    tokens
}

proptest! {
    #[test]
    fn ascii_text_is_split_with_punctuation_as_the_rule_says(text in "[\0-\x7f]{0,300}") {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_space = |c: char| c.is_ascii_whitespace() || ('\x1c'..='\x1f').contains(&c) || c == '\x0b';
        let pattern = TokenPattern::WordsAndPunctuation;
        prop_assert_eq!(tokens_by(&text, pattern, false), plainly_with_punctuation(&text, is_word, is_space));
        let lower = text.to_lowercase();
        prop_assert_eq!(tokens_by(&text, pattern, true), plainly_with_punctuation(&lower, is_word, is_space));
    }

    #[test]
    fn other_text_is_split_with_punctuation_as_the_rule_says(text in "[a-cA-C ÀÉßéüΑΣσς·’…—1_.!\u{a0}\n]{0,200}") {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let pattern = TokenPattern::WordsAndPunctuation;
        prop_assert_eq!(tokens_by(&text, pattern, false), plainly_with_punctuation(&text, is_word, char::is_whitespace));
        let lower = text.to_lowercase();
        prop_assert_eq!(tokens_by(&text, pattern, true), plainly_with_punctuation(&lower, is_word, char::is_whitespace));
    }

    #[test]
    fn any_text_is_split_by_any_pattern_and_hashes_are_those_of_the_tokens(first in any::<String>(), text in any::<String>()) {
        for (pattern, lowercase) in OTHERS.into_iter().chain([(TokenPattern::Words, true)]) {
            let (mut split, mut fresh) = (Tokens::default(), Tokens::default());
            split.split(&first, pattern, lowercase);
            split.split(&text, pattern, lowercase);
            fresh.split(&text, pattern, lowercase);
            prop_assert_eq!(split.hashes(), fresh.hashes(), "a text does not depend on the one before");
            for i in 0..split.len() {
                let token = split.text(i).unwrap();
                let is_long_enough = pattern != TokenPattern::Words || token.chars().count() >= 2;
                prop_assert!(is_long_enough && !token.is_empty() && !token.contains(' '));
                prop_assert_eq!(split.hashes()[i], token_hash(&token));
            }
            let got: String = (0..split.len()).filter_map(|i| split.text(i)).collect();
            if pattern == TokenPattern::WordsAndPunctuation && !lowercase {
                let is_space = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
                prop_assert_eq!(got, text.split(is_space).collect::<String>());
            }
        }
    }

    #[test]
    fn ascii_text_is_split_as_the_rule_says(text in "[ -~\t\n\0]{0,300}") {
        prop_assert_eq!(tokens(&text), plainly(&text, |c| c.is_ascii_alphanumeric() || c == '_'));
    }

    #[test]
    fn latin_and_greek_text_is_split_as_the_rule_says(text in "[a-cA-C ÀÉßéüΑΣσς·’…1_.]{0,200}") {
        prop_assert_eq!(tokens(&text), plainly(&text, |c| c.is_alphanumeric() || c == '_'));
    }
}

#[test]
fn runs_that_end_at_the_edges_of_blocks_are_whole() {
    for length in 1..200 {
        let word = "a".repeat(length);
        let expected = if length < 2 { vec![] } else { vec![word.clone()] };
        assert_eq!(tokens(&word), expected, "{length}");
        let expected: Vec<String> = expected.iter().chain(&expected).cloned().collect();
        assert_eq!(tokens(&format!("{word} {word}")), expected, "{length} twice");
    }
}

#[test]
fn a_million_tokens_are_a_million_tokens() {
    assert_eq!(tokens(&"word ".repeat(1_000_000)).len(), 1_000_000);
}
