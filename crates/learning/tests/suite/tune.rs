use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use verdict_learning::tune::{Range, Space, draw};

#[test]
fn the_same_seed_draws_the_same_points() {
    let space: Space = serde_json::from_str(
        r#"{"a.b": {"choice": [[1, 2], [1, 3]]}, "a.c": {"log_uniform": [0.1, 100]}, "d.e": {"uniform": [-1, 1]}}"#,
    )
    .unwrap();
    let points = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..4).map(|_| draw(&space, &mut rng)).collect::<Vec<_>>()
    };
    assert_eq!(points(1), points(1));
    assert_ne!(points(1), points(2));
    assert_eq!(points(1)[0].len(), 3);
}

#[test]
fn a_range_is_typed_as_a_map_in_yaml_too_and_written_as_one() {
    let yaml = "{a.b: {choice: [[1, 2], none]}, c.d: {log_uniform: [0.5, 2.0]}}";
    let space: Space = serde_yaml_ng::from_str(yaml).unwrap();
    assert_eq!(space["c.d"], Range::LogUniform([0.5, 2.0]));
    let text = serde_yaml_ng::to_string(&space).unwrap();
    assert_eq!(serde_yaml_ng::from_str::<Space>(&text).unwrap(), space);
    for wrong in ["{}", "{uniform: [0, 1], choice: [1]}", "{normal: [0, 1]}"] {
        let error = serde_yaml_ng::from_str::<Range>(wrong).unwrap_err();
        assert!(error.to_string().contains("choice"), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_drawn_lies_within_its_bounds(from in 1e-3_f64..1.0, width in 0.0_f64..1e3, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let to = from + width;
        for range in [Range::Uniform([from, to]), Range::LogUniform([from, to])] {
            let space = Space::from([("x".to_owned(), range)]);
            let got = draw(&space, &mut rng)["x"].as_f64().unwrap();
            // Rounded to three digits.
            prop_assert!(got >= from * 0.995 && got <= to * 1.005, "{from} {got} {to}");
        }
    }
}
