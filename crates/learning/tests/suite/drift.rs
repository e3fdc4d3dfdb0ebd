use proptest::prelude::*;
use verdict_learning::drift::{Feature, Window, psi};
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

fn bins(counts: &[u64]) -> Bins {
    let edges = (1..counts.len()).map(|i| i as f64).collect();
    Bins::new(edges, counts.to_vec(), 1.0).unwrap()
}

#[test]
fn it_is_what_can_be_computed_by_hand() {
    let by_hand = |reference: &[u64], counts: &[u32], expected: f64| {
        let got = psi(&bins(reference), counts);
        assert!((got - expected).abs() < 1e-12, "{reference:?} {counts:?}: {got}");
    };
    // Smoothed, the reference has 1.5 of 3 in each bin, the window 2.5 and 1.5 of 4.
    let third = (0.625 - 0.5) * (0.625_f64 / 0.5).ln() + (0.375 - 0.5) * (0.375_f64 / 0.5).ln();
    by_hand(&[1, 1], &[2, 1], third);
    // An empty bin: 3.5 and 0.5 of 4.
    by_hand(
        &[2, 2],
        &[3, 0],
        (0.875 - 0.5) * (0.875_f64 / 0.5).ln() + (0.125 - 0.5) * (0.125_f64 / 0.5).ln(),
    );
    by_hand(&[100, 100, 100], &[10, 10, 10], 0.0);
    by_hand(&[7], &[3], 0.0);
    by_hand(&[4, 4], &[0, 0], 0.0);
}

#[test]
fn under_no_drift_its_mean_is_that_of_chi_squared() {
    // Draws by a fixed generator from ten equal bins; the mean of 400 windows of 1,000 is
    // (B − 1) (1/n + 1/m).
    let reference = bins(&[2_500; 10]);
    let mut state = 42_u64;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % 10
    };
    let windows = 400;
    let mean = (0..windows)
        .map(|_| {
            let mut counts = [0_u32; 10];
            (0..1_000).for_each(|_| counts[draw()] += 1);
            psi(&reference, &counts)
        })
        .sum::<f64>()
        / f64::from(windows);
    // The reference is exact here, so only the window varies.
    assert!((0.008..0.010).contains(&mean), "{mean}");
}
