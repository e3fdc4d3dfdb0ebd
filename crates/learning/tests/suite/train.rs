//! Training as a function: the same bytes for the same input, and a model for any text.

use crate::made::{corpus, model, reviews, train, with_terms};
use verdict_learning::bounds::ParamsError;
use verdict_learning::corpus::{Corpus, Labelled};
use verdict_learning::learn::logistic::LogisticParams;
use verdict_learning::learn::select::{DocumentCount, VocabularyParams};
use verdict_learning::train::{Solver, TrainError, TrainParams, Trained};
use verdict_sentiment::{
    Negation, NgramRange, Reference, Scratch, TokenPattern, VectorizerOptions,
};

fn artifact(corpus: &Corpus, params: TrainParams, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| train(corpus, params)).artifact
}

/// All that short texts are learned by.
pub(crate) fn short_texts() -> TrainParams {
    let mut params =
        TrainParams { windows: 3, window_weight: 0.2, by_length: true, ..TrainParams::default() };
    let analyzer = &mut params.vocabulary.options.analyzer;
    analyzer.token_pattern = TokenPattern::WordsAndPunctuation;
    analyzer.negation = Negation::Mark;
    params
}

fn fit(corpus: &Corpus) -> Result<Trained, TrainError> {
    TrainParams::default().check().unwrap().fit(corpus, "test")
}

#[test]
fn any_number_of_threads_and_any_run_give_the_same_bytes() {
    let corpus = corpus(600);
    let long_terms = VocabularyParams {
        options: VectorizerOptions {
            ngram_range: NgramRange::new(2, 4).unwrap(),
            ..VocabularyParams::default().options
        },
        min_df: DocumentCount::Count(2),
        max_df: DocumentCount::Fraction(0.8),
        max_features: None,
    };
    for params in [
        TrainParams::default(),
        with_terms(50),
        TrainParams { vocabulary: long_terms, ..TrainParams::default() },
        TrainParams { solver: Solver::Linfa, ..with_terms(60) },
        TrainParams { folds: None, ..TrainParams::default() },
        short_texts(),
    ] {
        let first = artifact(&corpus, params.clone(), 1);
        for threads in [1, 2, 5] {
            let bytes = artifact(&corpus, params.clone(), threads);
            assert!(bytes == first, "{threads} threads, {params:?}");
        }
    }
}

#[test]
fn every_parameter_out_of_its_bounds_is_named_with_its_bound_and_value() {
    let vocabulary = VocabularyParams {
        min_df: DocumentCount::Count(5),
        max_df: DocumentCount::Count(2),
        max_features: Some(0),
        ..VocabularyParams::default()
    };
    let logistic = LogisticParams { c: -0.5, max_iter: 0, tol: f64::NAN, ..Default::default() };
    let params = TrainParams {
        vocabulary,
        logistic,
        windows: 101,
        window_weight: f64::INFINITY,
        folds: Some(1),
        ..TrainParams::default()
    };
    let ParamsError(problems) = params.check().unwrap_err();
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "max_features must be at least 1, or null, got 0",
            "max_df must be at least min_df, 5, got 2",
            "C must be > 0, got -0.5",
            "tol must be > 0, got NaN",
            "max_iter must be at least 1, got 0",
            "windows must be at most 100, got 101",
            "window_weight must be at least 0, got inf",
            "folds must be between 2 and 100, got 1",
        ]
    );
}

#[test]
fn strange_texts_train_and_score() {
    let strange = [
        "",
        " \t\r\n",
        "a",
        "<br /><p class=\"x\">good &amp; bad &#128512;</p>",
        "👍👎 🇩🇪 👨‍👩‍👧‍👦 \u{200d}\u{fe0f}",
        "\0\u{1}\u{7f}\u{85}\u{feff}\u{202e}",
        "ÀÉÎ ß ſ İ ı Σς ﬁ 你好世界 مرحبا नमस्ते ไทย",
        "e\u{301}\u{301}\u{301} \u{10ffff}",
        "________ 0000000 1e308 -0",
    ];
    let long = "word ".repeat(50_000) + &"x".repeat(100_000);
    let all = || strange.iter().copied().chain([long.as_str()]);
    let rows =
        all().zip([true, false].into_iter().cycle()).map(|(text, label)| (text.to_owned(), label));
    let corpus: Corpus =
        reviews(100).into_iter().map(|review| (review.text, review.label)).chain(rows).collect();
    let bytes = artifact(&corpus, TrainParams::default(), 2);
    assert!(bytes == artifact(&corpus, TrainParams::default(), 5));
    let model = verdict_sentiment::Model::from_bytes(&bytes).unwrap();
    let mut scratch = Scratch::default();
    for text in all() {
        let score = model.score(&mut scratch, text);
        assert!(score.score.is_finite(), "{text:.40?}");
        assert!((0.0..=1.0).contains(&score.probability), "{text:.40?}");
        let explanation = model.explain(&mut scratch, text, 5);
        let sum = explanation.terms.iter().map(|term| term.weight).sum::<f64>()
            + explanation.rest
            + explanation.intercept;
        assert_eq!(sum.to_bits(), explanation.score.score.to_bits(), "{text:.40?}");
    }
}

