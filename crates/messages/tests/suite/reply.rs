//! The three reply dialects, byte for byte as the frameworks write and read them.

use proptest::prelude::*;
use verdict_messages::{
    AllowedReplyTopics, ErrorKind, Headers, Rejection, ReplyAddress,
    reply::{Dialect, Outcome},
};

const UUID: [u8; 16] = [
    0x6e, 0xc0, 0xbd, 0x7f, 0x11, 0xc0, 0x43, 0xda, 0x97, 0x5e, 0x2a, 0x8a, 0xd9, 0xeb, 0xae, 0x0b,
];
const UUID_TEXT: &[u8] = b"6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b";

fn headers(pairs: &[(&str, &[u8])]) -> Headers {
    let mut headers = Headers::new();
    pairs.iter().for_each(|(name, value)| headers.push((*name).to_owned(), value.to_vec()));
    headers
}

fn address(pairs: &[(&str, &[u8])]) -> Result<Option<ReplyAddress>, Rejection> {
    ReplyAddress::from_headers(&headers(pairs), &AllowedReplyTopics::default())
}

#[test]
fn each_dialect_is_known_by_its_headers() {
    type Case<'a> = (&'a [(&'a str, &'a [u8])], Dialect, Option<i32>, &'a [u8]);
    let cases: [Case<'_>; 7] = [
        // ReplyingKafkaTemplate: UUID as 16 bytes, partition as a 4-byte big-endian int.
        (
            &[
                ("kafka_replyTopic", b"reviews.replies"),
                ("kafka_replyPartition", &[0, 0, 0, 2]),
                ("kafka_correlationId", &UUID),
            ],
            Dialect::Spring,
            Some(2),
            &UUID,
        ),
        // The same with setBinaryCorrelation(false) and a topic without a fixed partition.
        (
            &[("kafka_replyTopic", b"reviews.replies"), ("kafka_correlationId", UUID_TEXT)],
            Dialect::Spring,
            None,
            UUID_TEXT,
        ),
        // SmallRye: text UUID, partition as a 4-byte int.
        (
            &[
                ("REPLY_CORRELATION_ID", UUID_TEXT),
                ("REPLY_TOPIC", b"reviews.replies.shop"),
                ("REPLY_PARTITION", &[0, 0, 1, 0]),
            ],
            Dialect::SmallRye,
            Some(256),
            UUID_TEXT,
        ),
        (
            &[("REPLY_CORRELATION_ID", &UUID[..12]), ("REPLY_TOPIC", b"reviews.replies")],
            Dialect::SmallRye,
            None,
            &UUID[..12],
        ),
        // NestJS: Spring's names, all text.
        (
            &[
                ("kafka_correlationId", b"a1b2c3"),
                ("kafka_replyTopic", b"reviews.replies"),
                ("kafka_replyPartition", b"0"),
            ],
            Dialect::Nest,
            Some(0),
            b"a1b2c3",
        ),
        // Four digits are text, not partition 825,307,444.
        (
            &[
                ("kafka_correlationId", b"a1b2c3"),
                ("kafka_replyTopic", b"reviews.replies"),
                ("kafka_replyPartition", b"1124"),
            ],
            Dialect::Nest,
            Some(1124),
            b"a1b2c3",
        ),
        // A byte that happens to be a digit does not make four bytes text.
        (
            &[
                ("kafka_correlationId", b"a1b2c3"),
                ("kafka_replyTopic", b"reviews.replies"),
                ("kafka_replyPartition", &[0, 0, 0, b'7']),
            ],
            Dialect::Spring,
            Some(55),
            b"a1b2c3",
        ),
    ];
    for (pairs, dialect, partition, correlation_id) in cases {
        let found = address(pairs).unwrap().unwrap();
        assert_eq!(
            (found.dialect, found.partition, &found.correlation_id[..]),
            (dialect, partition, correlation_id)
        );
    }
}

#[test]
fn a_record_that_asks_for_nothing_has_no_address() {
    let cases: [&[(&str, &[u8])]; 4] = [
        &[],
        &[("content-type", b"application/json")],
        &[("kafka_correlationId", b"1")],
        &[("kafka_replyTopic", b"anywhere")],
    ];
    for pairs in cases {
        assert_eq!(address(pairs).unwrap(), None, "{pairs:?}");
    }
}

