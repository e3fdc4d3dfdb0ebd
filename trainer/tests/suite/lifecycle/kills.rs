//! `trainer rebuild` killed wherever it stands: what serves stays whole, and the next run finishes.

use crate::folder::assert_has;
use crate::lifecycle::log::{Log, params};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Starts, and kills as soon as it says that `step` begins and `after` has gone by. Whether the
/// kill came in time.
fn killed_at(command: &mut Command, step: &str, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begins = format!("trainer: {step}");
    let mut said = Vec::new();
    loop {
        let Some(line) = lines.next() else {
            panic!("{begins:?} is never said: {said:#?}");
        };
        said.push(line.unwrap());
        if said.last() == Some(&begins) {
            break;
        }
    }
    // Not a wait for anything: the place within the step at which it is hit.
    std::thread::park_timeout(after);
    child.kill().unwrap();
    // `code` is absent where a signal has ended it.
    child.wait().unwrap().code().is_none()
}

/// One line of the parameters makes another model of the same reviews.
fn round(log: &Log, round: usize) {
    let more = format!("model_building: {{C: {}.0}}", 10 + round);
    log.folder.write("params.yaml", params(&more));
}

#[test]
fn a_rebuild_that_is_killed_leaves_a_whole_model_serving_and_the_next_one_finishes() {
    let Some(log) = Log::labelled("kills") else { return };
    log.json("rebuild --json");
    let mut rounds = 0;
    let mut in_time = 0;
    for (step, afters_ms) in [
        ("reading the reviews", &[0, 20][..]),
        ("training", &[0, 30]),
        ("evaluating", &[0]),
        ("registering", &[0, 1, 2, 5, 10]),
        ("deciding", &[0, 1, 2, 5, 10]),
        ("announcing", &[0, 1, 2, 5, 10, 20, 40, 80]),
    ] {
        for after_ms in afters_ms {
            rounds += 1;
            let at = format!("{step} + {after_ms} ms");
            round(&log, rounds);
            let before = log.versions().len();
            let was = log.pointer().unwrap();
            let mut command = log.command("rebuild");
            let after = Duration::from_millis(*after_ms);
            in_time += usize::from(killed_at(&mut command, step, after));

            // The old one or the new one, and `pointer` has seen that it is whole; so has
            // `versions` of all of them.
            let versions = log.versions();
            assert!(versions.len() <= before + 1, "{at}: {versions:?}");
            let now = log.pointer().unwrap();
            let newest = versions.last().unwrap();
            let is_old = now == was;
            let is_new = versions.len() > before
                && (&now.version, &now.sha256) == (&newest.version.to_string(), &newest.sha256);
            assert!(is_old || is_new, "{at}: {was:?} {now:?} {versions:?}");
            let alias = log.alias("production").unwrap();
            assert!(alias == before as u64 || alias == versions.len() as u64, "{at}");

            let finished = log.json("rebuild --json");
            assert_eq!(finished["serves"], true, "{at}");
            let versions = log.versions();
            assert_eq!(versions.len(), before + 1, "{at}: registered once");
            let serves = log.pointer().unwrap();
            assert_eq!(serves.sha256, finished["sha256"].as_str().unwrap(), "{at}");
            assert_eq!(serves.version, versions.len().to_string(), "{at}");
            assert_eq!(log.alias("production"), Some(versions.len() as u64), "{at}");
        }
    }
    assert!(in_time * 2 > rounds, "{in_time} of {rounds} were killed");
    let leftovers = std::fs::read_dir(log.folder.path("registry/sentiment/versions")).unwrap();
    let leftovers = leftovers.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let unfinished: Vec<String> = leftovers.filter(|name| name.starts_with('.')).collect();
    assert_eq!(unfinished, [""; 0], "the next registration swept them away");
}

#[test]
fn what_a_killed_promotion_left_is_finished_even_by_a_candidate_that_is_refused() {
    let Some(log) = Log::labelled("left") else { return };
    log.json("rebuild --json");
    round(&log, 1);
    // As if killed after the alias was moved.
    let second = log.json("rebuild --no-announce --json");
    assert_has(&second, &json!({"serves": true, "announced": false}));
    assert_eq!((log.alias("production"), log.serving().as_deref()), (Some(2), Some("1")));
    log.folder.write("params.yaml", params("model_building: {max_iter: 1}"));
    let third = log.run("rebuild --json").json(1);
    assert_has(&third, &json!({"version": 3, "serves": false}));
    assert_eq!((log.alias("production"), log.serving().as_deref()), (Some(2), Some("2")));
}
