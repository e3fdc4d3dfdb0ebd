//! Dead letters: a record that could not be scored, with its bytes and headers untouched and the
//! reason beside them; and the way back.
//!
//! The header names are those of Kafka's own dead-letter queues (KIP-1191), all values text, and a
//! `kind` and a `time` of ours.

use crate::{ErrorKind, Headers, Position, Rejection, headers, time};

/// The headers of the dead letter of a record: all that it had, then where it came from and what
/// was wrong.
///
/// A record that was a dead letter before keeps its former headers; the last ones count.
pub fn headers(
    original: Headers,
    source: &Position,
    group: &str,
    rejection: &Rejection,
) -> Headers {
    let mut headers = original;
    headers.push(headers::DLQ_TOPIC, source.topic.as_bytes().to_vec());
    headers.push(headers::DLQ_PARTITION, source.partition.to_string());
    headers.push(headers::DLQ_OFFSET, source.offset.to_string());
    headers.push(headers::DLQ_GROUP, group.to_owned());
    headers.push(headers::DLQ_MESSAGE, rejection.detail.clone());
    headers.push(headers::DLQ_KIND, rejection.kind.as_str());
    headers
}

/// Where a dead letter came from.
///
/// # Errors
/// `schema` names the header that is missing or is no number: it is no dead letter of Verdict.
pub fn source(headers: &Headers) -> Result<Position, Rejection> {
    let topic = text(headers, headers::DLQ_TOPIC)?;
    Ok(Position::new(
        topic,
        number(headers, headers::DLQ_PARTITION)?,
        number(headers, headers::DLQ_OFFSET)?,
    ))
}

/// Why a record became the dead letter with these headers.
///
/// # Errors
/// `schema` names the header that is missing or is not what it should be: it is no dead letter of
/// Verdict.
pub fn reason(headers: &Headers) -> Result<Rejection, Rejection> {
    let kind = text(headers, headers::DLQ_KIND)?;
    let kind = ErrorKind::from_text(kind).ok_or_else(|| {
        Rejection::schema(format!("header {} must be a kind of error", headers::DLQ_KIND))
    })?;
    Ok(Rejection::new(kind, text(headers, headers::DLQ_MESSAGE)?))
}

/// When the record with these headers failed, in milliseconds since 1970, where they say it.
pub fn unix_ms(headers: &Headers) -> Option<i64> {
    time::unix_ms(headers.text(headers::DLQ_TIME)?)
}

/// The headers with which the dead letter at `letter`, of the record at `review`, goes back to the
/// reviews: all that the record had when it failed, how often it was redriven, and from where. What
/// was wrong stays behind, so that a second failure has one set of reasons.
pub fn redriven(mut headers: Headers, letter: &Position, review: &Position) -> Headers {
    let redrives = redrives(&headers).saturating_add(1);
    for name in REASONS {
        headers.remove(name);
    }
    headers.replace(headers::REDRIVEN, redrives.to_string());
    headers.replace(headers::REDRIVEN_FROM, letter.to_string());
    headers.replace(headers::REDRIVEN_REVIEW, review.to_string());
    headers
}

/// How often a record was redriven before. A count that is no number is the largest one: it must
/// not let a record go round for ever.
pub fn redrives(headers: &Headers) -> u32 {
    if !headers.contains(headers::REDRIVEN) {
        return 0;
    }
    headers.text(headers::REDRIVEN).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}

/// The review whose dead letter this record was, if it was redriven.
pub fn redriven_review(headers: &Headers) -> Option<Position> {
    Position::parse(headers.text(headers::REDRIVEN_REVIEW)?)
}

/// What a dead letter has beside what its record had.
const REASONS: [&str; 8] = [
    headers::DLQ_TOPIC,
    headers::DLQ_PARTITION,
    headers::DLQ_OFFSET,
    headers::DLQ_GROUP,
    headers::DLQ_MESSAGE,
    headers::DLQ_KIND,
    headers::DLQ_TIME,
    headers::VALUE_LEFT_OUT,
];

fn text<'h>(headers: &'h Headers, name: &str) -> Result<&'h str, Rejection> {
    headers.get(name).and_then(|value| std::str::from_utf8(value).ok()).ok_or_else(|| {
        Rejection::schema(format!("header {name} must be text, but it is absent or not UTF-8"))
    })
}

fn number<N: std::str::FromStr>(headers: &Headers, name: &str) -> Result<N, Rejection> {
    text(headers, name)?
        .parse()
        .map_err(|_| Rejection::schema(format!("header {name} must be a decimal number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_keeps_what_it_had_and_tells_its_source() {
        let mut original = Headers::new();
        original.push("x-mine", "1");
        let position = Position::new("reviews", 3, 41);
        let rejection = Rejection::new(ErrorKind::Decode, "not JSON");
        let out = headers(original, &position, "verdict", &rejection);
        let seen: Vec<_> = out
            .iter()
            .map(|(n, v)| (n, std::str::from_utf8(v.unwrap()).unwrap().to_owned()))
            .collect();
        let expected = [
            ("x-mine", "1"),
            ("__dlq.errors.topic", "reviews"),
            ("__dlq.errors.partition", "3"),
            ("__dlq.errors.offset", "41"),
            ("__dlq.errors.group", "verdict"),
            ("__dlq.errors.message", "not JSON"),
            ("__dlq.errors.kind", "decode"),
        ];
        assert_eq!(seen, expected.map(|(n, v)| (n, v.to_owned())));
        assert_eq!(source(&out).unwrap(), position);
        assert_eq!(reason(&out).unwrap(), rejection);
    }

    #[test]
    fn a_record_that_died_twice_tells_its_last_death() {
        let reason = Rejection::new(ErrorKind::Schema, "first");
        let once = headers(Headers::new(), &Position::new("reviews", 0, 1), "g", &reason);
        let twice = headers(once, &Position::new("reviews", 0, 2), "g", &reason);
        assert_eq!(source(&twice).unwrap().offset, 2);
        let none = source(&Headers::new()).unwrap_err();
        assert!(none.detail.contains("__dlq.errors.topic"), "{none}");
    }
    #[test]
    fn a_redriven_record_has_what_it_had_and_counts_its_way() {
        let mut original = Headers::new();
        original.push("x-mine", "1");
        original.push_null("x-mine");
        let reason = Rejection::new(ErrorKind::Schema, "first");
        let at = |offset| (Position::new("dlq.reviews", 0, offset), offset);
        let mut sent = original.clone();
        for round in 1..=3 {
            let (letter, offset) = at(i64::from(round));
            let review = Position::new("reviews", 0, 10 * offset);
            let mut died = headers(sent, &review, "g", &reason);
            assert_eq!(redrives(&died), round - 1);
            died.push(headers::DLQ_TIME, "2026-01-02T03:04:05.000Z");
            died.push(headers::VALUE_LEFT_OUT, "5 bytes");
            sent = redriven(died, &letter, &review);
            assert_eq!((redrives(&sent), redriven_review(&sent)), (round, Some(review)));
            assert_eq!(sent.text(headers::REDRIVEN_FROM), Some(&*letter.to_string()));
            let kept: Vec<_> = sent.iter().take(original.len()).collect();
            assert!(kept.iter().copied().eq(original.iter()), "{kept:?}");
            assert_eq!(sent.len(), original.len() + 3, "no reason goes back");
        }
        sent.push(headers::REDRIVEN, "many");
        assert_eq!(redrives(&sent), u32::MAX);
        assert_eq!(redriven_review(&original), None);
    }
}