#[test]
fn duplicates_count_as_often_as_they_stand_and_contradictions_are_no_error() {
    let rows: Vec<(String, bool)> = corpus(120).texts.into_iter().zip(corpus(120).labels).collect();
    let twice: Corpus = rows.iter().chain(&rows).cloned().collect();
    let trained = fit(&twice).unwrap();
    assert_eq!(model(&trained).parts().about["data"]["n_reviews"], 240);
    let contradicted: Corpus = rows
        .iter()
        .cloned()
        .chain(rows.iter().take(20).map(|(text, label)| (text.clone(), !label)))
        .collect();
    assert!(fit(&contradicted).unwrap().converged);
}

#[test]
fn what_cannot_be_trained_on_is_an_error_that_says_what_must_hold() {
    let one_class: Corpus = (0..9).map(|i| (format!("good film {i}"), true)).collect();
    assert!(matches!(fit(&one_class), Err(TrainError::OneClass { positive: 9, negative: 0 })));
    let nothing = Corpus::from_iter([]);
    assert!(matches!(fit(&nothing), Err(TrainError::OneClass { .. })));
    let no_words: Corpus = (0..20).map(|i| ("! ?".to_owned(), i % 2 == 0)).collect();
    let error = fit(&no_words).unwrap_err();
    assert!(error.to_string().starts_with("the vocabulary is empty: of 20 reviews"), "{error}");
}

#[test]
fn a_very_strong_and_a_very_weak_penalty_give_a_model() {
    let corpus = corpus(200);
    for c in [1e-8, 1e6] {
        let logistic = LogisticParams { c, ..LogisticParams::default() };
        let params = TrainParams { logistic, folds: None, ..TrainParams::default() };
        let model = model(&train(&corpus, params));
        let score = model.score(&mut Scratch::default(), &corpus.texts[0]);
        assert!(score.score.is_finite(), "C {c}");
    }
}

#[test]
fn a_model_carries_what_its_training_reviews_looked_like() {
    let reference = |params: TrainParams| {
        let model = model(&train(&corpus(600), params));
        Reference::of_about(&model.parts().about).unwrap().unwrap()
    };
    let all = reference(TrainParams::default());
    for bins in [&all.tokens, &all.oov, &all.probability.unwrap()] {
        assert_eq!(bins.n(), 600);
        assert!((1..=10).contains(&bins.n_bins()), "{bins:?}");
    }
    assert!(all.tokens.mean() >= 1.0, "{:?}", all.tokens);
    // In the review itself every term of it is known; what no other review has is new all the same.
    assert!(all.oov.mean() < 1.0, "{:?}", all.oov);
    let vocabulary =
        VocabularyParams { min_df: DocumentCount::Fraction(0.5), ..VocabularyParams::default() };
    let few = reference(TrainParams { vocabulary, folds: None, ..TrainParams::default() });
    assert!(few.oov.mean() > all.oov.mean(), "{few:?}");
    // Scores of the training reviews themselves would be too extreme to compare with.
    assert_eq!(few.probability, None);
}

#[test]
fn the_order_of_rows_with_ids_does_not_matter() {
    // Ids that stand twice, with different texts: they too must have one order.
    let mut rows = reviews(200);
    rows[17].id = rows[3].id.clone();
    rows[90].id = rows[3].id.clone();
    let turned: Vec<Labelled> = rows.iter().rev().cloned().collect();
    let (one, other) = (Corpus::from(rows), Corpus::from(turned));
    assert_eq!(one.sha256, other.sha256);
    let bytes = |corpus| artifact(corpus, TrainParams::default(), 2);
    assert!(bytes(&one) == bytes(&other));
}

#[test]
fn a_model_learns_from_windows_and_is_less_sure_of_what_it_hardly_knows() {
    // Each review has a sentence that says nothing, and one that says it.
    let words = [("dull", "stiff"), ("witty", "warm")];
    let rows = (0..400).map(|i| {
        let (first, second) = words[i % 2];
        let plain = format!("It was shown on day {i} of the week, in the {} cinema.", i % 7);
        (format!("{plain} A {first} film, not {second}! {plain} I was told to see it."), i % 2 == 1)
    });
    let corpus: Corpus = rows.collect();
    let of = |params: TrainParams| model(&train(&corpus, params));
    let [short, plain] = [of(short_texts()), of(TrainParams::default())];
    let says = |text: &str| short.score(&mut Scratch::default(), text).probability;
    assert_eq!(short.format_version(), 3);
    assert!((says("") - 0.5).abs() < 1e-12 && (says("unheard") - 0.5).abs() < 1e-12);
    assert!(says("A witty film!") > 0.6 && says("A dull film!") < 0.4);
    assert!(says("not warm") > 0.5, "what is not warm is the good one here");
    let sure = |text: &str| (says(text) - 0.5).abs();
    assert!(sure(&corpus.texts[1]) > sure("witty"));
    // Weight 0 and no calibration by length: windows change nothing.
    let unweighted = TrainParams { windows: 3, ..TrainParams::default() };
    let unweighted = of(unweighted);
    assert_eq!(unweighted.parts().weights, plain.parts().weights);
    assert_eq!(unweighted.identity().sha256, plain.identity().sha256);
}
