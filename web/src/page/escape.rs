//! How templates escape values: for text, and for attributes in double quotes.

use std::fmt;

/// Escapes markup, and replaces the control characters that HTML does not have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Html;

impl askama::filters::Escaper for Html {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, special, with)) =
            rest.char_indices().find_map(|(at, c)| Some((at, c, replacement(c)?)))
        {
            let (plain, tail) = rest.split_at(at);
            to.write_str(plain)?;
            to.write_str(with)?;
            rest = tail.strip_prefix(special).unwrap_or_default();
        }
        to.write_str(rest)
    }
}

fn replacement(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        '\t' | '\n' | '\r' => None,
        // HTML has no other control characters; each parser would replace or drop them in its way.
        c if c.is_control() => Some("\u{fffd}"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use askama::filters::Escaper;

    use super::Html;

    fn escaped(text: &str) -> String {
        let mut html = String::new();
        Html.write_escaped_str(&mut html, text).expect("a string takes everything");
        html
    }

    #[test]
    fn control_characters_become_visible_and_line_breaks_stay() {
        assert_eq!(
            escaped("a\0b\u{1b}[31m\n\tc é 🎬 &amp; \"><'"),
            "a\u{fffd}b\u{fffd}[31m\n\tc é 🎬 &amp;amp; &quot;&gt;&lt;&#39;"
        );
    }
}
