//! `application/x-www-form-urlencoded`, strictly: bytes that are not UTF-8 are an error with their
//! place. The usual decoders replace such bytes silently, and the verdict would be about a text
//! that nobody wrote.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The first value of field `name`, or `None` when the form has no such field.
///
/// # Errors
/// A sentence with the place of the first byte of the value that is not UTF-8.
pub(crate) fn field(body: &[u8], name: &str) -> Result<Option<String>, String> {
    for pair in body.split(|byte| *byte == b'&') {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let key = decode(halves.next().unwrap_or_default());
        if key != name.as_bytes() {
            continue;
        }
        let value = decode(halves.next().unwrap_or_default());
        return match String::from_utf8(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(format!(
                "{name} must be UTF-8, but byte {} of its {} bytes is not",
                error.utf8_error().valid_up_to(),
                error.as_bytes().len()
            )),
        };
    }
    Ok(None)
}

fn decode(half: &[u8]) -> Vec<u8> {
    let spaced: Cow<'_, [u8]> = if half.contains(&b'+') {
        half.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        Cow::Borrowed(half)
    };
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_as_browsers_encode_them() {
        for (body, expected) in [
            ("text=A+fine+film%21", Some("A fine film!")),
            ("other=1&text=caf%C3%A9", Some("café")),
            ("text=1%2B1%3D2&text=second", Some("1+1=2")),
            ("te%78t=x", Some("x")),
            ("text", Some("")),
            ("text=", Some("")),
            ("text=100%&x", Some("100%")),
            ("text=a=b", Some("a=b")),
            ("", None),
            ("review=x", None),
        ] {
            assert_eq!(
                field(body.as_bytes(), "text").as_ref().map(Option::as_deref),
                Ok(expected),
                "{body}"
            );
        }
    }
}
