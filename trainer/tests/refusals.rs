//! Bad input: exit code 2, one message with value, bound and place, and no file written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod common;

use common::process::{Place, assert_says, gzip, trainer};
use std::fs;

#[test]
fn data_that_cannot_be_read_is_named() {
    let place = Place::new();
    assert_says(&place.refused_data("nowhere.csv"), &["nowhere.csv", "No such file"]);

    let whole = gzip(&fs::read(place.path("reviews.csv")).unwrap());
    place.write("cut.csv.gz", &whole[..whole.len() / 2]);
    assert_says(&place.refused_data("cut.csv.gz"), &["cut.csv.gz", "gzip", "cut short"]);
    place.write("cut.tar.gz", &gzip(&[b'x'; 2000])[..20]);
    assert_says(&place.refused_data("cut.tar.gz"), &["cut.tar.gz"]);
    place.write("no.tar.gz", gzip(&[b'x'; 2000]));
    assert_says(&place.refused_data("no.tar.gz"), &["no.tar.gz", "archive"]);
    fs::create_dir(place.path("folder")).unwrap();
    assert_says(&place.refused_data("folder"), &["folder", "no review", "train"]);
    place.write("empty.csv", "");
    assert_says(&place.refused_data("empty.csv"), &["empty.csv", "no review"]);
    place.write("header.csv", "review,sentiment\n");
    assert_says(&place.refused_data("header.csv"), &["header.csv", "no review"]);
    place.write("lines.txt", "a review\n");
    assert_says(&place.refused_data("lines.txt"), &["lines.txt", "labels are required"]);
    place.write("columns.csv", "text,stars\ngood,5\n");
    assert_says(
        &place.refused_data("columns.csv"),
        &["columns.csv:1", "\"sentiment\" (or \"label\")", "text,stars"],
    );
}

#[test]
fn a_review_that_cannot_be_read_is_named_by_file_and_line() {
    let place = Place::new();
    place.write("label.csv", "review,sentiment\nwarm,positive\ncold,perhaps\n");
    let message = place.refused_data("label.csv");
    assert_says(
        &message,
        &["label.csv:3", "positive or negative", "\"perhaps\"", "1 review cannot"],
    );
    place
        .write("label.jsonl", "{\"text\":\"warm\",\"label\":1}\n{\"text\":\"cold\",\"label\":2}\n");
    assert_says(&place.refused_data("label.jsonl"), &["label.jsonl:2", "got 2"]);
    place.write("bytes.csv", b"review,sentiment\nwarm,positive\nc\xffld,negative\n");
    assert_says(&place.refused_data("bytes.csv"), &["bytes.csv:3", "UTF-8", "byte 1"]);
    place.write("blank.csv", "review,sentiment\n \" \",positive\n,negative\n");
    assert_says(&place.refused_data("blank.csv"), &["blank.csv:3", "blank"]);

    let many: String = (0..25).map(|i| format!("film {i},perhaps\n")).collect();
    place.write("many.csv", format!("review,sentiment\n{many}"));
    let message = place.refused_data("many.csv");
    assert_says(&message, &["25 reviews cannot", "many.csv:2:", "many.csv:11:", "…"]);
    assert!(!message.contains("many.csv:12:"), "{message}");
}

#[test]
fn parameters_that_cannot_be_are_all_named() {
    let place = Place::new();
    for (yaml, parts) in [
        ("model_building: {c: 1}", &["params.yaml", "model_building", "`c`"][..]),
        ("features: {}", &["params.yaml", "`features`"]),
        ("model_building: {C: -1}", &["model_building.C must be > 0, got -1 (params.yaml)"]),
        ("model_building: {C: [", &["params.yaml"]),
        (
            "{model_building: {C: -1, solver: saga}, data_ingestion: {test_size: 1.5}}",
            &[
                "model_building.C",
                "got -1",
                "model_building.solver",
                "got saga",
                "data_ingestion.test_size",
                "got 1.5",
            ],
        ),
        (
            "feature_engineering: {min_df: 9, max_df: 3}",
            &["max_df must be at least min_df, 9, got 3"],
        ),
        (
            "feature_engineering: {min_df: 0.9, max_df: 0.1}",
            &["max_df must be at least min_df, 0.9, got 0.1"],
        ),
        // A count against a fraction, which only the number of reviews can compare.
        (
            "feature_engineering: {min_df: 290, max_df: 0.1}",
            &["max_df must be at least min_df", "290", "feature_engineering"],
        ),
        ("feature_engineering: {min_df: 4000000}", &["max_df must be at least min_df", "4000000"]),
        (
            "feature_engineering: {min_df: 1.0, ngram_range: [8, 8]}",
            &["the vocabulary is empty", "min_df"],
        ),
        ("calibration: {folds: 100}", &[]),
    ] {
        place.write("params.yaml", yaml);
        if parts.is_empty() {
            place.ok(&["train", "--data", "reviews.csv", "--out", "many-folds"]);
        } else {
            assert_says(&place.refused_data("reviews.csv"), parts);
        }
    }
    let args = ["train", "--data", "reviews.csv", "--params", "other.yaml", "--out", "new"];
    assert_says(&place.refused(&args, b""), &["reading parameters other.yaml", "No such file"]);
    place.write("params.yaml", b"\xff");
    assert_says(&place.refused_data("reviews.csv"), &["params.yaml", "UTF-8"]);
}

