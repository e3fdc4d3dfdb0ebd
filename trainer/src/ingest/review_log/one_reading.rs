//! Training reads the bytes of a record as serving does: the same id, the same text, the same refusals.

use super::*;
use clap::Parser as _;
use proptest::prelude::*;
use std::sync::LazyLock;
use verdict_consumer::cli::Cli;
use verdict_consumer::score::{Outcome, ScoreSettings, Scorer};
use verdict_messages::{Headers, Verdict};
use verdict_sentiment::{Model, Scratch};

static SERVING: LazyLock<(Model, ScoreSettings)> = LazyLock::new(|| {
    let model = include_bytes!("../../../../models/default/model.verdict");
    let settings = Cli::parse_from(["consumer"]).run.check().unwrap();
    (Model::from_bytes(model).unwrap(), settings.scoring)
});

/// What programs put before, around and into a review.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let frame = prop_oneof![
        4 => Just(&b""[..]),
        1 => Just(&[0, 0, 0, 0, 42][..]),
        1 => Just(&[0, 0, 0, 0, 42, 100][..]),
    ];
    let mark = prop_oneof![
        3 => Just("".as_bytes()),
        1 => Just("\u{feff}".as_bytes()),
        1 => Just(&b"\xff\xfe"[..]),
    ];
    let id = prop_oneof![
        Just("7"),
        Just("-7.50"),
        Just("18446744073709551617"),
        Just("\"r1\""),
        Just("\"\""),
        Just("null"),
        Just("[7]"),
        Just("\"\\ud83d\""),
    ];
    let text = prop_oneof![
        Just("\"A great film, not an awful one.\""),
        Just("\"Gro\u{df}artig! \\u00e9\""),
        Just("\"half \\ud83d\""),
        Just("\"n\\u0000l\""),
        Just("NaN"),
        Just("\" \""),
        Just("[\"A great film\"]"),
    ];
    let body = prop_oneof![
        3 => (id, text.clone()).prop_map(|(id, text)| format!("{{\"id\":{id},\"text\":{text}}}")),
        1 => text.clone().prop_map(|text| format!("{{\"text\":{text},\"review\":\"x\",\"stars\":NaN}}")),
        1 => text.clone().prop_map(|text| format!("[7,{text}]")),
        1 => text.prop_map(|text| {
            format!("{{\"specversion\":\"1.0\",\"id\":7,\"data\":{{\"id\":8,\"text\":{text}}}}}")
        }),
        1 => Just("A great film".to_owned()),
        1 => Just("{'text': 'A great film'}".to_owned()),
        1 => Just("n\0u\0l\0".to_owned()),
    ];
    (frame, mark, body).prop_map(|(frame, mark, body)| [frame, mark, body.as_bytes()].concat())
}

fn headers() -> impl Strategy<Value = Headers> {
    let name = prop_oneof![
        Just("content-type"),
        Just("contentType"),
        Just("Content-Type"),
        Just("ce_id"),
    ];
    let kind = prop_oneof![
        Just(Some("application/json")),
        Just(Some("\"application/json\"")),
        Just(Some("text/plain;charset=utf-8")),
        Just(Some("application/cloudevents+json")),
        Just(Some("image/png")),
        Just(Some("")),
        Just(None),
    ];
    prop::collection::vec((name, kind), 0..4).prop_map(|pairs| {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            match value {
                Some(value) => headers.push(name, value),
                None => headers.push_null(name),
            }
        }
        headers
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn training_and_serving_read_a_record_in_the_same_way(value in value(), headers in headers()) {
        let record = Record {
            topic: "reviews".into(),
            partition: 3,
            offset: 41,
            key: None,
            value: Some(value),
            headers,
            timestamp_ms: None,
        };
        let (model, settings) = &*SERVING;
        let scorer = Scorer::new(model, settings, 0);
        let ending = scorer.score_record(&mut Scratch::default(), &record);

        let event = review_event(&record);
        let Outcome::Verdict(_) = ending.outcome else {
            prop_assert_eq!(event, None);
            return Ok(());
        };
        let verdict = Verdict::decode(ending.output.value.as_deref().unwrap()).unwrap();
        let event = event.unwrap();
        prop_assert_eq!(&*event.id, &*verdict.id);
        let score = model.score(&mut Scratch::default(), &event.text.unwrap());
        prop_assert_eq!(score.score.to_bits(), verdict.score.to_bits());
    }
}
