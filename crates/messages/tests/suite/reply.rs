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

/// What a requester's headers say, with the names of its framework.
fn request<'a>(
    names: Dialect,
    id: &'a [u8],
    partition: Option<&'a [u8]>,
) -> Vec<(&'static str, &'a [u8])> {
    let [id_name, topic_name, partition_name] = match names {
        Dialect::SmallRye => ["REPLY_CORRELATION_ID", "REPLY_TOPIC", "REPLY_PARTITION"],
        _ => ["kafka_correlationId", "kafka_replyTopic", "kafka_replyPartition"],
    };
    let partition = partition.map(|partition| (partition_name, partition));
    [(id_name, id), (topic_name, b"reviews.replies")].into_iter().chain(partition).collect()
}

#[test]
fn each_dialect_is_known_by_its_headers() {
    use Dialect::{Nest, SmallRye, Spring};
    type Case<'a> = (Dialect, &'a [u8], Option<&'a [u8]>, Dialect, Option<i32>);
    let cases: [Case<'_>; 7] = [
        // ReplyingKafkaTemplate: UUID as 16 bytes, partition as a 4-byte big-endian int.
        (Spring, &UUID, Some(&[0, 0, 0, 2]), Spring, Some(2)),
        // The same with setBinaryCorrelation(false) and a topic without a fixed partition.
        (Spring, UUID_TEXT, None, Spring, None),
        // SmallRye: text UUID, partition as a 4-byte int.
        (SmallRye, UUID_TEXT, Some(&[0, 0, 1, 0]), SmallRye, Some(256)),
        (SmallRye, &UUID[..12], None, SmallRye, None),
        // NestJS: Spring's names, all text.
        (Spring, b"a1b2c3", Some(b"0"), Nest, Some(0)),
        // Four digits are text, not partition 825,307,444.
        (Spring, b"a1b2c3", Some(b"1124"), Nest, Some(1124)),
        // A byte that happens to be a digit does not make four bytes text.
        (Spring, b"a1b2c3", Some(&[0, 0, 0, b'7']), Spring, Some(55)),
    ];
    for (names, id, bytes, dialect, partition) in cases {
        let found = address(&request(names, id, bytes)).unwrap().unwrap();
        assert_eq!(
            (found.dialect, found.partition, &found.correlation_id[..]),
            (dialect, partition, id)
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
        let refused = address(&request(Dialect::Spring, b"1", Some(partition))).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::BadReplyTopic, "{partition:?}");
    }
}

#[test]
fn an_answer_is_marked_as_each_framework_expects() {
    let rejection = Rejection::new(ErrorKind::Schema, "text must not be blank");
    let (spring, quarkus) =
        (("kafka_correlationId", &[1, 2][..]), ("REPLY_CORRELATION_ID", &[1, 2][..]));
    let json = ("content-type", &b"application/json"[..]);
    let problem = ("content-type", &b"application/problem+json"[..]);
    let failed = ("kafka_nest-err", &b"text must not be blank"[..]);
    let over = ("kafka_nest-is-disposed", &[0][..]);
    for (dialect, of_verdict, of_problem) in [
        (Dialect::Spring, vec![spring, json], vec![spring, problem]),
        (Dialect::SmallRye, vec![quarkus, json], vec![quarkus, problem]),
        (Dialect::Nest, vec![spring, json, over], vec![spring, problem, failed, over]),
    ] {
        let to = ReplyAddress {
            dialect,
            topic: "reviews.replies".into(),
            partition: Some(0),
            correlation_id: vec![1, 2],
            deadline_unix_ms: None,
        };
        for (outcome, expected) in
            [(Outcome::Verdict, of_verdict), (Outcome::Problem(&rejection), of_problem)]
        {
            let found = to.reply_headers(outcome);
            assert_eq!(found, headers(&expected), "{dialect:?}");
            assert_eq!(ReplyAddress::correlation_id_of(&found), Some(&[1, 2][..]));
        }
    }
}

/// A service may pass its caller's record on, perhaps in another dialect.
#[test]
fn of_addresses_that_stand_twice_the_last_counts() {
    use Dialect::{SmallRye, Spring};
    for (first, last) in
        [(Spring, Spring), (SmallRye, SmallRye), (Spring, SmallRye), (SmallRye, Spring)]
    {
        let [old, new] = [(first, &b"OLD"[..], &[0, 0, 0, 0]), (last, b"NEW", &[0, 0, 0, 1])]
            .map(|(names, id, partition)| request(names, id, Some(partition)));
        let found = address(&[old, new].concat()).unwrap().unwrap();
        assert_eq!((found.dialect, found.partition), (last, Some(1)), "{first:?}");
        assert_eq!(found.correlation_id, b"NEW", "{first:?}");
    }
}

#[test]
fn a_request_is_late_once_its_deadline_has_passed() {
    let with_deadline = |deadline: &'static [u8]| {
        let mut pairs = request(Dialect::Spring, b"1", None);
        pairs.push(("x-deadline-unix-ms", deadline));
        address(&pairs).unwrap().unwrap()
    };
    let found = with_deadline(b"1000");
    assert!(!found.is_late(1000) && found.is_late(1001));
    assert!(!with_deadline(b"soon").is_late(i64::MAX));
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
