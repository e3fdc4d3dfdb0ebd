//! Scoring, tokenising and loading on a model and reviews of a fixed seed. Ids carry sizes.
#![allow(
    clippy::cast_possible_truncation,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use verdict_sentiment::{
    Calibration, Model, ModelParts, NgramRange, Scratch, TokenPattern, Tokens, Vectorizer,
    VectorizerOptions, Vocabulary,
};

/// Reviews of about 230 words drawn from a vocabulary with Zipf's law, as IMDB's are.
fn reviews(n: usize) -> Vec<String> {
    let mut state = 0x5eed_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as f64 / f64::from(u32::MAX >> 1)
    };
    let word = |u: f64| word(((30_000_f64).powf(u)) as usize);
    (0..n).map(|_| (0..230).map(|_| word(next())).collect::<Vec<_>>().join(" ")).collect()
}

/// A made-up word for a rank.
fn word(mut rank: usize) -> String {
    let mut word = String::from("w");
    while rank > 0 {
        word.push(char::from(b'a' + (rank % 26) as u8));
        rank /= 26;
    }
    word
}

fn model(n_terms: usize) -> Model {
    let mut terms: Vec<String> = (1..n_terms / 2).map(word).collect();
    terms.extend((1..n_terms / 2).map(|i| format!("{} {}", word(i % 300 + 1), word(i / 300 + 1))));
    terms.sort();
    terms.dedup();
    let weights = (0..terms.len()).map(|i| (i % 13) as f32 / 6.0 - 1.0).collect();
    let df = vec![10; terms.len()];
    let vocabulary = Vocabulary::new(terms.iter().map(String::as_str)).unwrap();
    let options = VectorizerOptions {
        ngram_range: NgramRange::new(1, 3).unwrap(),
        sublinear_tf: true,
        ..VectorizerOptions::default()
    };
    let vectorizer = Vectorizer::new(vocabulary, options, 1000, df).unwrap();
    let parts = ModelParts {
        name: "bench".into(),
        vectorizer,
        weights,
        intercept: 0.1,
        calibration: Calibration::IDENTITY,
        about: serde_json::json!({}),
    };
    Model::from_bytes(&Model::encode(parts, &["waa wab"]).unwrap()).unwrap()
}

fn benches(c: &mut Criterion) {
    let reviews = reviews(1000);
    let model = model(20_000);
    let bytes: usize = reviews.iter().map(String::len).sum();

    let mut group = c.benchmark_group("sentiment");
    group.throughput(Throughput::Bytes(bytes as u64));
    let mut tokens = Tokens::default();
    group.bench_function("tokenize/1000x230", |b| {
        b.iter(|| {
            reviews.iter().for_each(|r| tokens.split(black_box(r), TokenPattern::Words, true))
        })
    });
    group.throughput(Throughput::Elements(reviews.len() as u64));
    let mut scratch = Scratch::default();
    group.bench_function("score/1000x230/20000-terms", |b| {
        b.iter(|| {
            reviews.iter().map(|r| model.score(&mut scratch, black_box(r)).score).sum::<f64>()
        })
    });
    group.bench_function("explain/1000x230/20000-terms", |b| {
        b.iter(|| {
            reviews
                .iter()
                .map(|r| model.explain(&mut scratch, black_box(r), 64).terms.len())
                .sum::<usize>()
        })
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
