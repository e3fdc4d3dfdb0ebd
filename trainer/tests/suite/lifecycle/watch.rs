//! `trainer watch` as a process: labels come, a version is announced, SIGTERM ends it.

use crate::lifecycle::log::{Log, params};
use crate::made::{others, reviews};
use std::net::SocketAddr;
use verdict_testkit::kafka::Transactions;
use verdict_testkit::{Process, Signal, eventually, free_address, get};

struct Watching {
    process: Process,
    address: SocketAddr,
}

impl Watching {
    fn start(log: &Log, more: &str) -> Self {
        let address = free_address();
        let typed = format!("watch --poll-ms 50 --listen {address} {more}");
        Self { process: Process::start(&mut log.command(&typed)), address }
    }

    /// The value of a metric, 0 while there is none.
    fn metric(&self, series: &str) -> u64 {
        let Ok(page) = get(&format!("http://{}/metrics", self.address)) else { return 0 };
        let value = page.text.lines().find_map(|line| line.strip_prefix(series));
        value.map_or(0, |value| value.trim().parse().unwrap())
    }

    fn rebuilds(&self, outcome: &str) -> u64 {
        self.metric(&format!("verdict_trainer_rebuilds_total{{outcome=\"{outcome}\"}}"))
    }

    #[track_caller]
    fn await_rebuilds(&self, outcome: &str, n: u64) {
        let what = format!("{n} rebuilds are {outcome}");
        eventually(&what, || (self.rebuilds(outcome) >= n).then_some(()));
    }

    #[track_caller]
    fn await_pending(&self, n: u64) {
        eventually(&format!("{n} labels are pending"), || {
            (self.metric("verdict_trainer_labels_pending") == n).then_some(())
        });
    }

    /// Ends it by SIGTERM, and sees that it ends well.
    #[track_caller]
    fn terminate(mut self) {
        let status = self.process.end(Signal::TERM);
        let said = self.process.err.text();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn labels_that_come_give_a_version_that_serves_until_sigterm() {
    let Some(log) = Log::empty("watch") else { return };
    let watching = Watching::start(&log, "--new-labels 300");
    let made = reviews(400);
    let (first, rest) = made.split_at(200);
    log.write_labelled(first);
    watching.await_pending(200);
    assert_eq!((log.pointer(), watching.rebuilds("failed")), (None, 0));
    log.write_labelled(rest);
    log.await_serving("1");
    watching.await_rebuilds("promoted", 1);
    log.write_labelled(&others(320, "second"));
    log.await_serving("2");
    watching.await_rebuilds("promoted", 2);
    watching.terminate();

    // Another one takes up where it was: what is trained on already is not trained on again.
    let watching = Watching::start(&log, "--new-labels 300");
    log.write(made[..10].iter().map(|made| log.label(&made.id, made.positive)));
    watching.await_pending(10);
    watching.terminate();
    assert_eq!((log.announced(), log.versions().len()), (2, 2));
}

#[test]
fn markers_and_aborted_labels_are_no_labels() {
    let Some(log) = Log::empty("watch-transactions") else { return };
    let sender = Transactions::new(&log.kafka, "watch-transactions");
    let labels = log.topic("labels");
    let write = |commits: std::ops::Range<i32>| {
        for n in commits {
            let label = log.label(&format!("r{n}"), true).value.unwrap();
            sender.commit(&labels, n % 2, &[("r", &label)]);
            sender.abort(&labels, n % 2, &[("r", &label), ("s", &label)]);
        }
    };
    write(0..5);
    let watching = Watching::start(&log, "--new-labels 12");
    watching.await_pending(5);
    write(5..8);
    watching.await_pending(8);
    let rebuilds = ["failed", "refused"].map(|outcome| watching.rebuilds(outcome));
    assert_eq!(rebuilds, [0, 0], "the logs have 40 offsets");
    watching.terminate();
}

#[test]
fn what_an_earlier_run_did_not_announce_is_announced_first() {
    let Some(log) = Log::labelled("watch-left") else { return };
    log.folder.write("params.yaml", params(""));
    log.json("rebuild --no-announce --json");
    assert_eq!((log.alias("production"), log.pointer()), (Some(1), None));
    let watching = Watching::start(&log, "--new-labels 1000000");
    log.await_serving("1");
    watching.terminate();
    assert_eq!(log.announced(), 1);
}

#[test]
fn a_refused_rebuild_is_counted_and_what_serves_stays() {
    let Some(log) = Log::labelled("watch-refused") else { return };
    log.json("rebuild --json");
    log.folder.write("params.yaml", params("model_building: {max_iter: 1}"));
    let watching = Watching::start(&log, "--new-labels 5");
    let made = reviews(400);
    log.write(made[..10].iter().map(|made| log.label(&made.id, made.positive)));
    watching.await_rebuilds("refused", 1);
    watching.terminate();
    assert_eq!((log.serving().as_deref(), log.announced()), (Some("1"), 1));
}

#[test]
fn a_rebuild_that_failed_is_tried_again_in_time_and_a_promotion_that_nobody_is_told_of_is_one() {
    let Some(log) = Log::empty("watch-failed") else { return };
    let watching = Watching::start(&log, "--new-labels 5 --every-s 1 --no-announce");
    let made = reviews(400);
    // Labels whose reviews have not come: as many as a rebuild takes, and no more after that.
    log.write(made.iter().map(|made| log.label(&made.id, made.positive)));
    watching.await_rebuilds("failed", 2);
    assert_eq!(log.alias("staging"), None);
    log.write(made.iter().map(|made| log.review(made)));
    watching.await_rebuilds("promoted", 1);
    watching.terminate();
    assert_eq!((log.alias("production"), log.announced()), (Some(1), 0));
}
