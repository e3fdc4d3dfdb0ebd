//! Models that change while reviews flow, against a real Apache Kafka.

use std::{
    collections::BTreeMap,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use tempfile::TempDir;
use verdict_consumer::{models::ModelSettings, summary::Summary};
use verdict_kafka_io::{KafkaSettings, Publisher, PublisherRole, Record};
use verdict_messages::{Verdict, topic};
use verdict_sentiment::{Identity, Model, sha256_hex};
use verdict_telemetry::Telemetry;
use verdict_testkit::{PATIENCE, eventually, kafka};

use crate::common::{
    artifact_of, audited, bad_models, beside_consumer, observer,
    pointers::{Announcer, NAME, outcomes, pointer_to, saved},
    review, settings, telemetry,
};

/// A consumer that runs.
struct Running {
    announcer: Announcer,
    telemetry: Telemetry,
    models: Arc<ArcSwap<Model>>,
}

impl Running {
    /// What the next batch is scored with.
    fn serving(&self) -> Identity {
        self.models.load().identity().clone()
    }

    fn await_version(&self, version: &str) {
        eventually(&format!("version {version} serves"), || {
            (self.serving().version == version).then_some(())
        });
    }

    fn await_outcome(&self, outcome: &str, n: u64) {
        eventually(&format!("{outcome} is counted {n} times"), || {
            (outcomes(&self.telemetry).get(outcome) == Some(&n)).then_some(())
        });
    }

    /// Whatever became of a pointer, the consumer goes on taking work.
    fn assert_ready(&self, after: &str) {
        let readiness = self.telemetry.health().readiness(Instant::now());
        assert!(readiness.ok, "after {after}: {}", readiness.text);
    }

    fn await_ready(&self) {
        eventually("the consumer is ready", || {
            let readiness = self.telemetry.health().readiness(Instant::now());
            // Before the loop has begun there are no checks that could fail.
            (readiness.ok && readiness.text.contains("group")).then_some(())
        });
    }
}

/// Runs a consumer, whose own model is `own`, while `work` is done.
fn with_consumer(
    kafka: &KafkaSettings,
    own: &[u8],
    follow: impl FnOnce(&mut ModelSettings),
    work: impl FnOnce(&Running),
) -> Summary {
    let bootstrap = format!("--bootstrap-servers={}", kafka.bootstrap());
    let mut settings = settings(&[&bootstrap, "--kafka=session.timeout.ms=6000"]);
    follow(settings.models.as_mut().unwrap());
    let running = Running {
        announcer: Announcer::new(kafka),
        telemetry: telemetry(),
        models: Arc::new(ArcSwap::from_pointee(Model::from_bytes(own).unwrap())),
    };
    let (work, telemetry) = (|| work(&running), &running.telemetry);
    let observer = observer(&settings, telemetry);
    beside_consumer(&settings, &running.models, observer, telemetry, work).unwrap()
}

/// The verdicts so far, in the order of each partition: partition, time of writing (milliseconds
/// since 1970), verdict's version.
fn verdicts(kafka: &KafkaSettings) -> Vec<(i32, i64, String)> {
    let verdict = |record: &Record| {
        let verdict = Verdict::decode(record.value.as_deref().unwrap()).unwrap();
        (record.partition, record.timestamp_ms.unwrap(), verdict.model.version.into_owned())
    };
    kafka::read(kafka, topic::VERDICTS).iter().map(verdict).collect()
}

fn await_time(due: Instant) {
    while Instant::now() < due {
        thread::park_timeout(due.saturating_duration_since(Instant::now()));
    }
}

/// Writes `n` reviews, 500 a second.
fn flow(kafka: &KafkaSettings, n: usize) {
    let publisher = Publisher::new(kafka, PublisherRole::Pipeline).unwrap();
    let started = Instant::now();
    for sent in 0..n {
        await_time(started + Duration::from_millis(2) * u32::try_from(sent).unwrap());
        publisher.send(&review(sent)).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

/// The longest time between two of those verdicts that were written after `skip` others, in
/// milliseconds.
fn longest_gap(verdicts: &[(i32, i64, String)], skip: usize, take: usize) -> i64 {
    let mut written: Vec<_> = verdicts.iter().map(|(_, written, _)| *written).collect();
    written.sort_unstable();
    let gaps = written[skip..skip + take].windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or(0)
}

#[test]
fn a_hundred_models_pass_through_a_flow_of_reviews() {
    const MODELS: u64 = 100;
    const REVIEWS: usize = 5000;
    const BEFORE: usize = 1000;
    let Some((_broker, kafka)) = kafka::own_with_topics(3) else { return };
    let place = TempDir::new().unwrap();
    let own = artifact_of(NAME, 0.0);
    let own_version = Model::from_bytes(&own).unwrap().identity().version.clone();
    let mut quiet_gap = 0;
    let summary = with_consumer(
        &kafka,
        &own,
        |_| {},
        |running| {
            running.await_ready();
            flow(&kafka, BEFORE);
            let first = eventually("the first are scored", || {
                Some(verdicts(&kafka)).filter(|verdicts| verdicts.len() == BEFORE)
            });
            quiet_gap = longest_gap(&first, 0, BEFORE);
            thread::scope(|scope| {
                scope.spawn(|| flow(&kafka, REVIEWS));
                let started = Instant::now();
                for n in 1..=MODELS {
                    let bytes = artifact_of(NAME, n as f64 / 1000.0);
                    let pointer = saved(place.path(), &bytes, &n.to_string());
                    running.announcer.announce(&pointer);
                    // Spread over the flow; a machine that is late goes on without waiting.
                    await_time(started + Duration::from_millis(100) * u32::try_from(n).unwrap());
                }
            });
            running.await_version(&MODELS.to_string());
            flow(&kafka, 50);
            eventually("all are scored", || {
                (verdicts(&kafka).len() >= BEFORE + REVIEWS + 50).then_some(())
            });
            let outcomes = outcomes(&running.telemetry);
            let ended: u64 = outcomes.values().sum();
            assert_eq!(ended, MODELS, "each pointer ends once: {outcomes:?}");
            let taken = outcomes["taken"];
            assert_eq!(ended, taken + outcomes.get("superseded").copied().unwrap_or(0));
            let info = running.telemetry.metrics().exposition().unwrap();
            assert!(info.contains("version=\"100\""), "{info}");
            eprintln!("{taken} of {MODELS} models taken");
        },
    );

    let verdicts = verdicts(&kafka);
    assert_eq!(verdicts.len(), BEFORE + REVIEWS + 50);
    let report = audited(&kafka);
    assert!(report.ok(false), "none is lost and none is doubled: {report:?}");
    // Each names a version that was published, and none is older than the one before it.
    let mut last: BTreeMap<i32, u64> = BTreeMap::new();
    for (partition, _, version) in &verdicts {
        let version = if *version == own_version { 0 } else { version.parse().unwrap() };
        let last = last.entry(*partition).or_default();
        assert!((*last..=MODELS).contains(&version), "{version} after {last}");
        *last = version;
    }
    assert!(
        verdicts.iter().filter(|(.., v)| v == "100").count() >= 50,
        "the last one scores what comes after it"
    );
    // How long the verdicts pause depends on the machine, which is told; what a swap itself costs
    // the loop does not.
    eprintln!(
        "longest time between two verdicts: {quiet_gap} ms without swaps, {} ms with; the loop was kept {:?} at most",
        longest_gap(&verdicts, BEFORE, REVIEWS),
        summary.longest_swap
    );
    // A batch takes one model at most, and a busy machine has few batches.
    assert!(summary.models > 50.min(summary.batches / 2), "{summary:?}");
    assert!(summary.longest_swap < Duration::from_millis(200), "{summary:?}");
}

#[test]
fn a_pointer_that_comes_before_its_model_is_followed_once_that_is_there() {
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let place = TempDir::new().unwrap();
    let (own, first, second) =
        (artifact_of(NAME, 0.0), artifact_of(NAME, 0.1), artifact_of(NAME, 0.2));
    let wait = |settings: &mut ModelSettings| settings.start_wait = Duration::from_secs(60);
    with_consumer(&kafka, &own, wait, |running| {
        running.await_ready();
        let path = place.path().join("1/model.verdict");
        let pointer = pointer_to(&path, &first, "1");
        running.announcer.announce(&pointer);
        // Time for some tries, after the first of which it must not be given up.
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(500) {
            thread::park_timeout(Duration::from_millis(50));
            assert_eq!(running.serving().sha256, sha256_hex(&own));
        }
        assert_eq!(outcomes(&running.telemetry), BTreeMap::new());
        running.assert_ready("a pointer before its model");
        saved(place.path(), &first, "1");
        running.await_version("1");
        assert_eq!(running.serving().sha256, pointer.sha256);

        running.announcer.announce(&saved(place.path(), &second, "2"));
        running.await_version("2");
    });

    // A consumer that starts serves what is pointed to before it scores anything.
    kafka::publish(&kafka, [review(0)]);
    let summary = with_consumer(&kafka, &own, wait, |running| {
        eventually("it is scored", || (verdicts(&kafka).len() == 1).then_some(()));
        assert_eq!(running.serving().version, "2");
        let expected = ["superseded", "taken"].map(|outcome| (outcome.to_owned(), 1));
        assert_eq!(outcomes(&running.telemetry), BTreeMap::from(expected));
    });
    assert_eq!(summary.models, 1, "it never had another");
    assert_eq!(verdicts(&kafka)[0].2, "2");

    // One that is told not to wait for long starts with its own, and goes on following.
    let third = pointer_to(&place.path().join("3"), &own, "3");
    Announcer::new(&kafka).announce(&third);
    let hurried = |settings: &mut ModelSettings| settings.start_wait = Duration::from_millis(300);
    with_consumer(&kafka, &own, hurried, |running| {
        running.await_ready();
        assert_eq!(running.serving().sha256, sha256_hex(&own));
        std::fs::write(place.path().join("3"), &own).unwrap();
        running.await_version("3");
    });
}

#[test]
fn models_go_back_by_a_decision_only() {
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let place = TempDir::new().unwrap();
    let own = artifact_of(NAME, 0.0);
    let [one, two, three] = ["1", "2", "3"].map(|version| {
        let intercept = version.parse::<f64>().unwrap() / 10.0;
        saved(place.path(), &artifact_of(NAME, intercept), version)
    });
    with_consumer(
        &kafka,
        &own,
        |_| {},
        |running| {
            running.await_ready();
            running.announcer.announce(&two);
            running.await_version("2");
            running.announcer.announce(&one);
            running.await_outcome("older", 1);
            assert_eq!(running.serving().version, "2");
            running.announcer.announce(&one.clone().withdrawing(&two));
            running.await_version("1");
            running.announcer.announce(&three);
            running.await_version("3");
            // What was withdrawn before the third does not withdraw the third.
            running.announcer.announce(&one.clone().withdrawing(&two));
            running.await_outcome("older", 2);
            // Without a pointer, the last one goes on serving.
            running.announcer.value(None);
            running.await_outcome("removed", 1);
            assert_eq!(running.serving().version, "3");
            assert!(running.telemetry.health().readiness(Instant::now()).ok);
        },
    );
    let allowed = |settings: &mut ModelSettings| settings.allow_rollback = true;
    with_consumer(&kafka, &own, allowed, |running| {
        running.await_ready();
        running.announcer.announce(&two);
        running.await_version("2");
        running.announcer.announce(&one);
        running.await_version("1");
    });
}

#[test]
fn no_bad_model_is_taken_and_the_old_one_serves_on() {
    let Some((_broker, kafka)) = kafka::own_with_topics(1) else { return };
    let place = TempDir::new().unwrap();
    let own = artifact_of(NAME, 0.0);
    let good = saved(place.path(), &artifact_of(NAME, 0.5), "5");
    let hurried = |settings: &mut ModelSettings| settings.fetch_for = Duration::from_millis(200);
    with_consumer(&kafka, &own, hurried, |running| {
        running.await_ready();
        running.announcer.announce(&good);
        running.await_version("5");
        let cases = bad_models::cases(place.path(), &good);
        assert!(cases.len() >= 30, "{}", cases.len());
        let mut expected = outcomes(&running.telemetry);
        for bad_models::Bad { what, value, outcome } in &cases {
            running.announcer.value(Some(value));
            *expected.entry((*outcome).to_owned()).or_default() += 1;
            let total: u64 = expected.values().sum();
            let got = eventually(what, || {
                Some(outcomes(&running.telemetry)).filter(|got| got.values().sum::<u64>() == total)
            });
            assert_eq!(got, expected, "{what}");
            let serving = running.serving();
            assert_eq!((&*serving.version, &serving.sha256), ("5", &good.sha256), "{what}");
            running.assert_ready(what);
        }
        let after = saved(place.path(), &artifact_of(NAME, 0.7), "7");
        running.announcer.announce(&after);
        running.await_version("7");
        eprintln!("{} bad models: {:?}", cases.len(), outcomes(&running.telemetry));
    });
}
