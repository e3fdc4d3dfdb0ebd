//! `trainer gate` and `trainer evaluate --reports` as processes: what they print and write, and the
//! exit codes.

use crate::folder::{Folder, Ran, assert_says, names, sha256_hex};
use crate::made::{flipped, reviews, write_csv};

/// `good` is trained on true labels, `bad` on labels of which three in ten are wrong, `new.csv` is
/// seen by neither.
fn two_models() -> Folder {
    let folder = Folder::new();
    let all = reviews(1400);
    let (seen, unseen) = all.split_at(600);
    write_csv(&folder.path("good.csv"), seen);
    write_csv(&folder.path("bad.csv"), &flipped(seen, 30));
    write_csv(&folder.path("new.csv"), unseen);
    for name in ["good", "bad"] {
        folder.ok(&format!("train --data {name}.csv --split all --out {name}"));
    }
    folder
}

fn gate(candidate: &str, more: &str) -> String {
    format!("gate --candidate {candidate} --data new.csv --split all {more}")
}

#[test]
fn the_exit_code_is_the_answer() {
    let folder = two_models();
    for (candidate, champion, code) in [
        ("good", None, 0),
        ("good", Some("bad"), 0),
        ("bad", Some("good"), 1),
        ("good", Some("good"), 1),
    ] {
        let champion_flag = champion.map(|name| format!("--champion {name}")).unwrap_or_default();
        let more = format!("{champion_flag} --json --out reports/promotion.json");
        let decision = folder.run(&gate(candidate, &more), b"").json(code);
        assert_eq!(folder.read_json("reports/promotion.json"), decision);
        assert_eq!(decision["accepted"], code == 0);
        assert_eq!(decision["n_reviews"], 800);
        assert_eq!(decision["champion"].is_null(), champion.is_none());
        let sha256 = sha256_hex(&folder.read(&format!("{candidate}/model.verdict")));
        assert_eq!(decision["candidate"]["sha256"], sha256);
        let reasons = decision["reasons"].as_array().unwrap();
        let all_passed = reasons.iter().all(|reason| reason["passed"] == true);
        assert_eq!(all_passed, code == 0);
        for reason in reasons {
            let keys: Vec<&str> = reason.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["bound", "check", "passed", "says", "value"]);
        }
    }
}

#[test]
fn bounds_come_from_the_parameters_and_a_reader_gets_sentences() {
    let folder = two_models();
    folder.write("strict.yaml", "promotion: {floors: {accuracy: 0.999}, min_reviews: 10000}\n");
    let Ran { code, out, .. } = folder.run(&gate("good", "--params strict.yaml"), b"");
    assert_eq!(code, Some(1));
    assert_says(&out, &["is refused", "NO  floors.accuracy", "at least 0.999"]);
    assert_says(&out, &["NO  min_reviews", "800 reviews", "ok  floors.recall"]);

    let shown = folder.ok(&gate("good", "--champion bad --flips 2 --texts"));
    assert_says(&shown, &["is accepted", "labels would change", "McNemar p =", " was "]);
    assert_eq!(shown.lines().filter(|line| line.contains(" → ")).count(), 2);
}

#[test]
fn what_the_gate_cannot_read_is_an_error_and_no_answer() {
    let folder = two_models();
    folder.write("odd.yaml", "promotion: {alpha: 2, max_regression: -1, min_reviews: 0, floors: {ece: .nan, log_loss: -1}}\n");
    folder.write("unknown.yaml", "promotion: {alhpa: 0.1}\n");
    folder.write("key.yaml", "promotion: {behaviour: {suit: null}}\n");
    folder.write("file.yaml", "promotion: {behaviour: {suite: mine.yaml}}\n");
    let bounds = [
        "promotion.alpha must be above 0 and below 1, got 2 (odd.yaml)",
        "promotion.max_regression must be from 0 to 1, got -1",
        "promotion.min_reviews must be at least 1, got 0",
        "promotion.floors.ece must be from 0 to 1, got NaN",
        "promotion.floors.log_loss must be >= 0, got -1",
    ];
    for (candidate, more, parts) in [
        ("good", "--params odd.yaml", &bounds[..]),
        ("good", "--params unknown.yaml", &["unknown.yaml", "alhpa", "max_regression"]),
        (
            "good",
            "--params key.yaml",
            &["key.yaml", "promotion.behaviour", "`suit`", "max_new_failures"],
        ),
        (
            "good",
            "--params file.yaml",
            &["promotion.behaviour.suite", "the suite mine.yaml", "No such"],
        ),
        ("good", "--champion nowhere", &["loading the champion", "nowhere"]),
        ("reviews.csv", "", &["loading the candidate", "reviews.csv"]),
    ] {
        folder.refused(&gate(candidate, more), parts);
    }
    folder.refused("gate --candidate good --data none.csv", &[]);
}

