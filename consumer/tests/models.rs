//! Models that change while reviews flow, against a real Apache Kafka.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod common;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use common::{
    artifact_of,
    kafka::{PATIENCE, kafka, publish},
    pointers::{Announcer, NAME, eventually, outcomes, saved},
    settings,
};
use tempfile::TempDir;
use verdict_consumer::{
    audit::audit,
    models::ModelSettings,
    run::{Summary, run},
    settings::{AuditArgs, Cli, Command, TopicArgs},
    shutdown::Shutdown,
};
use verdict_kafka_io::{KafkaSettings, Outgoing, Publisher, PublisherRole, snapshot};
use verdict_messages::{ModelPointer, Verdict, topic};
use verdict_sentiment::{Identity, Model};
use verdict_telemetry::{CpuPrice, Service, Telemetry};

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
        let readiness = self.telemetry.health().readiness();
        assert!(readiness.ok, "after {after}: {}", readiness.text);
    }

    fn await_ready(&self) {
        eventually("the consumer is ready", || {
            let readiness = self.telemetry.health().readiness();
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
        telemetry: Telemetry::start(Service::Consumer, CpuPrice::default()).unwrap(),
        models: Arc::new(ArcSwap::from_pointee(Model::from_bytes(own).unwrap())),
    };
    let shutdown = Shutdown::default();
    thread::scope(|scope| {
        let consumer =
            scope.spawn(|| run(&settings, &running.models, &running.telemetry, &shutdown));
        // A panic in the work must end the consumer too, or the scope would wait for it for ever.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&running)));
        shutdown.request();
        let summary = consumer.join().unwrap();
        done.unwrap();
        summary.unwrap()
    })
}

/// The verdicts so far, in the order of each partition: partition, time of writing (milliseconds since 1970), verdict's
/// version.
fn verdicts(kafka: &KafkaSettings) -> Vec<(i32, i64, String)> {
    let mut verdicts = Vec::new();
    snapshot::read(kafka, topic::VERDICTS, PATIENCE, |record, _| {
        let verdict = Verdict::decode(record.value.as_deref().unwrap()).unwrap();
        let written = record.timestamp_ms.unwrap();
        verdicts.push((
            record.partition,
            written,
            verdict.model.version.into_owned(),
        ));
        ControlFlow::Continue(())
    })
    .unwrap();
    verdicts
}

/// Writes `n` reviews, 500 a second.
fn flow(kafka: &KafkaSettings, n: usize) {
    let publisher = Publisher::new(kafka, PublisherRole::Pipeline).unwrap();
    let started = Instant::now();
    for sent in 0..n {
        let due = started + Duration::from_millis(2) * u32::try_from(sent).unwrap();
        while Instant::now() < due {
            thread::park_timeout(due.saturating_duration_since(Instant::now()));
        }
        let review = Outgoing::to(topic::REVIEWS)
            .key(format!("r{sent}"))
            .value("A great film.");
        publisher.send(&review).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
}

/// The longest time between two of those verdicts that were written after `skip` others, in milliseconds.
fn longest_gap(verdicts: &[(i32, i64, String)], skip: usize, take: usize) -> i64 {
    let mut written: Vec<_> = verdicts.iter().map(|(_, written, _)| *written).collect();
    written.sort_unstable();
    let gaps = written[skip..skip + take]
        .windows(2)
        .map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or(0)
}

#[test]
fn a_hundred_models_pass_through_a_flow_of_reviews() {
    const MODELS: u64 = 100;
    const REVIEWS: usize = 5000;
    const BEFORE: usize = 1000;
    let Some((_broker, kafka)) = kafka(3) else {
        return;
    };
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
                    let due = started + Duration::from_millis(100) * u32::try_from(n).unwrap();
                    while Instant::now() < due {
                        thread::park_timeout(due.saturating_duration_since(Instant::now()));
                    }
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
            assert_eq!(
                ended,
                taken + outcomes.get("superseded").copied().unwrap_or(0)
            );
            let info = running.telemetry.metrics().exposition().unwrap();
            assert!(info.contains("version=\"100\""), "{info}");
            eprintln!("{taken} of {MODELS} models taken");
        },
    );

    let verdicts = verdicts(&kafka);
    assert_eq!(verdicts.len(), BEFORE + REVIEWS + 50);
    let report = audit(&kafka, &topics(), PATIENCE, 5, false).unwrap();
    assert!(report.ok, "none is lost and none is doubled: {report:?}");
    // Each names a version that was published, and none is older than the one before it.
    let mut last: BTreeMap<i32, u64> = BTreeMap::new();
    for (partition, _, version) in &verdicts {
        let version = if *version == own_version {
            0
        } else {
            version.parse().unwrap()
        };
        let last = last.entry(*partition).or_default();
        assert!(
            (*last..=MODELS).contains(&version),
            "{version} after {last}"
        );
        *last = version;
    }
    assert!(
        verdicts.iter().filter(|(.., v)| v == "100").count() >= 50,
        "the last one scores what comes after it"
    );
    // How long the verdicts pause depends on the machine, which is told; what a swap itself costs the loop does not.
    eprintln!(
        "longest time between two verdicts: {quiet_gap} ms without swaps, {} ms with; the loop was kept {:?} at most",
        longest_gap(&verdicts, BEFORE, REVIEWS),
        summary.longest_swap
    );
    assert!(summary.models > 50, "{summary:?}");
    assert!(
        summary.longest_swap < Duration::from_millis(200),
        "{summary:?}"
    );
}

