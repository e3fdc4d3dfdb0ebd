//! HTML to the text that a browser would show, near enough.

/// Appends `text` with each tag and comment replaced by one space; entities are not decoded here.
///
/// A tag is what HTML takes for one: `<` or `</` directly before an ASCII letter, up to the next `>` that is in no quotes.
/// So are declarations (`<!doctype html>`), instructions (`<?xml ?>`) and comments (`<!-- a > b -->`). Nothing else is:
/// `3 < 5`, `I <3 it`, `<-` and a tag that never ends stay as they are. Unlike in HTML there is no `<` inside of a tag,
/// not even in quotes, and quotes must come in pairs: whatever breaks that is text. What stands between tags stays,
/// `<script>` included.
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

/// Appends `text` with its entities decoded, by name (`&amp;`, `&eacute`) and by number (`&#39;`, `&#x2019;`), as
/// the HTML standard has it.
pub(crate) fn decode_entities(text: &str, out: &mut String) {
    out.push_str(&htmlize::unescape(text));
}

/// Finds the ends of comments.
#[derive(Default)]
struct Comments {
    /// There is no end in what is left of the text: a text full of beginnings must not be searched for each.
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

/// The length of the tag, declaration or instruction that `text` begins with. Looks no further than the next `<`, so that
/// any text is looked at twice at most.
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
