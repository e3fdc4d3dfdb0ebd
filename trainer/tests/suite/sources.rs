//! Ingestion from every kind of source, and what is said when none can be read.

use crate::file_server::{Answer, Server, nowhere};
use crate::folder::{Folder, Ran, assert_says, gzip, names, sha256_hex};
use crate::made::{Made, reviews, sentiment};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use verdict_testkit::Moto;

/// The server's credentials, as the environment gives them.
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test-key-id"),
    ("AWS_SECRET_ACCESS_KEY", "test-secret"),
    ("AWS_REGION", "eu-west-1"),
];

/// Ingests with these parameters. The environment has no proxies and no AWS settings but `env`.
fn ingest_with(folder: &Folder, params: &str, env: &[(&str, &str)]) -> Ran {
    folder.write("params.yaml", params);
    let mut command = folder.command("stage data_ingestion");
    command.env_clear().env("HOME", folder.path("home")).env("AWS_EC2_METADATA_DISABLED", "true");
    Ran::of(command.envs(env.iter().copied()).output().unwrap())
}

/// Ingestion that must work without a word on standard error; the manifest.
fn manifest_with(folder: &Folder, params: &str, env: &[(&str, &str)]) -> Value {
    let ran = ingest_with(folder, params, env);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{params}");
    let manifest = manifest_of(folder);
    let printed = format!(
        "{}: {} reviews to train on, {} held out\n",
        manifest["source"].as_str().unwrap(),
        manifest["train"]["n_reviews"],
        manifest["test"]["n_reviews"]
    );
    assert_eq!(ran.out, printed);
    manifest
}

fn manifest(folder: &Folder, params: &str) -> Value {
    manifest_with(folder, params, &[])
}

fn manifest_of(folder: &Folder) -> Value {
    folder.read_json("data/raw/manifest.json")
}

/// Ingestion that must be refused; what was said. No part of a data set is left.
fn refused_with(folder: &Folder, params: &str, env: &[(&str, &str)]) -> String {
    let ran = ingest_with(folder, params, env);
    let message = ran.refused(2);
    assert!(!folder.path("data/raw").exists(), "{message}");
    message.to_owned()
}

fn refused(folder: &Folder, params: &str) -> String {
    refused_with(folder, params, &[])
}

/// Parameters of a source without a checksum.
fn source(source: &str) -> String {
    format!("data_ingestion: {{source: \"{source}\", sha256: null}}")
}

/// Parameters of a source and a checksum that holds for it and its fallbacks.
fn checked(source: &str, sha256: &str, fallback: &[&str]) -> String {
    format!("data_ingestion: {{source: \"{source}\", sha256: {sha256}, fallback: {fallback:?}}}")
}

/// Rows of a part by id: text and label.
fn rows(folder: &Folder, part: &str) -> BTreeMap<String, (String, bool)> {
    let path = folder.path(&format!("data/raw/{part}.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap(), &["id", "review", "sentiment"][..]);
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].to_owned(), (row[1].to_owned(), &row[2] == "positive"))
    });
    rows.collect()
}

fn downloads(folder: &Folder) -> usize {
    match folder.path("data/external") {
        path if path.exists() => names(&path).len(),
        _ => 0,
    }
}

fn csv_of(folder: &Folder) -> Vec<u8> {
    folder.read("reviews.csv")
}

/// The 400 reviews of reviews.csv, split at their hashes.
fn assert_is_all_of_them(folder: &Folder) {
    let (train, test) = (rows(folder, "train"), rows(folder, "test"));
    assert!((250..350).contains(&train.len()), "{}", train.len());
    let both: BTreeMap<_, _> = train.into_iter().chain(test).collect();
    let made = reviews(400).into_iter().map(|made| (made.id, (made.text, made.positive)));
    assert_eq!(both, made.collect());
}

