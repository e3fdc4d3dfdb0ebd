//! Reviews that are made up, the same ones on every run.

use serde_json::Value;
use verdict_learning::corpus::{Corpus, Labelled};
use verdict_learning::learn::select::VocabularyParams;
use verdict_learning::train::{TrainParams, Trained};
use verdict_sentiment::Model;

const GOOD: [&str; 6] = ["warm", "witty", "moving", "a joy", "not bad", "superb"];
const BAD: [&str; 6] = ["dull", "clumsy", "a bore", "not good", "awful", "wooden"];
const PLAIN: &str = "the cast,the plot,its music,an evening,the second act,this director,\
                     a long journey,the camera,some dialogue,the ending,every scene,the book";

/// So many reviews, every other one positive, a tenth of the words on the wrong side.
pub fn reviews(n: usize) -> Vec<Labelled> {
    let plain: Vec<&str> = PLAIN.split(',').collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    // Marsaglia's xorshift: nothing but a fixed order.
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 11) % n) as usize
    };
    let mut review = |i: usize| {
        let label = i.is_multiple_of(2);
        let words = (0..3 + below(6)).map(|_| {
            let side = if (below(10) == 0) == label { BAD } else { GOOD };
            format!("{} was {}", plain[below(12)], side[below(6)])
        });
        let text = format!("{}, number {i}.", words.collect::<Vec<_>>().join(", "));
        Labelled { id: format!("review-{i:04}"), text, label }
    };
    (0..n).map(&mut review).collect()
}

pub fn corpus(n: usize) -> Corpus {
    reviews(n).into()
}

/// The default parameters with so many terms.
pub fn with_terms(max_features: usize) -> TrainParams {
    let vocabulary =
        VocabularyParams { max_features: Some(max_features), ..VocabularyParams::default() };
    TrainParams { vocabulary, ..TrainParams::default() }
}

pub fn train(corpus: &Corpus, params: TrainParams) -> Trained {
    params.check().unwrap().fit(corpus, "test").unwrap()
}

pub fn model(trained: &Trained) -> Model {
    Model::from_bytes(&trained.artifact).unwrap()
}

/// A list of numbers in a golden.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
