//! Windows: what a sentence is, and that a draw follows from the text alone.

use crate::made::reviews;
use proptest::prelude::*;
use std::collections::BTreeSet;
use verdict_learning::corpus::Corpus;
use verdict_learning::windows::{Length, drawn, sentences};

#[test]
fn a_text_falls_into_its_sentences() {
    for (text, expected) in [
        ("", vec![]),
        ("?! ... -", vec![]),
        ("Boring.", vec!["Boring."]),
        ("Boring", vec!["Boring"]),
        ("Why? Wow!! It ended... at last", vec!["Why?", "Wow!!", "It ended...", "at last"]),
        ("He said \"No.\" (I left.) Good", vec!["He said \"No.\"", "(I left.)", "Good"]),
        ("Mr. Bean by J. R. Smith. Good", vec!["Mr. Bean by J. R. Smith.", "Good"]),
        ("7.5 of 10 at www.imdb.com now", vec!["7.5 of 10 at www.imdb.com now"]),
        ("One<br /><br />two.<br>Three", vec!["One", "two.", "Three"]),
        ("One\ntwo\r\n\nthree", vec!["One", "two", "three"]),
        ("C'était ça. Ça va! 美しい", vec!["C'était ça.", "Ça va!", "美しい"]),
        ("An open <br", vec!["An open"]),
    ] {
        assert_eq!(sentences(text), expected, "{text:?}");
    }
}

#[test]
fn each_length_is_as_long_as_it_says_and_every_place_is_drawn() {
    let text = "One a. Two b. Three c. Four d.";
    let draws = |length: Length| -> BTreeSet<&str> {
        (0..200).filter_map(|number| length.draw(text, number)).collect()
    };
    let ones = ["One a.", "Two b.", "Three c.", "Four d."];
    assert_eq!(draws(Length::OneSentence), ones.into());
    let twos = ["One a. Two b.", "Two b. Three c.", "Three c. Four d."];
    assert_eq!(draws(Length::TwoSentences), twos.into());
    let long = "word ".repeat(300);
    let lengths: BTreeSet<usize> = (0..2_000)
        .filter_map(|number| Length::Words25To50.draw(&long, number))
        .map(|window| window.split_whitespace().count())
        .collect();
    assert_eq!(lengths, (25..=50).collect());
}

#[test]
fn reviews_that_are_too_short_have_no_window_and_labels_stay_with_their_texts() {
    let rows = [("Good. Very.", true), ("Bad.", false), ("", true)];
    let corpus: Corpus = rows.map(|(text, label)| (text.to_owned(), label)).into_iter().collect();
    assert_eq!(drawn(&corpus, Length::TwoSentences), (vec!["Good. Very."], vec![true]));
    assert_eq!(drawn(&corpus, Length::OneSentence).1, [true, false]);
    assert_eq!(drawn(&corpus, Length::Words25To50), (vec![], vec![]));
}

#[test]
fn any_number_of_threads_draws_the_same() {
    let corpus = Corpus::from(reviews(500));
    let on = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| drawn(&corpus, Length::OneSentence))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn names_are_the_keys_of_the_files() {
    for length in Length::ALL {
        assert_eq!(serde_json::to_value(length).unwrap(), length.name());
    }
}

proptest! {
    #[test]
    fn every_text_has_windows_that_are_parts_of_it(text in ".{0,200}|([A-Z]?[a-zé]{1,5}[.!?]?[ \n]|<br />){0,80}") {
        let sentences = sentences(&text);
        let together: usize = sentences.iter().map(|sentence| sentence.len()).sum();
        prop_assert!(together <= text.len());
        prop_assert!(sentences.iter().all(|sentence| !sentence.trim().is_empty()));
        for length in Length::ALL {
            let window = length.draw(&text, 0);
            let copy = text.clone();
            prop_assert_eq!(window, length.draw(&copy, 0));
            prop_assert!(window.is_none_or(|window| text.contains(window)));
        }
        prop_assert_eq!(Length::OneSentence.draw(&text, 0).is_none(), sentences.is_empty());
        prop_assert_eq!(Length::TwoSentences.draw(&text, 0).is_none(), sentences.len() < 2);
    }
}
