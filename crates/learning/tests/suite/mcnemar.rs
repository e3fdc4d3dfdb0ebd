use proptest::prelude::*;
use verdict_learning::gate::McNemar;

#[test]
fn a_split_too_uneven_for_a_number_still_has_a_p_above_zero() {
    let test = McNemar::new(100_000, 0);
    assert!(test.p > 0.0 && test.p < 1e-300);
    assert!(test.candidate_is_worse(1e-9));
}

#[test]
fn worse_is_one_sided_and_needs_more_than_luck() {
    assert!(McNemar::new(30, 10).candidate_is_worse(0.05));
    assert!(!McNemar::new(10, 30).candidate_is_worse(0.05));
    assert!(!McNemar::new(11, 10).candidate_is_worse(0.05));
}

#[test]
fn only_reviews_that_tell_them_apart_count() {
    let champion = [true, true, false, false, true];
    let candidate = [true, false, true, false, false];
    assert_eq!(McNemar::count(&champion, &candidate), McNemar::new(2, 1));
}

proptest! {
    #[test]
    fn p_is_a_probability_and_has_no_side(b in 0_usize..3000, c in 0_usize..3000) {
        let test = McNemar::new(b, c);
        prop_assert!(test.p > 0.0 && test.p <= 1.0);
        prop_assert_eq!(test.p.to_bits(), McNemar::new(c, b).p.to_bits());
    }

    #[test]
    fn an_even_split_says_nothing(b in 0_usize..5000) {
        prop_assert_eq!(McNemar::new(b, b).p.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn a_more_uneven_split_is_less_probable(n in 2_usize..600, k in 0_usize..300) {
        let k = k.min(n / 2);
        prop_assume!(k > 0);
        prop_assert!(McNemar::new(k - 1, n - k + 1).p <= McNemar::new(k, n - k).p);
    }
}