fn topics() -> TopicArgs {
    let cli = <Cli as clap::Parser>::try_parse_from(["consumer", "audit"]).unwrap();
    match cli.command {
        Some(Command::Audit(AuditArgs { topics, .. })) => topics,
        other => panic!("audit was asked for, got {other:?}"),
    }
}

#[test]
fn a_pointer_that_comes_before_its_model_is_followed_once_that_is_there() {
    let Some((_broker, kafka)) = kafka(1) else {
        return;
    };
    let place = TempDir::new().unwrap();
    let (own, first, second) = (
        artifact_of(NAME, 0.0),
        artifact_of(NAME, 0.1),
        artifact_of(NAME, 0.2),
    );
    let wait = |settings: &mut ModelSettings| settings.start_wait = Duration::from_secs(60);
    with_consumer(&kafka, &own, wait, |running| {
        running.await_ready();
        let path = place.path().join("1/model.verdict");
        let pointer = common::pointers::pointer_to(&path, &first, "1");
        running.announcer.announce(&pointer);
        // Time for some tries, after the first of which it must not be given up.
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(500) {
            thread::park_timeout(Duration::from_millis(50));
            assert_eq!(running.serving().sha256, common::pointers::sha256_hex(&own));
        }
        assert_eq!(outcomes(&running.telemetry), BTreeMap::new());
        running.assert_ready("a pointer before its model");
        saved(place.path(), &first, "1");
        running.await_version("1");
        assert_eq!(running.serving().sha256, pointer.sha256);

        running
            .announcer
            .announce(&saved(place.path(), &second, "2"));
        running.await_version("2");
    });

    // A consumer that starts serves what is pointed to before it scores anything.
    publish(&kafka, [review()]);
    let summary = with_consumer(&kafka, &own, wait, |running| {
        eventually("it is scored", || {
            (verdicts(&kafka).len() == 1).then_some(())
        });
        assert_eq!(running.serving().version, "2");
        let outcomes = outcomes(&running.telemetry);
        assert_eq!(
            outcomes,
            BTreeMap::from([("superseded".to_owned(), 1), ("taken".to_owned(), 1)])
        );
    });
    assert_eq!(summary.models, 1, "it never had another");
    assert_eq!(verdicts(&kafka)[0].2, "2");

    // One that is told not to wait for long starts with its own, and goes on following.
    let third = common::pointers::pointer_to(&place.path().join("3"), &own, "3");
    Announcer::new(&kafka).announce(&third);
    let hurried = |settings: &mut ModelSettings| settings.start_wait = Duration::from_millis(300);
    with_consumer(&kafka, &own, hurried, |running| {
        running.await_ready();
        assert_eq!(running.serving().sha256, common::pointers::sha256_hex(&own));
        std::fs::write(place.path().join("3"), &own).unwrap();
        running.await_version("3");
    });
}

fn review() -> Outgoing {
    Outgoing::to(topic::REVIEWS).key("r").value("A great film.")
}

