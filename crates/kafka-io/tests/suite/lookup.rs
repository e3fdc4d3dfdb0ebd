//! Searches against a real Apache Kafka.
use std::time::Instant;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList, admin::AdminClient, client::DefaultClientContext,
};

use verdict_kafka_io::{Cause, KafkaSettings, Lookup, Outgoing, lookup::Start};
use verdict_testkit::{PATIENCE, kafka};

#[test]
fn a_record_is_found_by_its_key_alone_or_by_its_key_and_time() {
    let Some(mut kafka) = kafka::own() else { return };
    let settings = KafkaSettings::new(kafka.bootstrap());
    let lookup = Lookup::new(&settings).unwrap();
    let deadline = || Instant::now() + PATIENCE;
    let missing = lookup.partition_of("lookup.a", b"1").unwrap_err();
    assert_eq!(missing.details().cause, Cause::UnknownTopic, "{missing}");

    kafka::create_topics(&settings, [("lookup.a", 3)]);
    let find = |key: &str, start| {
        let partition = lookup.partition_of("lookup.a", key.as_bytes()).unwrap();
        lookup.find(("lookup.a", partition), key.as_bytes(), start, deadline()).unwrap()
    };
    let nothing = find("1", Start::Last(1_000));
    assert_eq!((nothing.found, nothing.next, nothing.is_complete), (None, 0, true));

    let early = |key: i32| {
        let record = Outgoing::to("lookup.a").key(key.to_string()).value("v");
        Outgoing { timestamp_ms: Some(1_000), ..record }
    };
    kafka::publish(&settings, (0..300).map(early));
    kafka::publish(&settings, [Outgoing::to("lookup.a").key("17").value("again")]);
    for key in 0..300 {
        let found = find(&key.to_string(), Start::Last(1_000)).found.expect("the first of its key");
        assert_eq!(found.value.as_deref(), Some(&b"v"[..]), "{key}");
    }
    let again = find("17", Start::UnixMs(2_000));
    assert_eq!(again.found.unwrap().value.as_deref(), Some(&b"again"[..]));
    let none = find("18", Start::UnixMs(2_000));
    assert_eq!((none.found, none.is_complete), (None, true));
    assert_eq!(find("300", Start::Last(1_000)).found, None);

    // All of a key, or of any key, but no more than were asked for.
    let partition = lookup.partition_of("lookup.a", b"17").unwrap();
    let all = |key: Option<&[u8]>, most| {
        let place = ("lookup.a", partition);
        let found = lookup.find_all(place, key, Start::Offset(0), deadline(), most).unwrap();
        assert!(found.is_complete);
        found.records.into_iter().map(|record| record.value.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(all(Some(b"17"), 9), [&b"v"[..], b"again"]);
    assert_eq!(all(Some(b"17"), 1), [b"v"]);
    assert!(all(None, 1_000).len() > 50, "a third of them");
    assert_eq!(lookup.partitions("lookup.a").unwrap(), 3);

    // What a search that ran out of time has not read, the next one reads.
    let partition = lookup.partition_of("lookup.a", b"17").unwrap();
    let place = ("lookup.a", partition);
    let cut = lookup.find(place, b"17", Start::Last(1_000), Instant::now()).unwrap();
    assert_eq!((&cut.found, cut.next, cut.is_complete), (&None, 0, false));
    assert!(
        lookup.find(place, b"17", Start::Offset(cut.next), deadline()).unwrap().found.is_some()
    );
    let is_deleted = |time| lookup.is_deleted("lookup.a", partition, time).unwrap();
    assert!(!is_deleted(0), "nothing is deleted");
    delete_before(&settings, "lookup.a", partition, 3);
    assert!(is_deleted(0));
    assert!(!is_deleted(2_000), "what came later is kept");
    delete_before(&settings, "lookup.a", partition, -1);
    assert!(!is_deleted(0), "nobody knows of what time an empty partition was");

    kafka.kill9().unwrap();
    let away = lookup.partition_of("lookup.a", b"1").unwrap_err();
    assert!(away.details().cause != Cause::UnknownTopic, "{away}");
}

/// Deletes the records of a partition before an offset; all of them before -1.
fn delete_before(settings: &KafkaSettings, topic: &str, partition: i32, offset: i64) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", settings.bootstrap());
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let mut before = TopicPartitionList::new();
    let offset = if offset < 0 { Offset::End } else { Offset::Offset(offset) };
    before.add_partition_offset(topic, partition, offset).unwrap();
    let options = rdkafka::admin::AdminOptions::new();
    futures::executor::block_on(admin.delete_records(&before, &options)).unwrap();
}