/// `plain` and `keep` say the same of all reviews, which have no capitals; `keep` does not know a
/// word in capitals.
#[test]
fn a_candidate_that_fails_what_its_champion_passes_is_refused_whatever_its_accuracy() {
    let folder = Folder::new();
    let all = reviews(1400);
    write_csv(&folder.path("seen.csv"), &all[..600]);
    write_csv(&folder.path("new.csv"), &all[600..]);
    folder.write("keep.yaml", "data_preprocessing: {case: keep}\n");
    folder.write("plain.yaml", "{}\n");
    for name in ["plain", "keep"] {
        let train = format!("train --data seen.csv --split all --params {name}.yaml --out {name}");
        folder.ok(&train);
    }
    folder.write(
        "capitals.yaml",
        "capabilities: [{name: capitals, kind: minimum, tests: [{expect: positive, texts: [THE CAST \
         WAS SUPERB, the music was superb]}]}]",
    );
    let gate = |most: usize, more: &str| {
        let behaviour = format!("{{suite: capitals.yaml, max_new_failures: {most}}}");
        folder.write("gate.yaml", format!("promotion: {{behaviour: {behaviour}}}\n"));
        folder.run(&gate("keep", &format!("--champion plain --params gate.yaml {more}")), b"")
    };
    let decision = gate(0, "--json").json(1);
    let reasons = decision["reasons"].as_array().unwrap().iter();
    let failed: Vec<_> = reasons.filter(|reason| reason["passed"] == false).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!((&failed[0]["check"], &failed[0]["value"]), (&"behaviour".into(), &1.0.into()));
    assert_eq!(decision["n_flips"], 0);
    let change = &decision["behaviour"];
    assert_eq!(change["suite"], "capitals.yaml");
    assert_eq!(change["new_failures"][0]["candidate"][0]["text"], "THE CAST WAS SUPERB");
    assert_eq!(change["new_failures"][0]["champion"][0]["decided"], "positive");

    let says = gate(0, "").out;
    let table =
        ["capitals       2         2          1\n", "all            2         2          1\n"];
    let named = "of 2 tests of the suite capitals.yaml the candidate fails 1 that";
    assert_says(
        &says,
        &["is refused", "NO  behaviour", named, "\"THE CAST WAS SUPERB\" (capitals)"],
    );
    assert_says(&says, &table);
    assert_eq!(gate(1, "").code, Some(0), "within the bound");

    folder.write("none.yaml", "promotion: {behaviour: {suite: null}}\n");
    let none = self::gate("keep", "--champion plain --params none.yaml --json");
    assert!(folder.run(&none, b"").json(0)["behaviour"].is_null());
}

#[test]
fn the_bounds_of_the_gate_are_no_part_of_a_model() {
    let folder = Folder::new();
    let params = "{feature_engineering: {max_features: 300}, promotion: {alpha: 0.01}}\n";
    folder.write("gate.yaml", params);
    let train = |params: &str, out: &str| {
        folder.ok(&format!("train --data reviews.csv --params {params} --out {out}"));
        folder.read(&format!("{out}/model.verdict"))
    };
    assert!(train("params.yaml", "one") == train("gate.yaml", "two"));
}

#[test]
fn evaluate_writes_a_report_beside_what_it_prints() {
    let folder = Folder::trained();
    let evaluate = "evaluate --model model --data reviews.csv --json";
    let printed = folder.json(&format!("{evaluate} --reports reports"));
    assert_eq!(printed, folder.json(evaluate), "a report changes no number");
    assert_eq!(folder.read_json("reports/metrics.json"), printed);
    let found = |below: &str| names(&folder.path(below)).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(found("reports"), "metrics.json plots report.html");
    assert_eq!(
        found("reports/plots"),
        "calibration.json calibration.svg confusion.csv confusion.svg length.svg \
         precision_recall.json precision_recall.svg roc.json roc.svg terms.json terms.svg"
    );
    let sha256 = sha256_hex(&folder.read("model/model.verdict"));
    assert_says(&folder.text("reports/report.html"), &[&sha256, "</html>"]);
}