#[test]
fn a_file_on_this_machine_is_read_in_every_layout() {
    let folder = Folder::new();
    folder.write("reviews.csv.gz", gzip(&csv_of(&folder)));
    let json = |made: Made| serde_json::json!({"id": made.id, "text": made.text, "label": sentiment(made.positive)});
    let lines = reviews(400).into_iter().map(|made| format!("{}\n", json(made)));
    let lines: String = lines.collect();
    folder.write("reviews.jsonl", &lines);
    folder.write("reviews.jsonl.gz", gzip(lines.as_bytes()));
    let mut facts = Vec::new();
    for name in ["reviews.csv", "reviews.csv.gz", "reviews.jsonl", "reviews.jsonl.gz"] {
        let manifest = manifest(&folder, &source(name));
        assert_is_all_of_them(&folder);
        assert_eq!(manifest["source"], name);
        assert_eq!(manifest["origin"]["file"]["sha256"], sha256_hex(&folder.read(name)));
        facts.push((manifest["train"].clone(), manifest["test"].clone()));
    }
    facts.dedup();
    assert_eq!(facts.len(), 1, "the same corpus: {facts:?}");
    assert_eq!(downloads(&folder), 0, "a file is read where it is");
}

/// Makes an aclImdb folder: four reviews in each part, one text in both.
fn acl_imdb(folder: &Folder) {
    for (part, label, texts) in [
        ("train", "pos", ["warm", "in both parts"]),
        ("train", "neg", ["cold", "dull"]),
        ("test", "pos", ["moving", "in both parts"]),
        ("test", "neg", ["clumsy", "wooden"]),
    ] {
        let folder = folder.path(&format!("aclImdb/{part}/{label}"));
        fs::create_dir_all(&folder).unwrap();
        for (i, text) in texts.iter().enumerate() {
            fs::write(folder.join(format!("{i}_7.txt")), text).unwrap();
        }
    }
}

#[test]
fn the_parts_of_acl_imdb_are_its_own_unless_the_hash_shall_split() {
    let folder = Folder::new();
    acl_imdb(&folder);
    let manifest_of_own = manifest(&folder, &source("aclImdb"));
    assert_eq!(manifest_of_own["origin"]["file"]["sha256"], Value::Null, "a folder has none");
    assert_eq!(manifest_of_own["texts"]["duplicates"], 1);
    let (train, test) = (rows(&folder, "train"), rows(&folder, "test"));
    assert!(train.keys().all(|id| id.contains("/train/")) && train.len() == 4, "{train:?}");
    assert!(test.keys().all(|id| id.contains("/test/")) && test.len() == 4, "{test:?}");

    let by_hash = "data_ingestion: {source: aclImdb, sha256: null, split: hash, test_size: 0.5}";
    manifest(&folder, by_hash);
    let (train, test) = (rows(&folder, "train"), rows(&folder, "test"));
    assert_eq!(train.len() + test.len(), 8);
    let side = |part: &BTreeMap<String, (String, bool)>| {
        part.values().filter(|(text, _)| text == "in both parts").count()
    };
    assert!([(0, 2), (2, 0)].contains(&(side(&train), side(&test))));
}

