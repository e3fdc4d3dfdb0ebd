//! Every client against a real Apache Kafka.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::common::{LIMITS, commits, number, poll_until, publish, source};
use verdict_kafka_io::{
    AsyncPublisher, Cause, Failure, InboxOptions, InboxState, KafkaArgs, KafkaSettings, Outgoing,
    PublishError, Publisher, PublisherRole, Record, ReplyInbox, committed, snapshot,
    topics::{self, TopicSpec, TopicState},
};
use verdict_messages::{Headers, OffsetRange};
use verdict_testkit::{PATIENCE, kafka};

#[test]
fn topics_are_made_once_and_differences_told() {
    let Some(settings) = kafka::shared() else { return };
    let mut spec = TopicSpec {
        name: "ensure.a".into(),
        partitions: 3,
        replication: 1,
        config: vec![
            ("retention.ms".into(), "600000".into()),
            ("cleanup.policy".into(), "delete".into()),
        ],
    };
    let ensure = |spec: &TopicSpec| topics::ensure(&settings, std::slice::from_ref(spec), PATIENCE);
    assert_eq!(ensure(&spec).unwrap()[0].state, TopicState::Created);
    assert_eq!(ensure(&spec).unwrap()[0].state, TopicState::Present);
    spec.partitions = 4;
    spec.config[0].1 = "-1".into();
    let TopicState::Differs(differences) = ensure(&spec).unwrap()[0].state.clone() else {
        panic!("it differs");
    };
    let names: Vec<_> = differences.iter().map(|difference| difference.setting.as_str()).collect();
    assert_eq!(names, ["partitions", "retention.ms"]);
    let wide = TopicSpec { name: "ensure.b".into(), replication: 3, ..spec };
    assert!(ensure(&wide).unwrap_err().is_fatal(), "one broker cannot hold three replicas");
}

#[test]
fn a_snapshot_is_every_record_with_all_that_it_had() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("snapshot.a", 3)]);
    let publisher = Publisher::new(&settings, PublisherRole::Bulk).unwrap();
    for n in 0..1000_i32 {
        let mut headers = Headers::new();
        headers.push("content-type", "text/plain");
        headers.push_null("x-null");
        let outgoing = Outgoing {
            timestamp_ms: Some(1_700_000_000_000 + i64::from(n)),
            ..Outgoing::to("snapshot.a")
                .partition(n % 3)
                .key(n.to_string())
                .value(format!("v{n}"))
                .headers(headers)
        };
        publisher.send(&outgoing).unwrap();
    }
    publisher.wait_delivered(PATIENCE).unwrap();
    assert_eq!(publisher.counts().confirmed, 1000);
    let mut seen = Vec::new();
    let ranges = snapshot::read(&settings, "snapshot.a", PATIENCE, |record, progress| {
        assert_eq!(progress.total, 1000);
        assert!(record.headers.contains("x-null") && record.headers.get("x-null").is_none());
        assert_eq!(record.headers.text("content-type"), Some("text/plain"));
        let n = number(&record);
        assert_eq!((record.partition, record.offset), (n % 3, i64::from(n / 3)));
        assert_eq!(record.timestamp_ms, Some(1_700_000_000_000 + i64::from(n)));
        seen.push(n);
        ControlFlow::Continue(())
    })
    .unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (0..1000).collect::<Vec<_>>());
    assert_eq!(
        ranges.iter().map(|range| range.to - range.from).collect::<Vec<_>>(),
        [334, 333, 333]
    );
}

#[test]
fn a_snapshot_of_a_topic_that_is_not_there_says_so() {
    let Some(settings) = kafka::shared() else { return };
    let failure =
        snapshot::read(&settings, "no.such.topic", PATIENCE, |_, _| ControlFlow::Continue(()))
            .unwrap_err();
    assert_eq!(failure.details().cause, Cause::UnknownTopic, "{failure}");
}

#[test]
fn a_group_goes_on_where_it_committed_and_rewinds_to_it() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("source.a", 2)]);
    publish(&settings, "source.a", 0..100);
    let mut first = source(&settings, "g.a", "source.a");
    let records = poll_until(&mut first, 100);
    assert!(first.has_joined());
    assert_eq!(first.partitions(), 2);
    first.rewind().unwrap();
    let again = poll_until(&mut first, 100);
    let keys = |records: &[Record]| records.iter().map(number).collect::<BTreeSet<_>>();
    assert_eq!(keys(&records), keys(&again));
    first.commit(&commits(&again)).unwrap();
    // Nothing is read again that is committed.
    first.rewind().unwrap();
    publish(&settings, "source.a", 100..110);
    let fresh = poll_until(&mut first, 10);
    assert_eq!(fresh.len(), 10);
    drop(first);
    let mut second = source(&settings, "g.a", "source.a");
    let left = poll_until(&mut second, 10);
    assert_eq!(
        keys(&left),
        keys(&fresh),
        "what was read and not committed is read by the next member"
    );
}