#[test]
fn models_go_back_by_a_decision_only() {
    let Some((_broker, kafka)) = kafka(1) else {
        return;
    };
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
            assert!(running.telemetry.health().readiness().ok);
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

/// What is written where, the pointer to it, and what becomes of that.
struct Bad {
    what: &'static str,
    value: Vec<u8>,
    outcome: &'static str,
}

#[test]
fn no_bad_model_is_taken_and_the_old_one_serves_on() {
    let Some((_broker, kafka)) = kafka(1) else {
        return;
    };
    let place = TempDir::new().unwrap();
    let own = artifact_of(NAME, 0.0);
    let good = saved(place.path(), &artifact_of(NAME, 0.5), "5");
    let hurried = |settings: &mut ModelSettings| settings.fetch_for = Duration::from_millis(200);
    with_consumer(&kafka, &own, hurried, |running| {
        running.await_ready();
        running.announcer.announce(&good);
        running.await_version("5");
        let cases = bad::cases(place.path(), &good);
        assert!(cases.len() >= 30, "{}", cases.len());
        let mut expected = outcomes(&running.telemetry);
        for Bad {
            what,
            value,
            outcome,
        } in &cases
        {
            running.announcer.value(Some(value));
            *expected.entry((*outcome).to_owned()).or_default() += 1;
            let total: u64 = expected.values().sum();
            let got = eventually(what, || {
                Some(outcomes(&running.telemetry)).filter(|got| got.values().sum::<u64>() == total)
            });
            assert_eq!(got, expected, "{what}");
            let serving = running.serving();
            assert_eq!(
                (&*serving.version, &serving.sha256),
                ("5", &good.sha256),
                "{what}"
            );
            running.assert_ready(what);
        }
        let after = saved(place.path(), &artifact_of(NAME, 0.7), "7");
        running.announcer.announce(&after);
        running.await_version("7");
        eprintln!(
            "{} bad models: {:?}",
            cases.len(),
            outcomes(&running.telemetry)
        );
    });
}

/// Everything that can be wrong with a model or its pointer.
mod bad {
    use super::{Bad, ModelPointer, NAME, Path, artifact_of};
    use crate::common::pointers::{pointer_to, sha256_hex};
    use sha2::{Digest, Sha256};

    /// Where things stand in the file of [`artifact_of`], as `artifact.rs` of crate `sentiment` lays them out: three terms
    /// and a name of nine bytes.
    const VERSION: usize = 8;
    const LENGTH: usize = 12;
    const TERMS: usize = 20;
    const INTERCEPT: usize = 40;
    const SLOPE: usize = 48;
    const ABOUT_LENGTH: usize = 72;
    const WEIGHTS: usize = 84 + NAME.len() + 3 * 4;
    const TERM_TEXT: usize = WEIGHTS + 2 * 3 * 4;
    const CHECKSUM: usize = 32;

    pub(super) fn cases(place: &Path, serving: &ModelPointer) -> Vec<Bad> {
        let good = artifact_of(NAME, 0.6);
        let mut cases = Vec::new();
        let mut case = |what: &'static str, outcome: &'static str, bytes: &[u8], told: &[u8]| {
            let path = place.join(format!("bad-{}", cases.len()));
            std::fs::write(&path, bytes).unwrap();
            cases.push(Bad {
                what,
                value: pointer_to(&path, told, "6").encode().unwrap(),
                outcome,
            });
        };

        // Bytes that are not those that were published.
        for at in [0, VERSION, TERM_TEXT, good.len() / 2, good.len() - 1] {
            case("a flipped bit", "checksum", &flipped(&good, at), &good);
        }
        for length in [0, 1, good.len() / 2, good.len() - 1] {
            case("cut short", "size", &good[..length], &good);
        }
        let longer = [&good[..], b"\0"].concat();
        case("one byte more", "size", &longer, &good);

        // Bytes that were published so: their size and checksum are as the pointer says.
        let mut published = |what, outcome, bytes: &[u8]| case(what, outcome, bytes, bytes);
        published("empty", "format", b"");
        published("half a model", "format", &good[..good.len() / 2]);
        published("a model without its end", "format", &good[..good.len() - 1]);
        published(
            "another format",
            "format",
            b"PK\x03\x04 an archive of something",
        );
        published(
            "a program, as pickle has it",
            "format",
            b"\x80\x04cos\nsystem\n.",
        );
        let flipped_inside = flipped(&good, TERM_TEXT);
        published(
            "a bit flipped before it was published",
            "checksum",
            &flipped_inside,
        );
        let sealed = |at, bytes: &[u8]| resealed(&good, at, bytes);
        published("a wrong magic", "format", &sealed(0, b"verdict\x1a"));
        published(
            "a newer format",
            "format",
            &sealed(VERSION, &2u32.to_le_bytes()),
        );
        let ten_gb = 10_000_000_000_u64.to_le_bytes();
        published("a length of 10 GB", "format", &sealed(LENGTH, &ten_gb));
        published(
            "a length of all ones",
            "format",
            &sealed(LENGTH, &[0xff; 8]),
        );
        published("four billion terms", "format", &sealed(TERMS, &[0xff; 4]));
        published(
            "four more terms",
            "format",
            &sealed(TERMS, &7u32.to_le_bytes()),
        );
        published(
            "an about of 4 GB",
            "format",
            &sealed(ABOUT_LENGTH, &[0xff; 4]),
        );
        let f32s = |x: f32| x.to_le_bytes();
        published(
            "a weight that is not a number",
            "format",
            &sealed(WEIGHTS, &f32s(f32::NAN)),
        );
        published(
            "an infinite weight",
            "format",
            &sealed(WEIGHTS, &f32s(f32::INFINITY)),
        );
        published("a weight of 1e30", "format", &sealed(WEIGHTS, &f32s(1e30)));
        let f64s = |x: f64| x.to_le_bytes();
        published(
            "an intercept that is not a number",
            "format",
            &sealed(INTERCEPT, &f64s(f64::NAN)),
        );
        published(
            "a calibration that turns round",
            "format",
            &sealed(SLOPE, &f64s(-1.0)),
        );
        published(
            "terms that are not text",
            "format",
            &sealed(TERM_TEXT, &[0xff]),
        );
        published("terms out of order", "format", &sealed(TERM_TEXT, b"z"));
        published(
            "other weights than it was made with",
            "example",
            &sealed(WEIGHTS + 8, &f32s(-2.25)),
        );
        published(
            "another intercept than it was made with",
            "example",
            &sealed(INTERCEPT, &f64s(3.0)),
        );
        published(
            "a model of another name",
            "name",
            &artifact_of("other", 0.6),
        );

        // Pointers that lie, or are none.
        let path = place.join("good");
        std::fs::write(&path, &good).unwrap();
        let honest = pointer_to(&path, &good, "6");
        let mut pointer = |what, outcome, edit: fn(&mut ModelPointer)| {
            let mut pointer = honest.clone();
            edit(&mut pointer);
            cases.push(Bad {
                what,
                value: pointer.encode().unwrap(),
                outcome,
            });
        };
        pointer("a wrong checksum", "checksum", |p| {
            p.sha256 = sha256_hex(b"other")
        });
        pointer("no checksum", "checksum", |p| p.sha256.clear());
        pointer("a wrong size", "size", |p| p.bytes += 1);
        pointer("a size of 10 GB", "size", |p| p.bytes = 10_000_000_000);
        pointer("a file without end", "size", |p| p.uri = "/dev/zero".into());
        pointer("a missing file", "unreachable", |p| {
            p.uri.push_str(".missing")
        });
        pointer("a directory without a model", "unreachable", |p| {
            p.uri = "/".into()
        });
        pointer("a registry that is not known", "unreachable", |p| {
            p.uri = "ftp://x/y".into()
        });
        pointer("no place at all", "unreachable", |p| p.uri.clear());
        pointer("another name than the key's", "name", |p| {
            p.name = "other".into()
        });
        pointer("an older version", "older", |p| p.version = "4".into());
        let mut conflicting = honest.clone();
        conflicting.version.clone_from(&serving.version);
        let values: [(&str, &str, Vec<u8>); 6] = [
            (
                "other bytes under the version that serves",
                "conflict",
                conflicting.encode().unwrap(),
            ),
            (
                "a pointer to what serves",
                "same",
                serving.encode().unwrap(),
            ),
            (
                "another message",
                "pointer",
                br#"{"id":"r1","text":"A fine film."}"#.to_vec(),
            ),
            (
                "a pointer without its size",
                "pointer",
                without(&honest, "bytes"),
            ),
            ("not JSON", "pointer", b"models/7".to_vec()),
            ("nothing", "pointer", Vec::new()),
        ];
        cases.extend(values.map(|(what, outcome, value)| Bad {
            what,
            value,
            outcome,
        }));
        cases
    }

    fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 0x10;
        flipped
    }

    /// The file with other bytes at `at`, and the checksum that it has then.
    fn resealed(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut body = file[..file.len() - CHECKSUM].to_vec();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        let checksum = Sha256::digest(&body);
        body.extend(checksum);
        body
    }

    fn without(pointer: &ModelPointer, field: &str) -> Vec<u8> {
        let mut value: serde_json::Value =
            serde_json::from_slice(&pointer.encode().unwrap()).unwrap();
        value.as_object_mut().unwrap().remove(field).unwrap();
        serde_json::to_vec(&value).unwrap()
    }
}
