//! What may be typed, and what is said of the rest.

use super::*;
use proptest::prelude::*;
use verdict_learning::learn::select::DocumentCount;

const FILE: &str = "params.yaml";

fn problems(yaml: &str) -> Vec<String> {
    Params::from_yaml(yaml, FILE).unwrap_err().problems
}

#[test]
fn no_keys_are_all_defaults_and_the_repositorys_file_states_those_of_its_preset() {
    let defaults = Params::check(RawParams::default(), FILE).unwrap();
    for yaml in ["", "  \n", "{}", "model_building: {}", "\u{feff}", "\u{feff}{}"] {
        assert_eq!(Params::from_yaml(yaml, FILE).unwrap(), defaults, "{yaml:?}");
    }
    let stated = include_str!("../../../params.yaml");
    let sentences = Params::of_preset(Preset::Sentences).unwrap();
    assert_eq!(Params::from_yaml(stated, FILE).unwrap(), sentences);
    let stated = stated.replace("preset: sentences", "preset: best");
    let best = Params::from_yaml(&stated, FILE).unwrap();
    assert_eq!(best.raw, sentences.raw, "every key of the preset is stated");
}

#[test]
fn each_value_out_of_bounds_is_stated_with_bound_and_place() {
    let ngrams = "[min, max] with 1 <= min <= max <= 8";
    let documents = "between 1 and 4294967295 documents";
    // Key, what is typed, bound, and what is said of the value.
    for (key, typed, bound, got) in [
        ("data_ingestion.test_size", "0", "above 0 and below 1", "0"),
        ("data_ingestion.test_size", "1.0", "above 0 and below 1", "1"),
        ("data_ingestion.test_size", ".nan", "above 0 and below 1", "NaN"),
        ("feature_engineering.max_features", "0", "at least 1, or null", "0"),
        ("feature_engineering.ngram_range", "[2, 1]", ngrams, "[2, 1]"),
        ("feature_engineering.ngram_range", "[0, 1]", ngrams, "[0, 1]"),
        ("feature_engineering.ngram_range", "[1, 9]", ngrams, "[1, 9]"),
        ("feature_engineering.ngram_range", "[1]", ngrams, "[1]"),
        ("feature_engineering.min_df", "0", documents, "0"),
        ("feature_engineering.max_df", "5000000000", documents, "5000000000"),
        ("feature_engineering.max_df", "1.5", "a fraction between 0.0 and 1.0", "1.5"),
        ("feature_engineering.max_df", "2, min_df: 5", "at least min_df, 5", "2"),
        ("feature_engineering.max_df", "0.1, min_df: 0.9", "at least min_df, 0.9", "0.1"),
        ("model_building.C", "-1", "> 0", "-1"),
        ("model_building.C", ".inf", "> 0", "inf"),
        ("model_building.penalty", "l1", "l2", "l1"),
        ("model_building.solver", "saga", "lbfgs or linfa", "saga"),
        ("model_building.max_iter", "0", "at least 1", "0"),
        ("model_building.tol", "0.0", "> 0", "0"),
        ("calibration.method", "isotonic", "platt, length or none", "isotonic"),
        ("calibration.folds", "101", "between 2 and 100", "101"),
        ("feature_engineering.windows", "101", "at most 100", "101"),
        ("feature_engineering.negation", "marks", "none or mark", "marks"),
        (
            "feature_engineering.negation",
            "mark",
            "none unless tokens is words-and-punctuation and punctuation is kept, since marks end a scope",
            "mark",
        ),
        ("model_building.window_weight", "-0.1", "at least 0", "-0.1"),
        ("calibration.folds", "1", "between 2 and 100", "1"),
    ] {
        let (section, name) = key.split_once('.').unwrap();
        let yaml = format!("{section}: {{{name}: {typed}}}");
        let expected = format!("{key} must be {bound}, got {got} (params.yaml)");
        assert_eq!(problems(&yaml), [expected], "{yaml}");
    }
}

#[test]
fn windows_go_with_the_sparse_solver_and_the_calibration_by_length_needs_them() {
    let key = "feature_engineering.windows must be";
    for (yaml, problem) in [
        (
            "calibration: {method: length}",
            "at least 1 where the calibration knows the length, got 0",
        ),
        (
            "feature_engineering: {windows: 2}\nmodel_building: {solver: linfa}",
            "0 where the solver is linfa, got 2",
        ),
    ] {
        assert_eq!(problems(yaml), [format!("{key} {problem} (params.yaml)")]);
    }
}

#[test]
fn all_problems_are_reported_together() {
    let yaml = "model_building: {C: 0, penalty: l1}\ndata_ingestion: {test_size: 2}";
    assert_eq!(problems(yaml).len(), 3);
}

#[test]
fn unknown_keys_and_wrong_types_name_the_key_and_the_line() {
    for (yaml, parts) in [
        ("feature_enginering: {}", ["params.yaml", "`feature_enginering`"]),
        ("model_building:\n  c: 1.0", ["`c`", "line 2"]),
        ("model_building:\n  C: much", ["model_building.C", "line 2"]),
        ("data_ingestion:\n  seed: -1", ["data_ingestion.seed", "line 2"]),
        ("model_building: {C: 1", ["params.yaml", "line"]),
        ("- C", ["params.yaml", "sequence"]),
    ] {
        let text = problems(yaml).join("\n");
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_point_tells_a_fraction_from_a_count() {
    let yaml = "feature_engineering: {min_df: 1, max_df: 1.0}";
    let vocabulary = Params::from_yaml(yaml, FILE).unwrap().train.vocabulary.clone();
    assert_eq!(vocabulary.min_df, DocumentCount::Count(1));
    assert_eq!(vocabulary.max_df, DocumentCount::Fraction(1.0));
}

#[test]
fn folds_without_a_calibration_are_not_looked_at() {
    let yaml = "calibration: {method: none, folds: 0}";
    let params = Params::from_yaml(yaml, FILE).unwrap();
    assert_eq!(params.train.folds, None);
}

#[test]
fn a_model_keeps_the_floor_of_its_accuracy_where_it_is_not_the_default() {
    let recorded = |yaml: &str| Params::from_yaml(yaml, FILE).unwrap().raw.recorded();
    assert_eq!(recorded("promotion: {floors: {accuracy: 0.8}}").get("promotion"), None);
    let other = recorded("promotion: {floors: {accuracy: 0.7, auc: 0.6}}");
    // Where the consumer looks for it.
    assert_eq!(other.pointer("/promotion/floors/accuracy"), Some(&0.7.into()), "{other}");
    let read: RawParams = serde_json::from_value(other.clone()).unwrap();
    assert_eq!(read.recorded(), other);
}

proptest! {
    #[test]
    fn what_was_typed_comes_back_from_the_json_in_a_model(
        c in 1e-6_f64..1e6, test_size in 0.001_f64..0.999, seed: u64, max_df in 0.5_f64..=1.0, min_df in 1_i64..9
    ) {
        let yaml = format!(
            "{{data_ingestion: {{test_size: {test_size:?}, seed: {seed}}}, model_building: {{C: {c:?}}}, \
             feature_engineering: {{min_df: {min_df}, max_df: {max_df:?}}}}}"
        );
        let params = Params::from_yaml(&yaml, FILE).unwrap();
        let json = serde_json::to_string(&params.raw).unwrap();
        let raw: RawParams = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(Params::check(raw, "the model").unwrap(), params);
    }
}