#[test]
fn a_revoked_partition_is_never_committed() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("rebalance.a", 2)]);
    publish(&settings, "rebalance.a", 0..100);
    let mut first = source(&settings, "g.b", "rebalance.a");
    let records = poll_until(&mut first, 100);
    let mut second = source(&settings, "g.b", "rebalance.a");
    let deadline = Instant::now() + PATIENCE;
    let (mut kept, mut came) = (Vec::new(), Vec::new());
    while first.partitions() != 1 || second.partitions() != 1 {
        assert!(Instant::now() < deadline, "each of two members holds one of two partitions");
        first.poll_batch(&LIMITS, &mut kept).unwrap();
        let mut batch = Vec::new();
        second.poll_batch(&LIMITS, &mut batch).unwrap();
        came.append(&mut batch);
    }
    // The first commits all it has read, of the partition it gave up too.
    first.commit(&commits(&records)).unwrap();
    came.extend(poll_until(&mut second, 50_usize.saturating_sub(came.len())));
    let partition = came[0].partition;
    let theirs = records.iter().filter(|record| record.partition == partition).count();
    assert_eq!(came.len(), theirs, "the second reads all of what it was given");
}

#[test]
fn a_publisher_without_a_broker_says_that_nothing_is_confirmed() {
    // Port 1 of this machine is nobody's.
    let settings = KafkaSettings::new("127.0.0.1:1");
    let publisher = Publisher::new(&settings, PublisherRole::Pipeline).unwrap();
    publisher.send(&Outgoing::to("t").value("v")).unwrap();
    let failure = publisher.wait_delivered(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(failure, Failure::Retry(_)), "{failure}");
    assert!(!publisher.connection().is_up());
}

#[tokio::test]
async fn an_async_publisher_tells_where_a_record_stands() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("async.a", 1)]);
    let publisher = AsyncPublisher::new(&settings, Duration::from_secs(20)).unwrap();
    for expected in 0..3 {
        let place = publisher.publish(Outgoing::to("async.a").value("v")).await.unwrap();
        assert_eq!(place, (0, expected));
    }
    let refused =
        publisher.publish(Outgoing::to("async.a").partition(9).value("v")).await.unwrap_err();
    assert!(matches!(refused, PublishError::NeverQueued { .. }), "{refused}");
    tokio::task::spawn_blocking(move || drop(publisher)).await.unwrap();
}

#[tokio::test]
async fn a_record_without_a_confirmation_may_be_stored_or_not() {
    let settings = KafkaSettings::new("127.0.0.1:1");
    let publisher = AsyncPublisher::new(&settings, Duration::from_millis(200)).unwrap();
    let error = publisher.publish(Outgoing::to("t").value("v")).await.unwrap_err();
    assert!(matches!(error, PublishError::Unknown { .. }), "{error}");
    tokio::task::spawn_blocking(move || drop(publisher)).await.unwrap();
}

#[tokio::test]
async fn whoever_sees_that_replies_arrive_can_publish() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("replies.b", 1)]);
    for instance in 0..5 {
        let publisher = AsyncPublisher::new(&settings, Duration::from_secs(20)).unwrap();
        let options = InboxOptions {
            topic: "replies.b".into(),
            partition: 0,
            instance: instance.to_string(),
            capacity: 1,
        };
        let inbox = ReplyInbox::start(&settings, options, publisher.clone()).unwrap();
        let ready = inbox.state().wait_for(|state| *state == InboxState::Ready).await.map(|_| ());
        assert!(ready.is_ok());
        assert_eq!(publisher.connection().why_down(), None, "start {instance}");
        tokio::task::spawn_blocking(move || drop((inbox, publisher))).await.unwrap();
    }
}

#[tokio::test]
async fn an_inbox_is_ready_when_its_ping_came_back_and_reads_only_what_comes_after() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("replies.a", 2)]);
    let publisher = AsyncPublisher::new(&settings, Duration::from_secs(20)).unwrap();
    let reply = |value: &str| Outgoing::to("replies.a").partition(1).key("k").value(value);
    publisher.publish(reply("before")).await.unwrap();
    let options = |instance: &str| InboxOptions {
        topic: "replies.a".into(),
        partition: 1,
        instance: instance.into(),
        capacity: 16,
    };
    // Two instances share the partition: neither takes the other's ping for its own or for a reply.
    let mut inboxes = ["one", "two"].map(|instance| {
        ReplyInbox::start(&settings, options(instance), publisher.clone()).unwrap()
    });
    for inbox in &mut inboxes {
        let ready = inbox.state().wait_for(|state| *state == InboxState::Ready).await.map(|_| ());
        assert!(ready.is_ok());
    }
    publisher.publish(reply("after")).await.unwrap();
    for inbox in &mut inboxes {
        let mut records = inbox.take_records().unwrap();
        let record = tokio::time::timeout(PATIENCE, records.recv()).await.unwrap().unwrap();
        assert_eq!(record.value.as_deref(), Some(&b"after"[..]));
    }
    tokio::task::spawn_blocking(move || drop((inboxes, publisher))).await.unwrap();
}

