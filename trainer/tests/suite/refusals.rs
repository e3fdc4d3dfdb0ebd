//! Bad input: exit code 2, one message with value, bound and folder, and no file written.

use crate::folder::{Folder, assert_says, gzip};
use std::fs;

#[test]
fn data_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let whole = gzip(&folder.read("reviews.csv"));
    let archive = gzip(&[b'x'; 2000]);
    let table: [(&str, &[u8], &[&str]); 7] = [
        ("cut.csv.gz", &whole[..whole.len() / 2], &["gzip", "cut short"]),
        ("cut.tar.gz", &archive[..20], &[]),
        ("no.tar.gz", &archive, &["archive"]),
        ("empty.csv", b"", &["no review"]),
        ("header.csv", b"review,sentiment\n", &["no review"]),
        ("lines.txt", b"a review\n", &["labels are required"]),
        (
            "columns.csv",
            b"text,stars\ngood,5\n",
            &[":1", "\"sentiment\" (or \"label\")", "text,stars"],
        ),
    ];
    for (name, bytes, parts) in table {
        folder.write(name, bytes);
        folder.refuses_data(name, &[&[name], parts].concat());
    }
    fs::create_dir(folder.path("folder")).unwrap();
    folder.refuses_data("folder", &["folder", "no review", "train"]);
    folder.refuses_data("nowhere.csv", &["nowhere.csv", "No such file"]);
}

#[test]
fn a_review_that_cannot_be_read_is_named_by_file_and_line() {
    let folder = Folder::new();
    let labels = "{\"text\":\"warm\",\"label\":1}\n{\"text\":\"cold\",\"label\":2}\n";
    let many: String = (0..25).map(|i| format!("film {i},perhaps\n")).collect();
    let table: [(&str, &[u8], &[&str]); 5] = [
        (
            "label.csv",
            b"review,sentiment\nwarm,positive\ncold,perhaps\n",
            &["label.csv:3", "positive or negative", "\"perhaps\"", "1 review cannot"],
        ),
        ("label.jsonl", labels.as_bytes(), &["label.jsonl:2", "got 2"]),
        (
            "bytes.csv",
            b"review,sentiment\nwarm,positive\nc\xffld,negative\n",
            &["bytes.csv:3", "UTF-8", "byte 1"],
        ),
        ("blank.csv", b"review,sentiment\n \" \",positive\n,negative\n", &["blank.csv:3", "blank"]),
        (
            "many.csv",
            &[b"review,sentiment\n", many.as_bytes()].concat(),
            &["25 reviews cannot", "many.csv:2:", "many.csv:11:", "…"],
        ),
    ];
    for (name, bytes, parts) in table {
        folder.write(name, bytes);
        let message = folder.refuses_data(name, parts);
        assert!(!message.contains("many.csv:12:"), "{message}");
    }
}

#[test]
fn parameters_that_cannot_be_are_all_named() {
    let folder = Folder::new();
    for (yaml, parts) in [
        ("model_building: {c: 1}", &["params.yaml", "model_building", "`c`"][..]),
        ("features: {}", &["params.yaml", "`features`"]),
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
        // A count against a fraction, which only the number of reviews can compare.
        (
            "feature_engineering: {min_df: 290, max_df: 0.1}",
            &["max_df must be at least min_df", "290", "feature_engineering"],
        ),
        (
            "feature_engineering: {min_df: 1.0, ngram_range: [8, 8]}",
            &["the vocabulary is empty", "min_df"],
        ),
        ("calibration: {folds: 100}", &[]),
    ] {
        folder.write("params.yaml", yaml);
        if parts.is_empty() {
            folder.ok("train --data reviews.csv --out many-folds");
        } else {
            folder.refuses_data("reviews.csv", parts);
        }
    }
    let other = "train --data reviews.csv --params other.yaml --out new";
    folder.refused(other, &["reading parameters other.yaml", "No such file"]);
    folder.write("params.yaml", b"\xff");
    folder.refuses_data("reviews.csv", &["params.yaml", "UTF-8"]);
}

#[test]
fn no_words_are_refused() {
    let folder = Folder::new();
    let rows = |row: fn(usize) -> String| -> String {
        let rows: String = (0..60).map(row).collect();
        format!("review,sentiment\n{rows}")
    };
    let digits = ['2', '3', '4', '5', '6', '7', '8', '9'];
    let none = rows(|i| format!("\"! ? {i}\",{}\n", i % 2)).replace(digits, "1");
    folder.write("none.csv", none);
    let test_size = "data_ingestion: {test_size: 0.01}";
    folder.write("params.yaml", format!("feature_engineering: {{min_df: 100}}\n{test_size}"));
    folder.refuses_data("none.csv", &["max_df must be at least min_df"]);
    folder.write("params.yaml", test_size);
    folder.write("marks.csv", rows(|i| format!("\"{}\",{}\n", "! ".repeat(i + 1), i % 2)));
    folder.refuses_data("marks.csv", &["the vocabulary is empty", "reviews no term"]);
}

#[test]
fn a_model_that_cannot_be_loaded_is_refused_with_its_path() {
    let folder = Folder::trained();
    let whole = folder.read("model/model.verdict");
    let mut future = whole.clone();
    future[8] = 4;
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let pickle = b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x07sklearn\x94.";
    let n = whole.len();
    for (bytes, parts) in [
        (&whole[..n - 1], &["truncated"][..]),
        (&whole[..100], &["truncated"]),
        (&[], &["not a Verdict model", "got []"]),
        (&future, &["model format version must be 1 to 3, got 4 (byte 8)", "newer release"]),
        (&changed, &["checksum mismatch"]),
        (pickle, &["not a Verdict model", "80, 04"]),
        (&gzip(&whole), &["not a Verdict model", "1f, 8b"]),
    ] {
        folder.write("bad.verdict", bytes);
        for typed in [
            "score --model bad.verdict",
            "evaluate --model bad.verdict --data reviews.csv --out metrics.json",
            "explain --model bad.verdict text",
            "inspect bad.verdict",
        ] {
            let message = folder.refused(typed, &["loading model bad.verdict: "]);
            assert_says(&message, parts);
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }
    for (uri, path) in [("nowhere", "nowhere"), (".", "./model.verdict")] {
        let says = format!("loading model {path}: No such file");
        folder.refused(&["score", "--model", uri], &[&says]);
    }
}

#[test]
fn a_line_that_is_not_utf8_is_named_after_the_lines_before_it_were_scored() {
    let folder = Folder::trained();
    let input = b"warm\ncold\nc\xffld\nwarm\n";
    let expected = "trainer: standard input, line 3: not UTF-8 at byte 1\n";
    for (typed, scored) in [("score --model model", 2), ("score --model model --summary", 0)] {
        let ran = folder.run(typed, input);
        assert_eq!((ran.code, ran.out.lines().count()), (Some(2), scored));
        assert_eq!(ran.err, expected);
    }
}

#[test]
fn a_name_that_no_model_may_have_and_a_place_that_cannot_be_written_are_refused() {
    let folder = Folder::new();
    let name = "n".repeat(257);
    let named = format!("train --data reviews.csv --out new --name {name}");
    folder.refused(&named, &["length of the name", "256", "257"]);
    let taken = "train --data reviews.csv --out params.yaml";
    folder.refused(taken, &["writing model params.yaml/model.verdict"]);
}
