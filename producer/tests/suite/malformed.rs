//! Records that are no reviews, in all the ways in which a record can fail.

use verdict_kafka_io::Outgoing;
use verdict_messages::{MAX_REVIEW_BYTES, headers, topic};

const JSON: (&str, &str) = (headers::CONTENT_TYPE, "application/json");

/// In how many ways.
pub(crate) const WAYS: usize = 17;

/// The `n`th record, keyed `rN`, in the `n`th way.
pub(crate) fn malformed(n: usize) -> Outgoing {
    let too_large = vec![b'a'; MAX_REVIEW_BYTES + 1];
    let (value, header): (Option<&[u8]>, Option<(&'static str, &'static str)>) = match n % WAYS {
        0 => (Some(b"\xff\xfe"), None),
        1 => (Some(br#"{"text":"Fi"#), None),
        2 => (Some(br#"{"text":"Fine. \ud83d"}"#), None),
        3 => (Some(br#"{"text":"Fine.","rating":NaN}"#), None),
        4 => (Some(b"{'text': 'Fine.'}"), None),
        5 => (Some(b"Fine."), Some(JSON)),
        6 => (Some(br#"["Fine."]"#), Some(JSON)),
        7 => (Some(b""), None),
        8 => (Some(br#"{"text":" "}"#), Some(JSON)),
        9 => (Some(b"{}"), None),
        10 => (Some(br#"{"text":5}"#), None),
        11 => (Some(br#"{"text":"Fine.","id":[5]}"#), None),
        12 => (Some(b"Fi\0ne."), None),
        // Avro in Confluent's frame.
        13 => (Some(b"\0\0\0\x01\x2c\x0aFine."), None),
        14 => (Some(&too_large), None),
        15 => (None, None),
        _ => (Some(b"Fine."), Some((headers::SPRING_REPLY_TOPIC, "payments"))),
    };
    let mut record = Outgoing::to(topic::REVIEWS).key(format!("r{n}"));
    record.value = value.map(<[u8]>::to_vec);
    record.headers.push("x-mine", n.to_string());
    record.headers.push_null("x-null");
    if let Some((name, value)) = header {
        record.headers.push(name, value);
        record.headers.push(headers::SPRING_CORRELATION_ID, "1");
    }
    record
}

/// Whether other bytes make a review of the `n`th record: its headers stay.
pub(crate) fn is_repairable(n: usize) -> bool {
    n % WAYS != 16
}
