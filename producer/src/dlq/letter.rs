//! A dead letter as it lies in its topic, for people and for programs. Pure.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use verdict_kafka_io::Record;
use verdict_messages::{ErrorKind, Position, dead_letter, headers, time};

use super::at::At;

/// A record of the topic of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The record.
    pub record: Record,
    /// The review that failed; `None` where the record is no dead letter of Verdict.
    pub source: Option<Position>,
}

impl Letter {
    /// The letter in a record.
    pub fn new(record: Record) -> Self {
        let source = dead_letter::source(&record.headers).ok();
        Self { record, source }
    }

    /// Where it lies.
    pub fn at(&self) -> At {
        At { partition: self.record.partition, offset: self.record.offset }
    }

    /// What kind of fault it is, if it is one that Verdict knows.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.record.headers.text(headers::DLQ_KIND).and_then(ErrorKind::from_text)
    }

    /// How often the record was redriven before.
    pub fn redrives(&self) -> u32 {
        dead_letter::redrives(&self.record.headers)
    }

    /// Whether the consumer had to leave the bytes out, as too large for the topic.
    pub fn is_without_value(&self) -> bool {
        self.record.value.is_none() && self.record.headers.contains(headers::VALUE_LEFT_OUT)
    }

    fn written(&self) -> String {
        self.record.timestamp_ms.map_or_else(|| "-".to_owned(), time::rfc3339)
    }

    fn bytes(&self) -> usize {
        self.record.value.as_ref().map_or(0, Vec::len)
    }

    /// What was wrong, for people; safe to print.
    fn message(&self) -> String {
        self.record.headers.get(headers::DLQ_MESSAGE).map_or_else(|| "-".to_owned(), shown_bytes)
    }

    /// One line of a table.
    pub fn row(&self) -> String {
        let kind = self.kind().map_or("-", ErrorKind::as_str);
        let key = self.record.key.as_deref().map_or_else(|| "-".to_owned(), shown_bytes);
        row([
            &self.at().to_string(),
            &self.written(),
            kind,
            &self.redrives().to_string(),
            &self.bytes().to_string(),
            &cut(&key),
            &self.message(),
        ])
    }

    /// One JSON object: the members of a line of `ls --json`, with the bytes if `values`.
    ///
    /// Bytes that are UTF-8 are a member `key` or `value`; others are Base64 in `key_base64` or
    /// `value_base64`.
    pub fn json(&self, values: bool) -> Value {
        let headers = &self.record.headers;
        let mut object = Map::new();
        object.insert("position".into(), self.at().to_string().into());
        object.insert("time".into(), self.record.timestamp_ms.map(time::rfc3339).into());
        object.insert("kind".into(), json!(self.kind()));
        object.insert("message".into(), headers.text(headers::DLQ_MESSAGE).into());
        object.insert("review".into(), json!(self.source));
        object.insert("redriven".into(), self.redrives().into());
        object.insert("bytes".into(), self.bytes().into());
        put(&mut object, "key", self.record.key.as_deref());
        if values {
            put(&mut object, "value", self.record.value.as_deref());
        }
        object.into()
    }

    /// The whole letter for people, with where its review was redriven to.
    pub fn text(&self, redriven_to: &[Position]) -> String {
        let Record { headers, key, value, .. } = &self.record;
        let source = self.source.as_ref().map(ToString::to_string);
        let to = redriven_to.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            // Writing into a string never fails.
            let _never = writeln!(text, "{name:<12} {value}");
        };
        line("letter", &self.record.position().to_string());
        line("review", source.as_deref().unwrap_or("- (no dead letter of Verdict)"));
        line("written", &self.written());
        line("kind", self.kind().map_or("-", ErrorKind::as_str));
        line("message", &self.message());
        line(
            "redriven",
            &match self.redrives() {
                1 => "once before".to_owned(),
                redrives => format!("{redrives} times before"),
            },
        );
        line("since then", if to.is_empty() { "not redriven" } else { &to });
        line("key", &key.as_deref().map_or_else(|| "-".to_owned(), shown_bytes));
        for (name, value) in headers.iter() {
            let value = value.map_or_else(|| "(null)".to_owned(), shown_bytes);
            line("header", &format!("{} = {value}", shown(name)));
        }
        let value = match value.as_deref() {
            None if self.is_without_value() => {
                "left out: it was too large for the topic".to_owned()
            }
            None => "none (a tombstone)".to_owned(),
            Some(bytes) => match std::str::from_utf8(bytes) {
                Ok(value) => format!("{} bytes of text\n{}", bytes.len(), shown_lines(value)),
                Err(_) => format!("{} bytes, not UTF-8\n{}", bytes.len(), hex_lines(bytes)),
            },
        };
        line("value", &value);
        text
    }
}

/// The first line of the table.
pub fn head() -> String {
    row(["POSITION", "TIME", "KIND", "REDRIVEN", "BYTES", "KEY", "MESSAGE"])
}

fn row([at, time, kind, redriven, bytes, key, message]: [&str; 7]) -> String {
    format!("{at:<10} {time:<24} {kind:<15} {redriven:>8} {bytes:>8} {key:<24} {message}")
}