#[test]
fn equal_texts_are_on_one_side_whatever_their_ids_and_labels() {
    let folder = Folder::new();
    let mut csv = "id,review,sentiment\n".to_owned();
    for (i, made) in reviews(200).into_iter().enumerate() {
        for copy in ["c", "a", "b"] {
            // Every tenth text is labelled both ways.
            let positive = made.positive != (copy == "b" && i % 10 == 0);
            csv += &format!("{copy}{i},\"{}\",{}\n", made.text, sentiment(positive));
        }
    }
    folder.write("copies.csv", csv);
    for split in ["source", "hash"] {
        let params =
            format!("data_ingestion: {{source: copies.csv, sha256: null, split: {split}}}");
        let ran = ingest_with(&folder, &params, &[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(
            ran.err,
            "trainer: warning: 20 texts of copies.csv are labelled both ways; all their labels are kept\n"
        );
        let manifest = manifest_of(&folder);
        assert_eq!(manifest["texts"]["duplicates"], 400);
        assert_eq!(manifest["texts"]["contradictory"], 20);
        let (train, test) = (rows(&folder, "train"), rows(&folder, "test"));
        assert_eq!(train.len() + test.len(), 600);
        assert!(test.len() > 60, "{}", test.len());
        for part in [train, test] {
            let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
            for (text, _) in part.values() {
                *copies.entry(text).or_default() += 1;
            }
            assert!(copies.values().all(|&n| n == 3), "{copies:?}");
        }
    }
}

#[test]
fn a_url_is_downloaded_once_where_a_checksum_tells_that_it_is_the_same() {
    let folder = Folder::new();
    let server = Server::start("reviews.csv", csv_of(&folder), Answer::Ranges);
    let sha256 = sha256_hex(&csv_of(&folder));
    for _ in 0..2 {
        let manifest = manifest(&folder, &checked(&server.url(), &sha256, &[]));
        assert_is_all_of_them(&folder);
        assert_eq!(manifest["source"], *server.url());
        assert_eq!(manifest["origin"]["file"]["sha256"], *sha256);
        assert_eq!(server.ranges(), [None]);
    }
    // Without one it is downloaded again.
    for n in 2..4 {
        manifest(&folder, &source(&server.url()));
        assert_eq!(server.ranges(), vec![None; n]);
    }
    assert_eq!(downloads(&folder), 1, "no part is left");
}

#[test]
fn a_fallback_is_read_where_the_source_cannot_be_reached_and_the_user_is_told() {
    let folder = Folder::new();
    let server = Server::start("reviews.csv", csv_of(&folder), Answer::Ranges);
    let (away, down) =
        (nowhere("reviews.csv"), Server::start("reviews.csv", vec![], Answer::Unavailable));
    let params =
        checked(&away, &sha256_hex(&csv_of(&folder)), &["nowhere.csv", &down.url(), &server.url()]);
    let ran = ingest_with(&folder, &params, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_is_all_of_them(&folder);
    assert_eq!(manifest_of(&folder)["source"], *server.url());
    assert_says(
        &ran.err,
        &[
            "trainer: warning: ",
            &away,
            "nowhere.csv: no such file or folder",
            &down.url(),
            "503",
            &format!("reading {} instead", server.url()),
        ],
    );
}

#[test]
fn without_any_source_each_is_named_with_its_reason() {
    let folder = Folder::new();
    let away = nowhere("reviews.csv");
    let down = Server::start("reviews.csv", vec![], Answer::Unavailable);
    let endpoint = nowhere("");
    let endpoint = ("AWS_ENDPOINT_URL", endpoint.trim_end_matches('/'));
    let params =
        checked("nowhere.csv", "null", &[&away, &down.url(), "s3://bucket/folder/reviews.csv"]);
    let errors = refused_with(&folder, &params, &[&[endpoint], &KEYS[..]].concat());
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 5, "{errors}");
    assert_says(lines[0], &["no source of reviews can be read"]);
    assert_says(lines[1], &["nowhere.csv: no such file or folder"]);
    assert_says(lines[2], &[&away, "refused"]);
    assert_says(lines[3], &[&down.url(), "503"]);
    assert_says(lines[4], &["s3://bucket/folder/reviews.csv: ", "refused"]);
    assert_eq!(downloads(&folder), 0);
}

#[test]
fn a_wrong_checksum_is_refused_and_no_fallback_asked() {
    let folder = Folder::new();
    let wrong = sha256_hex(b"another file");
    let server = Server::start("reviews.csv", csv_of(&folder), Answer::Ranges);
    let fallback = Server::start("reviews.csv", csv_of(&folder), Answer::Ranges);
    for (source, removed) in [(server.url(), true), ("reviews.csv".to_owned(), false)] {
        let errors = refused(&folder, &checked(&source, &wrong, &[&fallback.url()]));
        assert_says(
            &errors,
            &[&source, &wrong, &sha256_hex(&csv_of(&folder)), "data_ingestion.sha256"],
        );
        assert_eq!(errors.contains("the download was removed"), removed, "{errors}");
        assert!(fallback.ranges().is_empty());
        assert_eq!(downloads(&folder), 0, "nothing of it is kept");
    }
    assert!(folder.path("reviews.csv").exists(), "a file of the user's stays");
}

#[test]
fn standard_input_is_no_source_for_it_is_gone_once_it_is_read() {
    let folder = Folder::new();
    assert_says(&refused(&folder, &source("-")), &["standard input", "trainer train --data -"]);
}

#[test]
fn reviews_without_a_label_are_refused_with_their_places() {
    let folder = Folder::new();
    folder.write("lines.txt", "a review\nanother\n");
    assert_says(&refused(&folder, &source("lines.txt")), &["lines.txt", "labels are required"]);
    folder.write("some.csv", "id,review,sentiment\na,warm,positive\nb,dull,\n");
    assert_says(&refused(&folder, &source("some.csv")), &["some.csv:3"]);
    folder.write("none.csv", "id,review,sentiment\n");
    assert_says(&refused(&folder, &source("none.csv")), &["none.csv: holds no review"]);
    folder.write("one.csv", "id,review,sentiment\na,warm,positive\n");
    assert_says(
        &refused(&folder, &source("one.csv")),
        &["one.csv", "part has no review", "data_ingestion.test_size"],
    );
}

#[test]
fn a_source_of_one_class_is_refused_where_a_model_is_fitted() {
    let folder = Folder::new();
    let positive =
        reviews(60).into_iter().map(|made| format!("{},\"{}\",positive\n", made.id, made.text));
    let header = std::iter::once("id,review,sentiment\n".to_owned());
    folder.write("one-sided.csv", header.chain(positive).collect::<String>());
    manifest(&folder, &source("one-sided.csv"));
    folder.ok("stage data_preprocessing");
    folder.ok("stage feature_engineering");
    let n = rows(&folder, "train").len();
    let says = format!("training needs both classes, got {n} positive and 0 negative reviews");
    folder.refused("stage model_building", &[&says]);
    assert!(!folder.path("models/model.verdict").exists());
    folder.refuses_data("one-sided.csv", &[&says]);
}

#[test]
fn an_object_of_s3_is_read_with_credentials_of_the_environment_or_of_a_profile() {
    let Some(s3) = Moto::start() else { return };
    let folder = Folder::new();
    s3.put("reviews", b"");
    s3.put("reviews/2026/film%20reviews.csv", &csv_of(&folder));
    let uri = "s3://reviews/2026/film reviews.csv";
    let sha256 = sha256_hex(&csv_of(&folder));

    let endpoint = ("AWS_ENDPOINT_URL", s3.endpoint.as_str());
    let errors = refused_with(&folder, &checked(uri, &sha256, &[]), &[endpoint]);
    assert_says(&errors, &[uri, "credentials"]);

    let profile =
        "[reader]\naws_access_key_id = test-key-id\naws_secret_access_key = test-secret\n";
    folder.write("credentials", profile);
    let file = folder.path("credentials").into_os_string().into_string().unwrap();
    let of_profile = [("AWS_SHARED_CREDENTIALS_FILE", &*file), ("AWS_PROFILE", "reader")];
    for credentials in [&KEYS[..], &of_profile] {
        let manifest = manifest_with(&folder, &source(uri), &[&[endpoint], credentials].concat());
        assert_is_all_of_them(&folder);
        assert_eq!(manifest["source"], uri);
        assert_eq!(manifest["origin"]["file"]["sha256"], *sha256);
        assert_eq!(downloads(&folder), 1, "no part is left");
        fs::remove_dir_all(folder.path("data")).unwrap();
    }
}

#[test]
fn a_bucket_that_is_not_there_gives_way_to_a_url_and_a_wrong_object_to_nothing() {
    let Some(s3) = Moto::start() else { return };
    let folder = Folder::new();
    let server = Server::start("reviews.csv", csv_of(&folder), Answer::Ranges);
    let sha256 = sha256_hex(&csv_of(&folder));
    s3.put("reviews", b"");
    s3.put("reviews/reviews.csv", b"id,review,sentiment\na,tampered with,positive\n");
    let env = [&[("AWS_ENDPOINT_URL", s3.endpoint.as_str())], &KEYS[..]].concat();

    let uri = "s3://reviews/reviews.csv";
    let errors = refused_with(&folder, &checked(uri, &sha256, &[&server.url()]), &env);
    assert_says(&errors, &[uri, &sha256, "the download was removed"]);
    assert!(server.ranges().is_empty(), "no fallback mends a wrong file");
    assert_eq!(downloads(&folder), 0);

    for (uri, why) in
        [("s3://nowhere/reviews.csv", "NoSuchBucket"), ("s3://reviews/none.csv", "NoSuchKey")]
    {
        let ran = ingest_with(&folder, &checked(uri, &sha256, &[&server.url()]), &env);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let instead = format!("reading {} instead", server.url());
        assert_says(&ran.err, &[&format!("trainer: warning: {uri}: "), why, &instead]);
        assert_eq!(manifest_of(&folder)["source"], *server.url());
        assert_is_all_of_them(&folder);
    }
    assert_eq!(server.ranges(), [None], "the second time it is there already");
}