#[test]
fn a_reply_goes_only_to_an_allowed_topic() {
    for topic in [
        "reviews",
        "reviews.replies.",
        "xreviews.replies",
        "reviews.replies\n",
        "reviews.repliesx",
        "",
        "a/b",
    ] {
        let rejection =
            address(&[("kafka_correlationId", b"1"), ("kafka_replyTopic", topic.as_bytes())])
                .unwrap_err();
        assert_eq!(rejection.kind, ErrorKind::BadReplyTopic, "{topic:?}");
    }
    let rejection =
        address(&[("kafka_correlationId", b"1"), ("kafka_replyTopic", b"\xff")]).unwrap_err();
    assert_eq!(rejection.kind, ErrorKind::BadReplyTopic);
}

#[test]
fn an_unanchored_allow_list_still_matches_whole_names() {
    let allowed = AllowedReplyTopics::matching("answers|replies").unwrap();
    assert!(allowed.allows("answers") && allowed.allows("replies"));
    assert!(!allowed.allows("answers2") && !allowed.allows("my-replies"));
    assert!(!AllowedReplyTopics::none().allows("answers"));
    assert!(AllowedReplyTopics::matching("(").is_err());
}

#[test]
fn a_partition_that_cannot_be_read_is_refused() {
    for partition in [&[0, 0, 1][..], &[0xff, 0xff, 0xff, 0xff], b"", b"99999999999", b"-1", b"1.5"]
    {
        let pairs: [(&str, &[u8]); 3] = [
            ("kafka_correlationId", b"1"),
            ("kafka_replyTopic", b"reviews.replies"),
            ("kafka_replyPartition", partition),
        ];
        assert_eq!(address(&pairs).unwrap_err().kind, ErrorKind::BadReplyTopic, "{partition:?}");
    }
}

#[test]
fn an_answer_is_marked_as_each_framework_expects() {
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let to = |dialect| ReplyAddress {
        dialect,
        topic: "reviews.replies".into(),
        partition: Some(0),
        correlation_id: vec![1, 2],
        deadline_unix_ms: None,
    };
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    let problem: (&str, &[u8]) = ("content-type", b"application/problem+json");
    type Case<'a> = (Dialect, bool, Vec<(&'a str, &'a [u8])>);
    let cases: [Case<'_>; 6] = [
        (Dialect::Spring, true, vec![("kafka_correlationId", &[1, 2]), json]),
        (Dialect::Spring, false, vec![("kafka_correlationId", &[1, 2]), problem]),
        (Dialect::SmallRye, true, vec![("REPLY_CORRELATION_ID", &[1, 2]), json]),
        (Dialect::SmallRye, false, vec![("REPLY_CORRELATION_ID", &[1, 2]), problem]),
        (
            Dialect::Nest,
            true,
            vec![("kafka_correlationId", &[1, 2]), json, ("kafka_nest-is-disposed", &[0])],
        ),
        (
            Dialect::Nest,
            false,
            vec![
                ("kafka_correlationId", &[1, 2]),
                problem,
                ("kafka_nest-err", b"text must not be blank"),
                ("kafka_nest-is-disposed", &[0]),
            ],
        ),
    ];
    for (dialect, is_verdict, expected) in cases {
        let outcome = if is_verdict { Outcome::Verdict } else { Outcome::Problem(&rejection) };
        let found = to(dialect).reply_headers(outcome);
        assert_eq!(found, headers(&expected), "{dialect:?}");
        assert_eq!(ReplyAddress::correlation_id_of(&found), Some(&[1, 2][..]));
    }
}

