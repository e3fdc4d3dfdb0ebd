//! Tokens against scikit-learn's, and against a plain reading of the rule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use proptest::prelude::*;
use serde_json::Value;
use verdict_sentiment::{TokenPattern, Tokens, token_hash};

/// Made by scikit-learn: see `make_sklearn_goldens.py` beside it.
fn goldens() -> Value {
    serde_json::from_str(include_str!("goldens/sklearn.json")).unwrap()
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Tokens::default();
    tokens.split(text, TokenPattern::Words, true);
    (0..tokens.len())
        .map(|i| tokens.text(i).unwrap().to_owned())
        .collect()
}

#[test]
fn tokens_are_scikit_learns() {
    for case in goldens()["tokens"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let expected: Vec<&str> = case["tokens"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap())
            .collect();
        assert_eq!(tokens(text), expected, "of {text:?}");
    }
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
        goldens["word_characters"][name]
            .as_array()
            .unwrap()
            .iter()
            .map(pair)
            .collect()
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

/// The rule as it is written: lower-case, then every longest run of word characters, of two or more.
fn plainly(text: &str, is_word: impl Fn(char) -> bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let runs = lower.split(|c| !is_word(c));
    runs.filter(|run| run.chars().count() >= 2)
        .map(str::to_owned)
        .collect()
}

proptest! {
    #[test]
    fn ascii_text_is_split_as_the_rule_says(text in "[ -~\t\n\0]{0,300}") {
        prop_assert_eq!(tokens(&text), plainly(&text, |c| c.is_ascii_alphanumeric() || c == '_'));
    }

    #[test]
    fn latin_and_greek_text_is_split_as_the_rule_says(text in "[a-cA-C ÀÉßéüΑΣσς·’…1_.]{0,200}") {
        prop_assert_eq!(tokens(&text), plainly(&text, |c| c.is_alphanumeric() || c == '_'));
    }

    #[test]
    fn any_text_is_split_without_panic_and_hashes_are_those_of_the_tokens(text in any::<String>()) {
        let mut split = Tokens::default();
        split.split(&text, TokenPattern::Words, true);
        for i in 0..split.len() {
            let token = split.text(i).unwrap();
            prop_assert!(token.chars().count() >= 2);
            prop_assert_eq!(split.hashes()[i], token_hash(token));
        }
    }

    #[test]
    fn a_text_does_not_depend_on_the_one_before(first in any::<String>(), second in any::<String>()) {
        let mut reused = Tokens::default();
        reused.split(&first, TokenPattern::Words, true);
        reused.split(&second, TokenPattern::Words, true);
        let mut fresh = Tokens::default();
        fresh.split(&second, TokenPattern::Words, true);
        prop_assert_eq!(reused.hashes(), fresh.hashes());
    }
}

#[test]
fn runs_that_end_at_the_edges_of_blocks_are_whole() {
    for length in 1..200 {
        let word = "a".repeat(length);
        let expected = if length < 2 {
            vec![]
        } else {
            vec![word.clone()]
        };
        assert_eq!(tokens(&word), expected, "{length}");
        let expected: Vec<String> = expected.iter().chain(&expected).cloned().collect();
        assert_eq!(
            tokens(&format!("{word} {word}")),
            expected,
            "{length} twice"
        );
    }
}

#[test]
fn a_million_tokens_are_a_million_tokens() {
    assert_eq!(tokens(&"word ".repeat(1_000_000)).len(), 1_000_000);
}
