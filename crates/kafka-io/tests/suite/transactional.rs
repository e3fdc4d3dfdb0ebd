//! Transactions on a real broker: what is committed, aborted, fenced and refused.

use std::time::Duration;

use crate::common::{commits, poll_until, publish, source};
use verdict_kafka_io::{
    Failure, KafkaSettings, Outgoing, Record, Settled, Source, SourceOptions,
    TransactionalPublisher, committed, probe,
};
use verdict_messages::topic::PROBES;
use verdict_testkit::{PATIENCE, kafka};

const WITHIN: Duration = Duration::from_secs(20);

fn producer(settings: &KafkaSettings, id: &str) -> TransactionalPublisher {
    let producer = TransactionalPublisher::new(settings, id).unwrap();
    producer.init(WITHIN).unwrap();
    producer
}

fn write(producer: &TransactionalPublisher, topic: &str, key: &str) {
    producer.begin().unwrap();
    producer.send(&Outgoing::to(topic).key(key).value("v")).unwrap();
    producer.wait_delivered(WITHIN).unwrap();
}

fn keys(settings: &KafkaSettings, topic: &str) -> Vec<String> {
    let records = kafka::read(settings, topic);
    let key = |record: Record| String::from_utf8(record.key.unwrap()).unwrap();
    records.into_iter().map(key).collect()
}

fn position(settings: &KafkaSettings, group: &str, topic: &str) -> i64 {
    committed(settings, group, topic, PATIENCE).unwrap()[0].to
}

#[test]
fn outputs_and_positions_are_committed_together_or_not_at_all() {
    let Some(settings) = kafka::shared() else { return };
    let (topic, output) = ("transactional.input", "transactional.output");
    kafka::create_topics(&settings, [(topic, 1), (output, 1)]);
    publish(&settings, topic, 0..3);
    let mut member = source(&settings, topic, topic);
    let records = poll_until(&mut member, 3);
    let positions = commits(&records);
    let producer = producer(&settings, topic);

    write(&producer, output, "aborted");
    producer.send_offsets(&member, &positions, WITHIN).unwrap();
    producer.abort(WITHIN).unwrap();
    assert_eq!((keys(&settings, output), position(&settings, topic, topic)), (vec![], 0));
    assert!(!member.is_committed(&positions[2..]).unwrap());
    member.rewind().unwrap();
    assert_eq!(poll_until(&mut member, 3), records, "what was aborted is read again");

    write(&producer, output, "committed");
    producer.send_offsets(&member, &positions, WITHIN).unwrap();
    assert_eq!(producer.commit(WITHIN).unwrap(), Settled::Promptly);
    member.note_committed(&positions);
    assert_eq!(keys(&settings, output), ["committed"]);
    assert_eq!(position(&settings, topic, topic), 3);
    assert!(member.is_committed(&positions[2..]).unwrap());
    assert!(!member.is_committed(&positions[..1]).unwrap(), "another position");
    assert_eq!(producer.breaks(), 0);
}

#[test]
fn a_new_producer_of_the_same_id_ends_what_the_former_left_and_fences_it() {
    let Some(settings) = kafka::shared() else { return };
    let topic = "transactional.fenced";
    kafka::create_topics(&settings, [(topic, 1)]);
    let former = producer(&settings, topic);
    write(&former, topic, "left open");
    let present = producer(&settings, topic);
    let failure = former.commit(WITHIN).unwrap_err();
    assert!(failure.is_fatal(), "{failure}");
    write(&present, topic, "committed");
    present.commit(WITHIN).unwrap();
    assert_eq!(keys(&settings, topic), ["committed"]);
}

#[test]
fn positions_of_a_member_that_was_replaced_are_refused_and_abort_the_transaction() {
    let Some(settings) = kafka::shared() else { return };
    let topic = "transactional.zombie";
    kafka::create_topics(&settings, [(topic, 1)]);
    publish(&settings, topic, 0..3);
    let member = || {
        let (group, topics) = (topic.to_owned(), vec![topic.to_owned()]);
        let instance = Some("the same".to_owned());
        Source::new(&settings, SourceOptions { group, topics, instance }).unwrap()
    };
    let mut zombie = member();
    let records = poll_until(&mut zombie, 3);
    let mut present = member();
    poll_until(&mut present, 3);
    let producer = producer(&settings, topic);
    producer.begin().unwrap();
    let failure = producer.send_offsets(&zombie, &commits(&records), WITHIN).unwrap_err();
    assert!(matches!(failure, Failure::Abort(_)), "{failure}");
    producer.abort(WITHIN).unwrap();
    assert_eq!(position(&settings, topic, topic), 0);
}

#[test]
fn a_broker_that_keeps_transactions_passes_the_probe_and_one_without_the_topic_does_not() {
    let Some(settings) = kafka::shared() else { return };
    let producer = producer(&settings, "transactional.probe");
    if let Err(failure) = probe(&settings, &producer, "without the topic") {
        assert!(failure.to_string().contains("no such topic"), "{failure}");
    }
    kafka::create_topics(&settings, [(PROBES, 1)]);
    for name in ["transactional.probe", "again"] {
        probe(&settings, &producer, name).unwrap();
    }
    assert!(keys(&settings, PROBES).iter().filter(|key| *key == "again").count() == 1);
}
