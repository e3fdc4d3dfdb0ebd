//! `trainer behave`, and what the default model does on both parts of our suite.

use crate::folder::{Folder, Ran, assert_says, trainer};
use serde_json::Value;
use std::io::Write as _;
use verdict_testkit::repository;

const SMALL: &str = "\
lists: {thing: [plot, cast]}
capabilities:
  - name: sides
    kind: minimum
    description: A side is known.
    tests:
      - expect: positive
        texts: [\"The {thing} was superb, the music was witty.\"]
      - expect: negative
        texts: [\"The music was superb, the cast was witty.\"]
  - name: chairs
    kind: invariance
    description: Chairs change nothing.
    tests:
      - texts:
          - - The plot was awful.
            - The plot was awful. Twelve chairs.
            - The plot was superb.
  - name: irony
    kind: minimum
    known_failure: true
    tests:
      - expect: negative
        texts: [\"Superb, I was asleep.\"]
";

#[test]
fn a_suite_of_ones_own_is_counted_by_capability_and_each_failure_is_shown() {
    let folder = Folder::trained();
    folder.write("mine.yaml", SMALL);
    let behave = "behave --model model --suite mine.yaml";
    let table = folder.ok(behave);
    assert_says(
        &table,
        &[
            "on the suite mine.yaml",
            "sides           minimum         3       2   66.7 %\n",
            "chairs          invariance      1       0    0.0 %\n",
            "irony           minimum         1       0    0.0 %  known failure\n",
            "all                             4       2   50.0 %\n",
            "known failures                  1       0    0.0 %\n",
            "sides: A side is known.\n  expected negative\n    got 0.",
            "The music was superb, the cast was witty.",
            "positive  The plot was superb.",
        ],
    );
    assert!(!table.contains("Twelve chairs"), "a variation that passed is no failure: {table}");
    assert!(!table.contains("asleep"), "known failures are counted only: {table}");

    let json = folder.json(&format!("{behave} --json"));
    assert_eq!(json["suite"], "mine.yaml");
    assert_eq!(json["total"], serde_json::json!({"tests": 4, "passed": 2}));
    assert_eq!(json["known_failures"], serde_json::json!({"tests": 1, "passed": 0}));
    let answers = json["capabilities"][1]["results"][0]["answers"].as_array().unwrap();
    let passed: Vec<&Value> = answers.iter().map(|answer| &answer["passed"]).collect();
    assert_eq!(passed, [true, true, false]);
    assert_eq!(answers[2]["text"], "The plot was superb.");
    assert_eq!(answers[2]["decided"], "positive");
}

#[test]
fn beside_a_champion_both_are_counted_and_what_only_it_passes_is_shown() {
    let folder = Folder::trained();
    folder.write("keep.yaml", "data_preprocessing: {case: keep}\n");
    folder.ok("train --data reviews.csv --params keep.yaml --out keep");
    folder.write(
        "mine.yaml",
        SMALL.replace("The {thing} was superb, the music was witty.", "THE {thing} WAS SUPERB."),
    );
    let behave = "behave --model keep --champion model --suite mine.yaml";
    let json = folder.json(&format!("{behave} --json"));
    let (lost, found) = (json["n_new_failures"].as_u64().unwrap(), &json["new_failures"]);
    assert!(lost > 0 && found.as_array().unwrap().len() as u64 == lost, "{json}");
    let text = found[0]["candidate"][0]["text"].as_str().unwrap();
    assert_eq!(found[0]["champion"][0]["decided"], "positive");
    let table = folder.ok(behave);
    let sums = format!("the candidate fails {lost} that the champion passes, and passes 0 that");
    assert_says(&table, &["tests  champion  candidate\n", &sums, "sides: expected positive", text]);
    let same = folder.json("behave --model model --champion model --suite mine.yaml --json");
    assert_eq!((&same["n_new_failures"], &same["candidate"]), (&0.into(), &same["champion"]));
    folder.refused("behave --model model --champion nowhere", &["loading the champion", "nowhere"]);
}

#[test]
fn fewer_than_were_asked_for_are_exit_code_1_and_a_rate_that_is_none_is_refused() {
    let folder = Folder::trained();
    folder.write("mine.yaml", SMALL);
    let run =
        |more: &str| folder.run(&format!("behave --model model --suite mine.yaml {more}"), b"");
    for (more, expected) in [("", 0), ("--fail-under 0.5", 0), ("--fail-under 0.51", 1)] {
        let Ran { code, out, err } = run(more);
        assert_eq!((code, err.as_str()), (Some(expected), ""), "{more}");
        assert_says(&out, &["all  "]);
    }
    for typed in ["1.5", "NaN", "most"] {
        let ran = run(&format!("--fail-under {typed}"));
        assert_says(ran.refused(2), &["--fail-under", typed]);
    }
}

#[test]
fn what_is_no_suite_is_refused() {
    let folder = Folder::trained();
    folder.write("kind.yaml", SMALL.replace("kind: invariance", "kind: variance"));
    folder.write("key.yaml", SMALL.replace("description", "says"));
    folder.write("list.yaml", SMALL.replace("{thing}", "{thnig}"));
    folder.write("bytes.yaml", b"\xff");
    folder.write("csv.yaml", "review,sentiment\nfine,positive\n");
    for (file, parts) in [
        ("none.yaml", &["reading the suite none.yaml", "No such file"][..]),
        ("bytes.yaml", &["bytes.yaml", "UTF-8"]),
        ("csv.yaml", &["csv.yaml", "invalid type"]),
        ("kind.yaml", &["capabilities.chairs.kind", "got variance (kind.yaml)"]),
        ("key.yaml", &["key.yaml", "unknown field `says`", "line 5"]),
        ("list.yaml", &["capabilities.sides.tests[0].texts[0]", "(thing)", "{thnig}", "list.yaml"]),
    ] {
        folder.refused(&format!("behave --model model --suite {file}"), parts);
    }
}

/// What the default model passes now, of the tests that are no known failures; raise these with it.
const PASSED: [(&str, u64); 2] = [("default", 213), ("trainer/tests/behaviour-held-out.yaml", 107)];

#[test]
fn the_default_model_passes_as_many_tests_of_both_parts_as_it_did() {
    for (suite, floor) in PASSED {
        let run = |more: &[&str]| {
            let mut command = trainer();
            command.current_dir(repository()).args(["behave", "--suite", suite]).args(more);
            Ran::of(command.output().unwrap())
        };
        let Ran { code, out, .. } = run(&[]);
        assert_eq!(code, Some(0));
        // The sums alone: nobody is to develop on single texts of the part that is held out.
        report(out.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n").as_str());
        let json = run(&["--json"]).json(0);
        let passed = json["total"]["passed"].as_u64().unwrap();
        assert!(passed >= floor, "{suite}: {passed} passed, {floor} did before\n{out}");
        if suite == "default" {
            has_the_five(&json);
        }
    }
}

/// Into the output of the tests, also where they pass, and onto the page of the run on GitHub.
fn report(table: &str) {
    // Not by `eprintln!`: of a test that passes, that shows nothing.
    writeln!(std::io::stderr(), "\n{table}\n").unwrap();
    if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        writeln!(file.unwrap(), "```\n{table}\n```").unwrap();
    }
}

fn has_the_five(json: &Value) {
    let expected = |text: &str| {
        let capabilities = json["capabilities"].as_array().unwrap().iter();
        let mut results = capabilities.flat_map(|one| one["results"].as_array().unwrap());
        let found = results.find(|result| result["answers"][0]["text"] == text);
        found.map(|result| result["expected"].as_str().unwrap().to_owned()).unwrap_or_default()
    };
    for (text, words) in [
        ("Not bad at all", "positive or unsure"),
        ("I did not love it", "negative or unsure"),
        ("Boring.", "negative, at most 0.99 sure"),
        ("hello world", "unsure"),
        ("The movie starts at nine", "unsure"),
    ] {
        assert_eq!(expected(text), words, "{text}");
    }
}
