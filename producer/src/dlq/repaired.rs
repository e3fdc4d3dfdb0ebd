//! Bytes that somebody put right: lines of `ls --json --values`, edited.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde_json::{Map, Value};

use super::at::At;
use super::{DlqError, letter};

/// The bytes to publish for each letter; `None` is a record without a value.
pub type Repaired = BTreeMap<At, Option<Vec<u8>>>;

/// Reads the whole file; `-` is standard input. Of each line, `position` and `value` (or
/// `value_base64`) count.
///
/// # Errors
/// [`DlqError::Repaired`]: the file cannot be read, a line is not what it must be, or a position
/// stands there twice.
pub fn read_lines(path: &Path) -> Result<Repaired, DlqError> {
    let text = if path.as_os_str() == "-" {
        io::read_to_string(io::stdin().lock())
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(|error| unreadable(path, &error))?;
    parse(&text).map_err(|(line, problem)| {
        DlqError::Repaired(format!("{}:{line}: {problem}", path.display()))
    })
}

/// Reads a file that holds the bytes for one letter and nothing else.
///
/// # Errors
/// [`DlqError::Repaired`] when it cannot be read.
pub fn read_value(path: &Path, at: At) -> Result<Repaired, DlqError> {
    let value = fs::read(path).map_err(|error| unreadable(path, &error))?;
    Ok(BTreeMap::from([(at, Some(value))]))
}

fn unreadable(path: &Path, error: &io::Error) -> DlqError {
    DlqError::Repaired(format!("{}: cannot be read: {error}", path.display()))
}

fn parse(text: &str) -> Result<Repaired, (usize, String)> {
    let mut repaired = Repaired::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| (number, format!("must be a JSON object: {error}")))?;
        let position = object.get("position").and_then(Value::as_str).unwrap_or_default();
        let at: At = position.parse().map_err(|problem| (number, problem))?;
        let value = letter::take(&object, "value").map_err(|problem| (number, problem))?;
        if repaired.insert(at, value).is_some() {
            return Err((number, format!("the letter at {at} stands in an earlier line too")));
        }
    }
    Ok(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_letter_and_which_bytes() {
        let text = "{\"position\":\"3:41\",\"value\":\"Fine\",\"kind\":5}\n\n\
                    {\"position\":\"0:0\",\"value_base64\":\"/wA=\"}\n{\"position\":\"0:1\",\"value\":null}";
        let at = |text: &str| text.parse::<At>().unwrap();
        let expected = [
            (at("3:41"), Some(b"Fine".to_vec())),
            (at("0:0"), Some(vec![0xff, 0])),
            (at("0:1"), None),
        ];
        assert_eq!(parse(text).unwrap(), expected.into());
    }

    #[test]
    fn what_is_wrong_in_a_line_is_named_with_its_number() {
        for (line, says) in [
            ("nonsense", "must be a JSON object"),
            ("[]", "must be a JSON object"),
            (r#"{"value":"x"}"#, "a position must be PARTITION:OFFSET"),
            (r#"{"position":"3:41"}"#, "must have either value, a string, or value_base64"),
            (r#"{"position":"3:41","value":5}"#, "must have either value"),
            (r#"{"position":"3:41","value":"x","value_base64":""}"#, "must have either value"),
            (r#"{"position":"3:41","value_base64":"?"}"#, "value_base64 must be Base64"),
            (r#"{"position":"0:0","value":"y"}"#, "the letter at 0:0 stands in an earlier line"),
        ] {
            let text = format!("{{\"position\":\"0:0\",\"value\":\"x\"}}\n{line}");
            let (number, problem) = parse(&text).unwrap_err();
            assert!(number == 2 && problem.contains(says), "{line}: {number}: {problem}");
        }
    }
}