#[test]
fn of_addresses_that_stand_twice_the_last_counts() {
    let (old, new): (&[u8], &[u8]) = (b"OLD", b"NEW");
    let topic: (&str, &[u8]) = ("kafka_replyTopic", b"reviews.replies");
    let quarkus: (&str, &[u8]) = ("REPLY_TOPIC", b"reviews.replies.quarkus");
    type Case<'a> = (&'a [(&'a str, &'a [u8])], Dialect, i32);
    let cases: [Case<'_>; 4] = [
        // A service that passes its caller's record on through its own ReplyingKafkaTemplate.
        (
            &[
                ("kafka_correlationId", old),
                topic,
                ("kafka_replyPartition", &[0, 0, 0, 0]),
                ("kafka_correlationId", new),
                topic,
                ("kafka_replyPartition", &[0, 0, 0, 1]),
            ],
            Dialect::Spring,
            1,
        ),
        (
            &[
                ("REPLY_CORRELATION_ID", old),
                ("REPLY_PARTITION", &[0, 0, 0, 0]),
                quarkus,
                ("REPLY_PARTITION", &[0, 0, 0, 2]),
                ("REPLY_CORRELATION_ID", new),
            ],
            Dialect::SmallRye,
            2,
        ),
        // In another dialect than its caller.
        (
            &[
                ("kafka_correlationId", old),
                topic,
                ("kafka_replyPartition", &[0, 0, 0, 0]),
                quarkus,
                ("REPLY_PARTITION", &[0, 0, 0, 3]),
                ("REPLY_CORRELATION_ID", new),
            ],
            Dialect::SmallRye,
            3,
        ),
        (
            &[
                quarkus,
                ("REPLY_PARTITION", &[0, 0, 0, 0]),
                ("REPLY_CORRELATION_ID", old),
                ("kafka_correlationId", new),
                topic,
                ("kafka_replyPartition", &[0, 0, 0, 4]),
            ],
            Dialect::Spring,
            4,
        ),
    ];
    for (pairs, dialect, partition) in cases {
        let address = address(pairs).unwrap().unwrap();
        assert_eq!((address.dialect, address.partition), (dialect, Some(partition)));
        assert_eq!(address.correlation_id, new);
    }
}

#[test]
fn a_request_is_late_once_its_deadline_has_passed() {
    let pairs: [(&str, &[u8]); 3] = [
        ("kafka_correlationId", b"1"),
        ("kafka_replyTopic", b"reviews.replies"),
        ("x-deadline-unix-ms", b"1000"),
    ];
    let found = address(&pairs).unwrap().unwrap();
    assert!(!found.is_late(1000) && found.is_late(1001));
    let unreadable =
        address(&[pairs[0], pairs[1], ("x-deadline-unix-ms", b"soon")]).unwrap().unwrap();
    assert!(!unreadable.is_late(i64::MAX));
}

proptest! {
    #[test]
    fn an_address_survives_its_journey(
        dialect in prop_oneof![Just(Dialect::Spring), Just(Dialect::SmallRye), Just(Dialect::Nest)],
        partition in proptest::option::of(0..800_000_000_i32),
        correlation_id in proptest::collection::vec(any::<u8>(), 0..40),
        deadline_unix_ms in proptest::option::of(any::<i64>()),
        suffix in "[a-z]{0,5}",
    ) {
        // NestJS always names its partition; without one it cannot be told from Spring.
        prop_assume!(dialect != Dialect::Nest || partition.is_some());
        let topic = if suffix.is_empty() { "reviews.replies".to_owned() } else { format!("reviews.replies.{suffix}") };
        let sent = ReplyAddress { dialect, topic, partition, correlation_id, deadline_unix_ms };
        let read = ReplyAddress::from_headers(&sent.request_headers(), &AllowedReplyTopics::default());
        prop_assert_eq!(read.unwrap(), Some(sent));
    }

    #[test]
    fn any_headers_are_an_address_or_a_rejection(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 6),
    ) {
        let names = ["kafka_correlationId", "kafka_replyTopic", "kafka_replyPartition", "REPLY_CORRELATION_ID", "REPLY_TOPIC", "REPLY_PARTITION"];
        let found: Vec<(&str, &[u8])> = names.into_iter().zip(values.iter().map(Vec::as_slice)).collect();
        drop(ReplyAddress::from_headers(&headers(&found), &AllowedReplyTopics::matching(".*").unwrap()));
    }
}
