//! `trainer watch` as a process: labels come, a version is announced, SIGTERM ends it.

use crate::common::{Made, reviews};
use crate::log::{Log, PATIENCE, eventually, params};
use crate::transactions::Transactions;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

struct Observer {
    child: Child,
    address: SocketAddr,
    said: PathBuf,
}

impl Observer {
    fn start(log: &Log, more: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let listen = address.to_string();
        let flags = ["watch", "--poll-ms", "50", "--listen", &listen];
        let said = log.place.path("said");
        let child = log
            .command(&[&flags[..], more].concat())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        Self { child, address, said }
    }

    /// The value of a metric, 0 while there is none.
    fn metric(&self, series: &str) -> u64 {
        let page = ureq::get(format!("http://{}/metrics", self.address)).call();
        let Ok(mut page) = page else { return 0 };
        let text = page.body_mut().read_to_string().unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(series));
        value.map_or(0, |value| value.trim().parse().unwrap())
    }

    fn rebuilds(&self, outcome: &str) -> u64 {
        self.metric(&format!("verdict_trainer_rebuilds_total{{outcome=\"{outcome}\"}}"))
    }

    /// Ends it by SIGTERM, and sees that it ends well.
    #[track_caller]
    fn terminate(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let said = std::fs::read_to_string(&self.said).unwrap();
                assert_eq!(status.code(), Some(0), "{said}");
                assert!(!said.contains("panicked"), "{said}");
                return;
            }
            assert!(start.elapsed() < PATIENCE, "SIGTERM does not end it");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        // It may have ended.
        self.child.kill().unwrap_or(());
        self.child.wait().unwrap();
    }
}

#[test]
fn labels_that_come_give_a_version_that_serves_until_sigterm() {
    let Some(log) = Log::empty("watch") else {
        return;
    };
    let watching = Observer::start(&log, &["--new-labels", "300"]);
    let made = reviews(400);
    let (first, rest) = made.split_at(200);
    log.write_labelled(first);
    eventually("200 labels are pending", || {
        (watching.metric("verdict_trainer_labels_pending") == 200).then_some(())
    });
    assert_eq!((log.pointer(), watching.rebuilds("failed")), (None, 0));
    log.write_labelled(rest);
    eventually("version 1 serves", || (log.serving().as_deref() == Some("1")).then_some(()));
    eventually("the rebuild is counted", || (watching.rebuilds("promoted") == 1).then_some(()));
    let more = |prefix: &str| -> Vec<Made> {
        let made = reviews(320).into_iter();
        made.map(|made| Made {
            id: format!("{prefix}-{}", made.id),
            text: format!("{prefix}: {}", made.text),
            ..made
        })
        .collect()
    };
    log.write_labelled(&more("second"));
    eventually("version 2 serves", || (log.serving().as_deref() == Some("2")).then_some(()));
    eventually("the second is counted", || (watching.rebuilds("promoted") == 2).then_some(()));
    watching.terminate();

    // Another one takes up where it was: what is trained on already is not trained on again.
    let watching = Observer::start(&log, &["--new-labels", "300"]);
    log.write(made[..10].iter().map(|made| log.label(&made.id, made.positive)));
    eventually("10 labels are pending", || {
        (watching.metric("verdict_trainer_labels_pending") == 10).then_some(())
    });
    watching.terminate();
    assert_eq!((log.announced(), log.versions().len()), (2, 2));
}

#[test]
fn markers_and_aborted_labels_are_no_labels() {
    let Some(log) = Log::empty("watch-transactions") else {
        return;
    };
    let sender = Transactions::new(log.kafka.bootstrap(), "watch-transactions");
    let labels = log.topic("labels");
    let write = |commits: std::ops::Range<i32>| {
        for n in commits {
            let label = log.label(&format!("r{n}"), true).value.unwrap();
            sender.commit(&labels, n % 2, &[("r", &label)]);
            sender.abort(&labels, n % 2, &[("r", &label), ("s", &label)]);
        }
    };
    write(0..5);
    let watching = Observer::start(&log, &["--new-labels", "12"]);
    eventually("5 labels are pending", || {
        (watching.metric("verdict_trainer_labels_pending") == 5).then_some(())
    });
    write(5..8);
    eventually("8 labels are pending", || {
        (watching.metric("verdict_trainer_labels_pending") == 8).then_some(())
    });
    let rebuilds = ["failed", "refused"].map(|outcome| watching.rebuilds(outcome));
    assert_eq!(rebuilds, [0, 0], "the logs have 40 offsets");
    watching.terminate();
}

#[test]
fn what_an_earlier_run_did_not_announce_is_announced_first() {
    let Some(log) = Log::labelled("watch-left") else {
        return;
    };
    log.place.write("params.yaml", params(""));
    log.run(&["rebuild", "--no-announce", "--json"]).json(0);
    assert_eq!((log.alias("production"), log.pointer()), (Some(1), None));
    let watching = Observer::start(&log, &["--new-labels", "1000000"]);
    eventually("version 1 serves", || (log.serving().as_deref() == Some("1")).then_some(()));
    watching.terminate();
    assert_eq!(log.announced(), 1);
}

#[test]
fn a_refused_rebuild_is_counted_and_what_serves_stays() {
    let Some(log) = Log::labelled("watch-refused") else {
        return;
    };
    log.run(&["rebuild", "--json"]).json(0);
    log.place.write("params.yaml", params("model_building: {max_iter: 1}"));
    let watching = Observer::start(&log, &["--new-labels", "5"]);
    let made = reviews(400);
    log.write(made[..10].iter().map(|made| log.label(&made.id, made.positive)));
    eventually("the rebuild is refused", || (watching.rebuilds("refused") == 1).then_some(()));
    watching.terminate();
    assert_eq!((log.serving().as_deref(), log.announced()), (Some("1"), 1));
}

#[test]
fn a_rebuild_that_failed_is_tried_again_in_time_and_a_promotion_that_nobody_is_told_of_is_one() {
    let Some(log) = Log::empty("watch-failed") else {
        return;
    };
    let flags = ["--new-labels", "5", "--every-s", "1", "--no-announce"];
    let watching = Observer::start(&log, &flags);
    let made = reviews(400);
    // Labels whose reviews have not come: as many as a rebuild takes, and no more after that.
    log.write(made.iter().map(|made| log.label(&made.id, made.positive)));
    eventually("the rebuild has failed twice", || (watching.rebuilds("failed") >= 2).then_some(()));
    assert_eq!(log.alias("staging"), None);
    log.write(made.iter().map(|made| log.review(made)));
    eventually("it has succeeded", || (watching.rebuilds("promoted") == 1).then_some(()));
    watching.terminate();
    assert_eq!((log.alias("production"), log.announced()), (Some(1), 0));
}
