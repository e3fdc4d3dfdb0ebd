use proptest::prelude::*;
use verdict_learning::drift::window::{Feature, Window};
use verdict_sentiment::{Bins, Reference, Seen};

type Review = (f64, Seen);

fn reference() -> Reference {
    let bins = |edges: &[f64]| Bins::new(edges.to_vec(), vec![5; edges.len() + 1], 0.5).unwrap();
    Reference {
        probability: Some(bins(&[0.25, 0.5, 0.75])),
        tokens: bins(&[3.0, 6.0]),
        oov: bins(&[0.1, 0.5]),
    }
}

fn reviews() -> impl Strategy<Value = Vec<Review>> {
    let one = (0.0..=1.0_f64, 0..9_usize, 0..9_usize).prop_map(|(p, terms, known)| {
        (p, Seen { tokens: terms + 1, terms, known: known.min(terms) })
    });
    prop::collection::vec(one, 0..300)
}

proptest! {
    #[test]
    fn a_window_is_what_the_last_reviews_counted_afresh_give(
        reviews in reviews(),
        capacity in 1..60_usize,
    ) {
        let mut window = Window::new(capacity, Some(reference()));
        prop_assert!(window.readings().all(|reading| reading.psi.is_none()));
        for (i, review) in reviews.iter().enumerate() {
            window.push(review.0, review.1);
            let last = &reviews[(i + 1).saturating_sub(capacity)..=i];
            prop_assert_eq!(window.len(), last.len());
            prop_assert_eq!(window.is_full(), last.len() == capacity);
            for reading in window.readings() {
                let value = |review: &Review| match reading.feature {
                    Feature::Probability => review.0,
                    Feature::Tokens => review.1.tokens as f64,
                    Feature::Oov => review.1.oov_ratio(),
                };
                let mut counts = vec![0_u32; reading.reference.n_bins()];
                last.iter().for_each(|review| counts[reading.reference.bin_of(value(review))] += 1);
                prop_assert_eq!(reading.counts, &*counts);
                prop_assert_eq!(counts.iter().sum::<u32>() as usize, last.len());
                prop_assert!(reading.psi.is_some_and(|psi| psi.is_finite() && psi >= -1e-12));
            }
            let sum = |of: fn(&Seen) -> usize| last.iter().map(|r| of(&r.1)).sum::<usize>() as f64;
            let (terms, unknown) = (sum(|s| s.terms), sum(|s| s.terms - s.known));
            match window.oov_ratio() {
                None => prop_assert!(terms == 0.0),
                Some(ratio) => prop_assert!((ratio - unknown / terms).abs() < 1e-12),
            }
            let mean = last.iter().map(|r| r.0).sum::<f64>() / last.len() as f64;
            prop_assert!((window.mean_probability().unwrap() - mean).abs() < 1e-6);
        }
    }
}
