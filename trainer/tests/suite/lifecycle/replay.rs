//! `trainer replay`: what would change on the reviews that have come.

use crate::lifecycle::log::{Log, params};
use crate::made::{flipped, reviews, write_csv};
use std::collections::BTreeSet;
use verdict_kafka_io::Outgoing;
use verdict_sentiment::{Model, Scratch};
use verdict_testkit::kafka::Transactions;

#[test]
fn every_flip_of_the_last_reviews_is_counted() {
    // One partition, so that the last ones are known.
    let Some(log) = Log::with_partitions("replay", 1) else { return };
    let made = reviews(400);
    write_csv(&log.folder.path("flipped.csv"), &flipped(&made, 40));
    log.folder.write("params.yaml", params(""));
    for (data, out) in [("reviews.csv", "champion"), ("flipped.csv", "candidate")] {
        log.folder.ok(&format!("train --data {data} --out {out}"));
    }
    let model = |name: &str| verdict_registry::load(log.folder.path(name)).unwrap();
    let (champion, candidate) = (model("champion"), model("candidate"));

    // Between the reviews there is what is no review; at the end a review without an id.
    for half in made.chunks(200) {
        log.write(half.iter().map(|made| log.review(made)));
        log.write([Outgoing::to(log.topic("reviews")).key("none").value([0xff])]);
    }
    log.write([Outgoing::to(log.topic("reviews")).value("Plain and dull was the plot.")]);

    let positive =
        |model: &Model, text: &str| model.score(&mut Scratch::default(), text).probability >= 0.5;
    let mut stored: Vec<(String, String)> = Vec::new();
    for made in &made {
        stored.push((made.id.clone(), made.text.clone()));
    }
    let last = "Plain and dull was the plot.".to_owned();
    stored.push(("replay.reviews-0-402".to_owned(), last));
    for (n_last, n_reviews) in [(10_000, 401), (403, 401), (402, 400), (101, 100), (2, 1), (1, 1)] {
        let of = &stored[stored.len() - n_reviews..];
        let flips: Vec<&(String, String)> = of
            .iter()
            .filter(|(_, text)| positive(&champion, text) != positive(&candidate, text))
            .collect();
        let up = flips.iter().filter(|(_, text)| positive(&candidate, text)).count();
        let change = log.json(&format!(
            "replay --champion champion --candidate candidate --last {n_last} --flips 1000 \
             --out replay.json --json"
        ));
        assert_eq!(change["n_reviews"], n_reviews, "{n_last}");
        assert_eq!(change["n_flips"], flips.len(), "{n_last}");
        assert_eq!(change["n_to_positive"], up, "{n_last}");
        let ids: BTreeSet<&str> = flips.iter().map(|(id, _)| id.as_str()).collect();
        let told = change["flips"].as_array().unwrap();
        let told: BTreeSet<&str> = told.iter().map(|f| f["id"].as_str().unwrap()).collect();
        assert_eq!(told, ids, "{n_last}");
        assert_eq!(log.folder.read_json("replay.json"), change);
        let share = of.iter().filter(|(_, text)| positive(&champion, text)).count() as f64;
        let is = change["champion"]["positive"].as_f64().unwrap();
        assert!((is - share / n_reviews as f64).abs() < 1e-12, "{n_last}");
    }
    // The two models must differ for the counts to mean anything.
    let all =
        stored.iter().filter(|(_, text)| positive(&champion, text) != positive(&candidate, text));
    assert!(all.count() >= 5);

    let ran = log.run("replay --champion champion --candidate candidate --flips 1 --texts");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("of 401 labels would change"), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
}

#[test]
fn the_last_reviews_are_looked_for_behind_markers_and_aborted_ones() {
    let Some(log) = Log::with_partitions("replay-transactions", 2) else { return };
    log.folder.ok("train --data reviews.csv --out model");
    let sender = Transactions::new(&log.kafka, "replay-transactions");
    let topic = log.topic("reviews");
    let made = reviews(30);
    let values: Vec<Vec<u8>> = made.iter().map(|made| log.review(made).value.unwrap()).collect();
    for (n, value) in values.iter().enumerate() {
        sender.commit(&topic, i32::try_from(n % 2).unwrap(), &[("k", value)]);
    }
    let aborted: Vec<(&str, &[u8])> = values.iter().map(|value| ("k", &value[..])).collect();
    sender.abort(&topic, 0, &aborted);
    for (last, n_reviews) in [(1, 1), (10, 10), (30, 30), (10_000, 30)] {
        let replay = format!("replay --champion model --candidate model --last {last} --json");
        assert_eq!(log.json(&replay)["n_reviews"], n_reviews, "{last}");
    }
}