#[test]
fn a_broker_that_comes_back_is_no_failure() {
    let Some(mut kafka) = kafka::own() else { return };
    // The shortest session that the broker allows: it may have forgotten the member, who then waits
    // for so long.
    let arguments = KafkaArgs {
        bootstrap_servers: kafka.bootstrap(),
        properties: vec!["session.timeout.ms=6000".into()],
    };
    let settings = arguments.check().unwrap();
    kafka::create_topics(&settings, [("restart.a", 1)]);
    publish(&settings, "restart.a", 0..10);
    let mut reader = source(&settings, "g.c", "restart.a");
    let before = poll_until(&mut reader, 10);
    reader.commit(&commits(&before)).unwrap();
    let publisher = Publisher::new(&settings, PublisherRole::Pipeline).unwrap();
    kafka.kill9().unwrap();
    for n in 10..20 {
        publisher.send(&Outgoing::to("restart.a").key(n.to_string()).value("v")).unwrap();
    }
    let mut none = Vec::new();
    match reader.poll_batch(&LIMITS, &mut none) {
        Ok(_) | Err(Failure::Retry(_)) => assert!(none.is_empty()),
        Err(other) => panic!("a broker that is away is waited for, got: {other}"),
    }
    kafka.restart().unwrap();
    publisher.wait_delivered(PATIENCE).unwrap();
    loop {
        let after = poll_until(&mut reader, 10);
        assert_eq!(after[0].offset, 10, "none is lost and none is there twice");
        match reader.commit(&commits(&after)) {
            Ok(()) => break,
            // The broker may have forgotten its members: then the same records come again.
            Err(Failure::Abort(_)) => reader.rewind().unwrap(),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_member_that_pauses_keeps_its_partitions_and_goes_on_where_it_stopped() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("pause.a", 4)]);
    // Whoever does not poll for so long is out of its group.
    let evicts = Duration::from_secs(6);
    let args = KafkaArgs {
        bootstrap_servers: settings.bootstrap().into(),
        properties: ["session.timeout.ms=6000", "max.poll.interval.ms=6000"]
            .map(str::to_owned)
            .to_vec(),
    };
    let settings = args.check().unwrap();
    let mut source = source(&settings, "pause", "pause.a");
    publish(&settings, "pause.a", 0..500);
    let first = poll_until(&mut source, 64);
    source.commit(&commits(&first)).unwrap();

    source.set_paused(true);
    publish(&settings, "pause.a", 500..1000);
    let mut batch = Vec::new();
    let paused = Instant::now();
    while paused.elapsed() < evicts + Duration::from_secs(2) {
        let polled = source.poll_batch(&LIMITS, &mut batch).unwrap();
        assert_eq!((batch.len(), polled.assigned, polled.revoked), (0, 0, 0));
    }
    assert_eq!(source.partitions(), 4);

    source.set_paused(false);
    let rest = poll_until(&mut source, 1000 - first.len());
    source.commit(&commits(&rest)).unwrap();
    let mut keys: Vec<i32> = first.iter().chain(&rest).map(number).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..1000).collect::<Vec<_>>(), "each once, in all");
}

#[test]
fn the_positions_of_a_group_are_seen_from_outside() {
    let Some(settings) = kafka::shared() else { return };
    kafka::create_topics(&settings, [("seen.a", 3)]);
    publish(&settings, "seen.a", 0..300);
    let done = |group| committed(&settings, group, "seen.a", PATIENCE).unwrap();
    let total = |ranges: &[OffsetRange]| -> u64 { ranges.iter().map(OffsetRange::len).sum() };
    assert_eq!((done("seen").len(), total(&done("seen"))), (3, 0));
    let mut source = source(&settings, "seen", "seen.a");
    let read = poll_until(&mut source, 100);
    assert_eq!(total(&done("seen")), 0, "read is not committed");
    source.commit(&commits(&read)).unwrap();
    assert_eq!(total(&done("seen")), read.len() as u64);
    assert_eq!(total(&done("another")), 0);
    let missing = committed(&settings, "seen", "seen.none", PATIENCE);
    assert_eq!(missing.unwrap_err().details().cause, Cause::UnknownTopic);
}
