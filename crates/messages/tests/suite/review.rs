//! What is a review and what is not, as tables.

use std::borrow::Cow;

use proptest::prelude::*;
use verdict_messages::{
    ErrorKind, Headers, MAX_REVIEW_BYTES, Position, Rejection, Review, Sentiment,
};

fn headers(content_type: Option<&str>) -> Headers {
    let mut headers = Headers::new();
    if let Some(content_type) = content_type {
        headers.push("content-type", content_type.to_owned());
    }
    headers
}

fn read<'a>(value: &'a [u8], content_type: Option<&str>) -> Result<Review<'a>, Rejection> {
    Review::from_record(Some(value), &headers(content_type), MAX_REVIEW_BYTES)
}

fn decode<'a>(value: &'a [u8], content_type: Option<&str>) -> Result<Review<'a>, ErrorKind> {
    read(value, content_type).map_err(|rejection| rejection.kind)
}

#[test]
fn a_value_is_read_as_its_content_type_says() {
    const JSON: Option<&str> = Some("application/json");
    let cases: [(&str, Option<&str>, Result<&str, ErrorKind>); 36] = [
        (r#"{"text":"Fine."}"#, None, Ok("Fine.")),
        (r#"{"text":"Fine."}"#, JSON, Ok("Fine.")),
        (r#"{"text":"Fine."}"#, Some("Application/JSON; charset=utf-8"), Ok("Fine.")),
        (r#"{"text":"Fine."}"#, Some("application/vnd.shop.review+json"), Ok("Fine.")),
        (r#"{"text":"Fine."}"#, Some("text/plain"), Ok(r#"{"text":"Fine."}"#)),
        (r#"{"text":"Fine."}"#, Some("image/png"), Err(ErrorKind::Decode)),
        (r#"{"text":"Fine."}"#, Some("application/cloudevents-batch+json"), Err(ErrorKind::Decode)),
        ("Fine.", None, Ok("Fine.")),
        ("Fine.", Some(""), Ok("Fine.")),
        ("Fine.", Some("text/plain; charset=utf-8"), Ok("Fine.")),
        ("Fine.", JSON, Err(ErrorKind::Decode)),
        ("{sigh} a film", None, Ok("{sigh} a film")),
        ("{\u{1f600}} a film", None, Ok("{\u{1f600}} a film")),
        // Meant to be an object: half of one, half of an emoji, no number of JSON's, Python's
        // quotes.
        (r#"{"text":"Fi"#, None, Err(ErrorKind::Decode)),
        (r#" { "text":"Fi"#, None, Err(ErrorKind::Decode)),
        (r#"{"text":"Fine. \ud83d"}"#, None, Err(ErrorKind::Decode)),
        (r#"{"text":"Fine.","rating":NaN}"#, None, Err(ErrorKind::Decode)),
        (r#"{"text":"Fine.","rating":-Infinity}"#, JSON, Err(ErrorKind::Decode)),
        ("{'text': 'Fine.'}", None, Err(ErrorKind::Decode)),
        (r#"{"text":"Fi"#, Some("text/plain"), Ok(r#"{"text":"Fi"#)),
        // Quotes around the media type.
        (r#"{"text":"Fine."}"#, Some(r#""application/json""#), Ok("Fine.")),
        (r#"{"text":1}"#, Some(r#""text/plain;charset=UTF-8""#), Ok(r#"{"text":1}"#)),
        ("Fine.", Some(r#""application/json""#), Err(ErrorKind::Decode)),
        (r#"{"text":"Fi"#, JSON, Err(ErrorKind::Decode)),
        ("10", None, Ok("10")),
        (r#"["Fine."]"#, JSON, Err(ErrorKind::Schema)),
        ("", None, Err(ErrorKind::Schema)),
        (" \n\t", None, Err(ErrorKind::Schema)),
        (r#"{"text":" "}"#, None, Err(ErrorKind::Schema)),
        ("{}", None, Err(ErrorKind::Schema)),
        (r#"{"text":5}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fine.","id":5}"#, None, Ok("Fine.")),
        (r#"{"text":"Fine.","id":[5]}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fi\u0000ne."}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fine.","id":""}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fine.","id":null,"stars":{"of":[5]}}"#, None, Ok("Fine.")),
    ];
    for (value, content_type, expected) in cases {
        let text = decode(value.as_bytes(), content_type).map(|review| review.text.into_owned());
        assert_eq!(text.as_deref(), expected.as_ref().map(|t| *t), "{value} as {content_type:?}");
    }
}

#[test]
fn a_cloud_event_in_structured_mode_carries_a_review() {
    const CE: Option<&str> = Some("application/cloudevents+json; charset=UTF-8");
    let event = |rest: &str| {
        format!(r#"{{"specversion":"1.0","id":"e1","source":"/shop","type":"t",{rest}}}"#)
    };
    let cases = [
        (event(r#""data":{"id":"r1","text":"Fine."}"#), Ok("Fine.")),
        (event(r#""data":"Fine.","datacontenttype":"text/plain""#), Ok("Fine.")),
        (event(r#""data":"Fine.""#), Err(ErrorKind::Schema)),
        (event(r#""data_base64":"RmluZS4=""#), Err(ErrorKind::Schema)),
        (event(r#""data":{"specversion":"1.0"}"#), Err(ErrorKind::Schema)),
        (r#"{"data":{"text":"Fine."}}"#.to_owned(), Err(ErrorKind::Schema)),
        ("[]".to_owned(), Err(ErrorKind::Schema)),
        ("{".to_owned(), Err(ErrorKind::Decode)),
    ];
    for (value, expected) in cases {
        let text = decode(value.as_bytes(), CE).map(|review| review.text.into_owned());
        assert_eq!(text.as_deref(), expected.as_ref().map(|t| *t), "{value}");
    }
}

#[test]
fn a_confluent_frame_is_taken_off_json_and_refused_around_all_else() {
    let framed = |payload: &[u8]| [&[0, 0, 0, 1, 44][..], payload].concat();
    for payload in [r#"{"text":"Fine."}"#, " {\"text\":\"Fine.\"}", "\u{feff}{\"text\":\"Fine.\"}"]
    {
        let value = framed(payload.as_bytes());
        assert_eq!(decode(&value, None).unwrap().text, "Fine.");
        assert_eq!(decode(&value, Some("application/json")).unwrap().text, "Fine.");
    }
    let words = "dreadful, dull and awful beyond all measure of it.";
    let avro = |text: &str| {
        // Avro's length: zigzag, then seven bits a byte.
        let n = text.len() * 2;
        let length = if n < 128 { vec![n as u8] } else { vec![n as u8 | 0x80, (n >> 7) as u8] };
        framed(&[&length[..], text.as_bytes()].concat())
    };
    let twice = words.repeat(2);
    let protobuf = framed(&[&[0, 0x0a, twice.len() as u8][..], twice.as_bytes()].concat());
    for value in [avro(words), avro(&twice), protobuf, framed(b"Fine."), framed(b"")] {
        for content_type in [None, Some("text/plain"), Some("application/json")] {
            let rejection = read(&value, content_type).unwrap_err();
            assert_eq!(rejection.kind, ErrorKind::Decode, "{value:?}");
            assert!(rejection.detail.contains("Confluent frame (schema id 300)"), "{rejection}");
        }
    }
    assert_eq!(decode(&framed(b"[1]"), None), Err(ErrorKind::Schema));
}

#[test]
fn a_frame_is_looked_for_in_records_only() {
    let framed = b"\0\0\0\x01\x2c{\"text\":\"Fine.\"}";
    for media_type in ["application/json", "text/plain"] {
        let rejection = Review::from_body(framed, media_type).unwrap_err();
        assert_eq!(rejection.kind, ErrorKind::Decode, "{media_type}");
    }
}

#[test]
fn a_mark_before_the_payload_is_no_character_of_it() {
    for (value, content_type) in [
        ("\u{feff}Fine.", None),
        ("\u{feff}Fine.", Some("text/plain")),
        ("\u{feff}{\"text\":\"Fine.\"}", None),
        ("\u{feff}{\"text\":\"Fine.\"}", Some("application/json")),
        (
            "\u{feff}{\"specversion\":\"1.0\",\"data\":{\"text\":\"Fine.\"}}",
            Some("application/cloudevents+json"),
        ),
    ] {
        assert_eq!(decode(value.as_bytes(), content_type).unwrap().text, "Fine.");
        if let Some(media_type) = content_type {
            let review = Review::from_body(value.as_bytes(), media_type).unwrap();
            assert_eq!(review.text, "Fine.");
        }
    }
}

#[test]
fn a_nul_or_utf16_is_no_plain_text_and_named() {
    let utf16 = |mark: &[u8]| {
        let units = "Fine.".encode_utf16().flat_map(u16::to_le_bytes);
        [mark, &units.collect::<Vec<_>>()].concat()
    };
    for (value, says) in [
        (utf16(b""), "byte 1 is one: UTF-16"),
        (utf16(b"\xff\xfe"), "the mark of UTF-16"),
        (b"\0Fin".to_vec(), "byte 0 is one"),
        (b"Fine\0".to_vec(), "byte 4 is one"),
    ] {
        let rejection = read(&value, None).unwrap_err();
        assert!(rejection.detail.contains(says), "{rejection}");
    }
}

#[test]
fn spring_cloud_streams_content_type_counts_and_content_type_before_it() {
    let value = br#"{"text":"Fine."}"#;
    let text = |pairs: &[(&'static str, &'static str)]| {
        let mut headers = Headers::new();
        pairs.iter().for_each(|(name, value)| headers.push(*name, *value));
        Review::from_record(Some(value), &headers, MAX_REVIEW_BYTES).map(|review| review.text)
    };
    let json = ("content-type", "application/json");
    assert_eq!(text(&[("contentType", "\"application/json\"")]).unwrap(), "Fine.");
    assert_eq!(text(&[("contentType", "\"text/plain\"")]).unwrap(), "{\"text\":\"Fine.\"}");
    assert!(text(&[("contentType", "application/avro")]).is_err());
    assert_eq!(text(&[json, ("contentType", "text/plain")]).unwrap(), "Fine.");
    assert_eq!(text(&[("content-type", "image/png"), json]).unwrap(), "Fine.");
}

#[test]
fn an_id_that_is_a_number_is_its_text_as_it_stands_there() {
    for (json, id) in [
        ("5000", "5000"),
        ("-1", "-1"),
        ("1.0", "1.0"),
        ("18446744073709551617", "18446744073709551617"),
        (r#""5000""#, "5000"),
    ] {
        let value = format!(r#"{{"id":{json},"text":"Fine."}}"#);
        let of_record = decode(value.as_bytes(), None).unwrap();
        let of_body = Review::from_body(value.as_bytes(), "application/json").unwrap();
        let (of_line, _) = Review::from_line(value.as_bytes()).unwrap();
        for review in [of_record, of_body, of_line] {
            assert_eq!(review.id.as_deref(), Some(id), "{json}");
        }
    }
}

#[test]
fn a_line_names_text_label_and_id_in_two_ways_but_one_at_a_time() {
    let line = |json: &str| {
        let read = Review::from_line(json.as_bytes());
        read.map(|(review, label)| {
            (review.text.into_owned(), label, review.id.map(Cow::into_owned))
        })
    };
    let whole = Ok(("Fine.".into(), Some(Sentiment::Positive), Some("7".into())));
    for json in [
        r#"{"text":"Fine.","label":"positive","id":"7"}"#,
        r#"{"review":"Fine.","sentiment":1.0,"review_id":7}"#,
        r#"{"text":null,"review":"Fine.","label":true,"sentiment":null,"id":7,"author":[5]}"#,
    ] {
        assert_eq!(line(json), whole, "{json}");
    }
    for (json, says) in [
        (r#"{"text":"a","review":"a"}"#, "text and review are two names"),
        (r#"{"text":"a","label":1,"sentiment":1}"#, "label and sentiment are two names"),
        (r#"{"text":"a","id":1,"review_id":1}"#, "id and review_id are two names"),
        (r#"["r0","1","a"]"#, "must be a JSON object, got an array"),
        (r#""a""#, "must be a JSON object, got a string"),
        (r#"{"text":"a","label":0.5}"#, "label must be positive or negative"),
        (r#"{"text":"a","sentiment":[1]}"#, "sentiment must be positive or negative"),
        (r#"{"label":1}"#, "text (or review) is missing"),
        (r#"{"text":["a"]}"#, "text must be a string, got an array"),
        (r#"{"text":"\ud83d"}"#, "not JSON"),
    ] {
        let rejection = line(json).unwrap_err();
        assert!(rejection.detail.contains(says), "{json}: {rejection}");
    }
}

#[test]
fn a_tombstone_is_no_review() {
    assert_eq!(
        Review::from_record(None, &Headers::new(), MAX_REVIEW_BYTES).unwrap_err().kind,
        ErrorKind::Schema
    );
}

#[test]
fn a_value_beyond_the_limit_is_too_large() {
    let value = [b'a'; 11];
    let within = |value| Review::from_record(Some(value), &Headers::new(), 10);
    assert!(within(&value[..10]).is_ok());
    let rejection = within(&value).unwrap_err();
    assert_eq!(rejection.kind, ErrorKind::TooLarge);
    assert_eq!(rejection.detail, "the value must be at most 10 bytes, got 11");
}

#[test]
fn bytes_that_are_not_utf8_are_a_dead_letter() {
    for content_type in [None, Some("text/plain"), Some("application/json")] {
        assert_eq!(decode(b"{\"text\":\"\xff\"}", content_type).unwrap_err(), ErrorKind::Decode);
    }
}

#[test]
fn a_text_without_escapes_is_borrowed() {
    let plain = decode(br#"{"text":"Fine.","id":"r1"}"#, None).unwrap();
    assert!(matches!((plain.text, plain.id), (Cow::Borrowed("Fine."), Some(Cow::Borrowed("r1")))));
    let escaped = decode(br#"{"text":"Fi\u006ee.\n"}"#, None).unwrap();
    assert!(matches!(escaped.text, Cow::Owned(text) if text == "Fine.\n"));
}

#[test]
fn no_detail_quotes_the_review() {
    const SECRET: &str = "hunter2";
    let values = [
        format!(r#"{{"text":["{SECRET}"]}}"#),
        format!(r#"{{"text":"x","id":{{"{SECRET}":1}}}}"#),
        format!(r#"{{"text":"{SECRET}"#),
        format!(r#"{{"text":"{SECRET}" "#),
        format!(r#"{{"text":{SECRET}}}"#),
    ];
    for value in values {
        let rejection = read(value.as_bytes(), Some("application/json")).unwrap_err();
        assert!(!rejection.detail.contains(SECRET), "{rejection}");
    }
}

#[test]
fn a_review_without_an_id_is_named_by_its_position() {
    let position = Position::new("reviews", 3, 41);
    assert_eq!(Review::from_text("x").id_or(&position), "reviews-3-41");
    assert_eq!(Review { id: Some("r1".into()), ..Review::from_text("x") }.id_or(&position), "r1");
}

fn optional_text() -> impl Strategy<Value = Option<Cow<'static, str>>> {
    proptest::option::of("\\PC{1,40}".prop_map(Cow::Owned))
}

proptest! {
    #[test]
    fn any_bytes_are_a_review_or_a_rejection(value in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..5_usize) {
        let kinds = [None, Some("application/json"), Some("text/plain"), Some("application/cloudevents+json"), Some("\u{0}")];
        drop(decode(&value, kinds[kind]));
    }

    #[test]
    fn bytes_that_are_nearly_json_are_a_review_or_a_rejection(value in r#"[{}\[\]":,\\ua0text\x00 ]{0,60}"#) {
        for content_type in [None, Some("application/json"), Some("application/cloudevents+json")] {
            drop(decode(value.as_bytes(), content_type));
        }
    }

    #[test]
    fn a_review_survives_its_journey(
        text in "[^\\x00]{0,200}x", id in optional_text(), author in optional_text(), source in optional_text(),
        created_at in optional_text(),
    ) {
        let review = Review { id, text: text.into(), author, source, created_at };
        let value = review.encode().unwrap();
        for content_type in [None, Some(Review::MEDIA_TYPE)] {
            prop_assert_eq!(decode(&value, content_type).unwrap(), review.clone());
        }
    }
}
