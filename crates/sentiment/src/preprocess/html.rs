//! HTML to the text that a browser would show, near enough.

/// Appends `text` with each tag and comment replaced by one space; entities are not decoded here.
///
/// A tag is what HTML takes for one: `<` or `</` directly before an ASCII letter, up to the next
/// `>` that is in no quotes. So are declarations (`<!doctype html>`), instructions (`<?xml ?>`) and
/// comments (`<!-- a > b -->`). Nothing else is: `3 < 5`, `I <3 it`, `<-` and a tag that never ends
/// stay as they are. Unlike in HTML there is no `<` inside of a tag, not even in quotes, and quotes
/// must come in pairs: whatever breaks that is text. What stands between tags stays, `<script>`
/// included.
pub(crate) fn strip_tags(text: &str, out: &mut String) {
    let mut comments = Comments::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match comments.end(from).or_else(|| tag_end(from)) {
            Some(end) => {
                out.push(' ');
                rest = from.get(end..).unwrap_or("");
            }
            None => {
                out.push('<');
                rest = from.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
}

/// Appends `text` with its entities decoded, by name (`&amp;`, `&eacute`) and by number (`&#39;`,
/// `&#x2019;`), as the HTML standard has it; but a number that stands for no character (`&#1;`,
/// `&#xFFFF;`) gives nothing, as in Python's `html.unescape`, where the standard keeps it.
pub(crate) fn decode_entities(text: &str, out: &mut String) {
    let (mut from, mut rest) = (0, text);
    while let Some(at) = rest.find("&#") {
        let reference = rest.get(at..).unwrap_or("");
        let (number, length) = numeric_reference(reference);
        let next = rest.get(at + length..).unwrap_or("");
        if number.is_some_and(is_no_character) {
            let start = text.len() - reference.len();
            out.push_str(&htmlize::unescape(text.get(from..start).unwrap_or("")));
            from = text.len() - next.len();
        }
        rest = next;
    }
    out.push_str(&htmlize::unescape(text.get(from..).unwrap_or("")));
}

/// The number in the reference that `text` begins with, and the reference's length; two bytes where
/// there is no number.
fn numeric_reference(text: &str) -> (Option<u32>, usize) {
    let (radix, prefix) = match text.as_bytes().get(2) {
        Some(b'x' | b'X') => (16, 3),
        _ => (10, 2),
    };
    let digits = text.get(prefix..).unwrap_or("");
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if length == 0 {
        return (None, 2);
    }
    let number = digits.get(..length).and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let semicolon = digits.get(length..).unwrap_or("").starts_with(';');
    (number, prefix + length + usize::from(semicolon))
}

/// Control characters but white space, and what Unicode keeps free of characters. U+0080 to U+009F
/// are not among them: HTML takes their numbers for those of Windows-1252.
const fn is_no_character(number: u32) -> bool {
    matches!(number, 0x1..=0x8 | 0xb | 0xe..=0x1f | 0x7f | 0xfdd0..=0xfdef)
        || (number & 0xfffe == 0xfffe && number <= 0x10_ffff)
}

/// Finds the ends of comments.
#[derive(Default)]
struct Comments {
    /// There is no end in what is left of the text: a text full of beginnings must not be searched
    /// for each.
    are_over: bool,
}

impl Comments {
    /// The length of the comment that `text` begins with.
    fn end(&mut self, text: &str) -> Option<usize> {
        const BEGIN: &str = "<!--";
        const END: &str = "-->";
        if self.are_over {
            return None;
        }
        let inside = text.strip_prefix(BEGIN)?;
        let end = inside.find(END);
        self.are_over = end.is_none();
        Some(BEGIN.len() + end? + END.len())
    }
}

/// The length of the tag, declaration or instruction that `text` begins with. Looks no further than
/// the next `<`, so that any text is looked at twice at most.
fn tag_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    let is_tag = is_letter(1) || (bytes.get(1) == Some(&b'/') && is_letter(2));
    let is_declaration = matches!(bytes.get(1), Some(b'!' | b'?'));
    if !is_tag && !is_declaration {
        return None;
    }
    let mut quote = None;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            b'<' => return None,
            b'>' if quote.is_none() => return Some(at + 1),
            b'"' | b'\'' if is_tag => match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => (),
            },
            _ => (),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `html.unescape` of Python 3.11.
    #[test]
    fn numbers_of_no_character_give_nothing_as_in_python() {
        for (text, expected) in [
            ("a&#1;b&#x8;c&#11;d&#x1F;e&#127;f", "abcdef"),
            ("a&#xFFFF;b&#xfffe;c&#x1FFFF;d&#1114111;e", "abcde"),
            ("a&#xfdd0;b&#xFDEF;c&#xfdf0;", "abc\u{fdf0}"),
            ("a&#1b&#x7fc&#x7fg", "ab\u{7fc}g"),
            ("a&#9;b&#10;c&#12;d&#32;e", "a\tb\nc\u{c}d e"),
            ("&#x80;&#x81;&#150;", "\u{20ac}\u{81}\u{2013}"),
            ("&#0;&#55296;&#1114112;&#99999999999;", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("&am&#1;p; &#1;&amp;&#2;&#3;lt;", "&amp; &lt;"),
            ("&# &#x &#; &#xg; &#", "&# &#x &#; &#xg; &#"),
            ("&#x2019;&#39;\u{1}", "\u{2019}'\u{1}"),
        ] {
            let mut out = String::new();
            decode_entities(text, &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
