//! Dead letters: a record that could not be scored, with its bytes and headers untouched and the
//! reason beside them.
//!
//! The header names are those of Kafka's own dead-letter queues (KIP-1191), all values text, and a
//! `kind` of ours.

use crate::{Headers, Position, Rejection, headers};

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
    use crate::ErrorKind;

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
}