#[test]
fn one_class_and_no_words_are_refused() {
    let place = Place::new();
    let rows = |row: fn(usize) -> String| -> String {
        let rows: String = (0..60).map(row).collect();
        format!("review,sentiment\n{rows}")
    };
    place.write("one.csv", rows(|i| format!("good film {i},positive\n")));
    assert_says(&place.refused_data("one.csv"), &["both classes", "0 negative"]);
    place.write(
        "none.csv",
        rows(|i| format!("\"! ? {i}\",{}\n", i % 2))
            .replace(['2', '3', '4', '5', '6', '7', '8', '9'], "1"),
    );
    place.write(
        "params.yaml",
        "feature_engineering: {min_df: 100}\ndata_ingestion: {test_size: 0.01}",
    );
    assert_says(&place.refused_data("none.csv"), &["max_df must be at least min_df"]);
    place.write("params.yaml", "data_ingestion: {test_size: 0.01}");
    place.write("marks.csv", rows(|i| format!("\"{}\",{}\n", "! ".repeat(i + 1), i % 2)));
    assert_says(&place.refused_data("marks.csv"), &["the vocabulary is empty", "reviews no term"]);
}

#[test]
fn a_model_that_cannot_be_loaded_is_refused_with_its_path() {
    let place = Place::trained();
    let whole = fs::read(place.path("model/model.verdict")).unwrap();
    let mut future = whole.clone();
    future[8] = 3;
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let pickle = b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x07sklearn\x94.";
    let n = whole.len();
    for (bytes, parts) in [
        (&whole[..n - 1], &["truncated"][..]),
        (&whole[..100], &["truncated"]),
        (&[], &["not a Verdict model", "got []"]),
        (&future, &["model format version must be 1 to 2, got 3 (byte 8)", "newer release"]),
        (&changed, &["checksum mismatch"]),
        (pickle, &["not a Verdict model", "80, 04"]),
        (&gzip(&whole), &["not a Verdict model", "1f, 8b"]),
    ] {
        place.write("bad.verdict", bytes);
        for args in [
            &["score", "--model", "bad.verdict"][..],
            &[
                "evaluate",
                "--model",
                "bad.verdict",
                "--data",
                "reviews.csv",
                "--out",
                "metrics.json",
            ],
            &["explain", "--model", "bad.verdict", "text"],
            &["inspect", "bad.verdict"],
        ] {
            let message = place.refused(args, b"text\n");
            assert_says(&message, &["loading model bad.verdict: "]);
            assert_says(&message, parts);
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }
    for (uri, path) in [("nowhere", "nowhere"), (".", "./model.verdict")] {
        let message = place.refused(&["score", "--model", uri], b"text\n");
        assert_says(&message, &[&format!("loading model {path}: No such file")]);
    }
}

#[test]
fn a_line_that_is_not_utf8_is_named_after_the_lines_before_it_were_scored() {
    let place = Place::trained();
    let input = b"warm\ncold\nc\xffld\nwarm\n";
    let output = place.run(&["score", "--model", "model"], input);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
    let expected = "trainer: standard input, line 3: not UTF-8 at byte 1\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    let message = place.refused(&["score", "--model", "model", "--summary"], input);
    assert_eq!(message, expected);
}

#[test]
fn a_name_that_no_model_may_have_and_a_place_that_cannot_be_written_are_refused() {
    let place = Place::new();
    let name = "n".repeat(257);
    let args = ["train", "--data", "reviews.csv", "--out", "new", "--name", &name];
    assert_says(&place.refused(&args, b""), &["length of the name", "256", "257"]);
    let args = ["train", "--data", "reviews.csv", "--out", "params.yaml"];
    assert_says(&place.refused(&args, b""), &["writing model params.yaml/model.verdict"]);
}

#[test]
fn what_is_typed_wrongly_is_usage() {
    for args in [
        &["train"][..],
        &["train", "--data", "x", "--split", "half"],
        &["score", "--threads", "-1"],
        &["predict"],
        &[],
    ] {
        trainer().args(args).assert().code(2).stdout("");
    }
    trainer().arg("--help").assert().success().stderr("");
}