/// The bytes that [`Letter::json`] wrote as `name`.
///
/// # Errors
/// Neither member is there, or it has another type, or is no Base64.
pub(super) fn take(object: &Map<String, Value>, name: &str) -> Result<Option<Vec<u8>>, String> {
    let base64 = format!("{name}_base64");
    match (object.get(name), object.get(&base64)) {
        (Some(Value::Null), None) => Ok(None),
        (Some(Value::String(text)), None) => Ok(Some(text.clone().into_bytes())),
        (None, Some(Value::String(text))) => BASE64
            .decode(text)
            .map(Some)
            .map_err(|error| format!("{base64} must be Base64: {error}")),
        _ => Err(format!("must have either {name}, a string, or {base64}, a string of Base64")),
    }
}

fn put(object: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(|bytes| std::str::from_utf8(bytes).map_err(|_| BASE64.encode(bytes))) {
        None => object.insert(name.into(), Value::Null),
        Some(Ok(text)) => object.insert(name.into(), text.into()),
        Some(Err(base64)) => object.insert(format!("{name}_base64"), base64.into()),
    };
}

/// Text that is safe to print: control characters, and others that move or hide what a terminal
/// shows, are escaped, and so is the backslash.
pub(super) fn shown(text: &str) -> String {
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

/// Bytes that are safe to print: as text, or as hexadecimal digits behind `0x`.
fn shown_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => shown(text),
        Err(_) => format!("0x{}", hex(bytes)),
    }
}

fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex_lines(bytes: &[u8]) -> String {
    const WIDTH: usize = 32;
    let lines = bytes.chunks(WIDTH).enumerate();
    lines
        .map(|(n, part)| format!("{:06x}  {}", n * WIDTH, hex(part)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A key of which enough is left to be known by.
fn cut(key: &str) -> String {
    const LONGEST: usize = 24;
    if key.chars().nth(LONGEST).is_none() {
        return key.to_owned();
    }
    key.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use verdict_messages::{Headers, Rejection};

    /// The letter at 3:41 of `reviews-3-97`, of kind decode, key r1, written at 1,000 ms.
    pub(in crate::dlq) fn letter(value: Option<&[u8]>) -> Letter {
        let rejection = Rejection::new(ErrorKind::Decode, "not JSON");
        let source = Position::new("reviews", 3, 97);
        Letter::new(Record {
            topic: "dlq.reviews".into(),
            partition: 3,
            offset: 41,
            key: Some(b"r1".to_vec()),
            value: value.map(<[u8]>::to_vec),
            headers: dead_letter::headers(Headers::new(), &source, "verdict", &rejection),
            timestamp_ms: Some(1000),
        })
    }

    #[test]
    fn nothing_in_a_letter_reaches_the_terminal_as_a_command() {
        let mut letter = letter(Some(b"\x1b]0;x\x07\nFine\t\\ \"film\", d'accord \xe2\x80\xae"));
        letter.record.key = Some(b"\x1b[31mred\r\n".to_vec());
        letter.record.headers.push("x-\u{1b}c", "a\nb\u{9b}31m");
        letter.record.headers.push(headers::DLQ_MESSAGE, "no\u{202e}\u{7f}");
        for text in [letter.row(), letter.text(&[])] {
            let is_bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!text.contains(is_bad), "{text:?}");
        }
        assert!(!letter.row().contains('\n'), "a row is one line");
        let text = letter.text(&[Position::new("reviews", 3, 120)]);
        for line in [
            "letter       dlq.reviews-3-41",
            "review       reviews-3-97",
            "written      1970-01-01T00:00:01.000Z",
            "kind         decode",
            "redriven     0 times before",
            "since then   reviews-3-120",
            "key          \\u{1b}[31mred\\r\\n",
            "header       x-\\u{1b}c = a\\nb\\u{9b}31m",
            "value        34 bytes of text",
            "Fine\\t\\\\ \"film\", d'accord \\u{202e}",
        ] {
            assert!(text.lines().any(|has| has == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_row_says_what_there_is_and_bytes_that_are_no_text_are_digits() {
        let mut binary = letter(Some(&[0xff, 0]));
        let row = "3:41       1970-01-01T00:00:01.000Z decode                 0        2 r1                       not JSON";
        assert_eq!(binary.row(), row);
        assert!(binary.text(&[]).contains("value        2 bytes, not UTF-8\n000000  ff00\n"));
        binary.record.key = Some([0xff; 20].to_vec());
        assert!(binary.row().contains(" 0xfffffffffffffffffffff… "), "{}", binary.row());
        // What is no dead letter of Verdict is listed too.
        let foreign = Record { headers: Headers::new(), key: None, ..binary.record };
        let foreign = Letter::new(Record { value: None, timestamp_ms: None, ..foreign });
        assert_eq!(
            foreign.row().split_whitespace().collect::<Vec<_>>(),
            ["3:41", "-", "-", "0", "0", "-", "-"]
        );
        assert!(foreign.text(&[]).contains("value        none (a tombstone)\n"));
    }

    #[test]
    fn bytes_survive_json() {
        for bytes in [None, Some(&b"Fine \"film\"\0"[..]), Some(&[0xff, 0, 1]), Some(b"")] {
            let json = letter(bytes).json(true);
            let object = json.as_object().unwrap();
            assert_eq!(take(object, "value").unwrap().as_deref(), bytes, "{json}");
            assert!(take(letter(bytes).json(false).as_object().unwrap(), "value").is_err());
        }
        let expected = json!({
            "position": "3:41", "time": "1970-01-01T00:00:01.000Z", "kind": "decode",
            "message": "not JSON", "redriven": 0, "bytes": 2, "key": "r1", "value_base64": "/wA=",
            "review": {"topic": "reviews", "partition": 3, "offset": 97},
        });
        assert_eq!(letter(Some(&[0xff, 0])).json(true), expected);
    }
}
