//! What is a review and what is not, as tables.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::borrow::Cow;

use proptest::prelude::*;
use verdict_messages::{ErrorKind, Position, Review};

fn decode<'a>(value: &'a [u8], content_type: Option<&str>) -> Result<Review<'a>, ErrorKind> {
    Review::decode(Some(value), content_type.map(str::as_bytes)).map_err(|rejection| rejection.kind)
}

#[test]
fn a_value_is_read_as_its_content_type_says() {
    const JSON: Option<&str> = Some("application/json");
    let cases: [(&str, Option<&str>, Result<&str, ErrorKind>); 24] = [
        (r#"{"text":"Fine."}"#, None, Ok("Fine.")),
        (r#"{"text":"Fine."}"#, JSON, Ok("Fine.")),
        (
            r#"{"text":"Fine."}"#,
            Some("Application/JSON; charset=utf-8"),
            Ok("Fine."),
        ),
        (
            r#"{"text":"Fine."}"#,
            Some("application/vnd.shop.review+json"),
            Ok("Fine."),
        ),
        (
            r#"{"text":"Fine."}"#,
            Some("text/plain"),
            Ok(r#"{"text":"Fine."}"#),
        ),
        (
            r#"{"text":"Fine."}"#,
            Some("image/png"),
            Err(ErrorKind::Decode),
        ),
        (
            r#"{"text":"Fine."}"#,
            Some("application/cloudevents-batch+json"),
            Err(ErrorKind::Decode),
        ),
        ("Fine.", None, Ok("Fine.")),
        ("Fine.", Some(""), Ok("Fine.")),
        ("Fine.", Some("text/plain; charset=utf-8"), Ok("Fine.")),
        ("Fine.", JSON, Err(ErrorKind::Decode)),
        ("{sigh} a film", None, Ok("{sigh} a film")),
        (r#"{"text":"Fi"#, None, Ok(r#"{"text":"Fi"#)),
        (r#"{"text":"Fi"#, JSON, Err(ErrorKind::Decode)),
        ("10", None, Ok("10")),
        (r#"["Fine."]"#, JSON, Err(ErrorKind::Schema)),
        ("", None, Err(ErrorKind::Schema)),
        (" \n\t", None, Err(ErrorKind::Schema)),
        (r#"{"text":" "}"#, None, Err(ErrorKind::Schema)),
        ("{}", None, Err(ErrorKind::Schema)),
        (r#"{"text":5}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fine.","id":5}"#, None, Err(ErrorKind::Schema)),
        (r#"{"text":"Fine.","id":""}"#, None, Err(ErrorKind::Schema)),
        (
            r#"{"text":"Fine.","id":null,"stars":{"of":[5]}}"#,
            None,
            Ok("Fine."),
        ),
    ];
    for (value, content_type, expected) in cases {
        let text = decode(value.as_bytes(), content_type).map(|review| review.text.into_owned());
        assert_eq!(
            text.as_deref(),
            expected.as_ref().map(|t| *t),
            "{value} as {content_type:?}"
        );
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
        (
            event(r#""data":"Fine.","datacontenttype":"text/plain""#),
            Ok("Fine."),
        ),
        (event(r#""data":"Fine.""#), Err(ErrorKind::Schema)),
        (event(r#""data_base64":"RmluZS4=""#), Err(ErrorKind::Schema)),
        (
            event(r#""data":{"specversion":"1.0"}"#),
            Err(ErrorKind::Schema),
        ),
        (
            r#"{"data":{"text":"Fine."}}"#.to_owned(),
            Err(ErrorKind::Schema),
        ),
        ("[]".to_owned(), Err(ErrorKind::Schema)),
        ("{".to_owned(), Err(ErrorKind::Decode)),
    ];
    for (value, expected) in cases {
        let text = decode(value.as_bytes(), CE).map(|review| review.text.into_owned());
        assert_eq!(text.as_deref(), expected.as_ref().map(|t| *t), "{value}");
    }
}

#[test]
fn a_confluent_frame_is_taken_off() {
    for payload in [r#"{"text":"Fine."}"#, "Fine."] {
        let framed = [&[0, 0, 0, 1, 44][..], payload.as_bytes()].concat();
        assert_eq!(decode(&framed, None).unwrap().text, "Fine.");
    }
}

#[test]
fn a_tombstone_is_no_review() {
    assert_eq!(
        Review::decode(None, None).unwrap_err().kind,
        ErrorKind::Schema
    );
}

#[test]
fn a_value_beyond_the_limit_is_too_large() {
    let value = [b'a'; 11];
    assert!(Review::decode_within(Some(&value[..10]), None, 10).is_ok());
    let rejection = Review::decode_within(Some(&value), None, 10).unwrap_err();
    assert_eq!(rejection.kind, ErrorKind::TooLarge);
    assert_eq!(
        rejection.detail,
        "the value must be at most 10 bytes, got 11"
    );
}

#[test]
fn bytes_that_are_not_utf8_are_a_dead_letter() {
    for content_type in [None, Some("text/plain"), Some("application/json")] {
        assert_eq!(
            decode(b"{\"text\":\"\xff\"}", content_type).unwrap_err(),
            ErrorKind::Decode
        );
    }
}

#[test]
fn a_text_without_escapes_is_borrowed() {
    let plain = decode(br#"{"text":"Fine.","id":"r1"}"#, None).unwrap();
    assert!(matches!(
        (plain.text, plain.id),
        (Cow::Borrowed("Fine."), Some(Cow::Borrowed("r1")))
    ));
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
        let rejection =
            Review::decode(Some(value.as_bytes()), Some(b"application/json")).unwrap_err();
        assert!(!rejection.detail.contains(SECRET), "{rejection}");
    }
}

#[test]
fn a_review_without_an_id_is_named_by_its_position() {
    let position = Position::new("reviews", 3, 41);
    assert_eq!(Review::from_text("x").id_or(&position), "reviews-3-41");
    assert_eq!(
        Review {
            id: Some("r1".into()),
            ..Review::from_text("x")
        }
        .id_or(&position),
        "r1"
    );
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
        text in ".{0,200}x", id in optional_text(), author in optional_text(), source in optional_text(),
        created_at in optional_text(),
    ) {
        let review = Review { id, text: text.into(), author, source, created_at };
        let value = review.encode().unwrap();
        for content_type in [None, Some(Review::MEDIA_TYPE)] {
            prop_assert_eq!(decode(&value, content_type).unwrap(), review.clone());
        }
    }
}
