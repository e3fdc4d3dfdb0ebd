//! HTML that cannot be injected into: markup is only ever a literal of this program, and everything else is escaped.

use std::fmt::{self, Display, Write as _};

/// A page under construction.
///
/// [`Html::raw`] takes `&'static str`, which no input can be; [`Html::text`] escapes for text and quoted attributes.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Markup of ours.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Any value as text, or as the value of an attribute in double quotes.
    pub(crate) fn text(&mut self, value: impl Display) -> &mut Self {
        // Writing to a String cannot fail; what a Display reports is its own business and leaves safe text behind.
        let _infallible = write!(Escaping(&mut self.0), "{value}");
        self
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| replacement(c).is_some()) {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            let mut chars = special.chars();
            self.0.push_str(chars.next().and_then(replacement).unwrap_or_default());
            rest = chars.as_str();
        }
        self.0.push_str(rest);
        Ok(())
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
        // HTML has no other control characters; a parser would replace or drop them in its own way.
        c if c.is_control() => Some("\u{fffd}"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_our_own_markup_is_escaped() {
        let mut html = Html::default();
        html.raw("<b title=\"").text("\"><script>alert('x')</script>").raw("\">");
        assert_eq!(
            html.finish(),
            "<b title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\">"
        );
    }

    #[test]
    fn control_characters_become_visible_and_line_breaks_stay() {
        let mut html = Html::default();
        html.text("a\0b\u{1b}[31m\n\tc é 🎬 &amp;");
        assert_eq!(html.finish(), "a\u{fffd}b\u{fffd}[31m\n\tc é 🎬 &amp;amp;");
    }

    #[test]
    fn numbers_are_written_as_they_display() {
        let mut html = Html::default();
        html.text(format_args!("{:.1}", 97.25)).text(3);
        assert_eq!(html.finish(), "97.23"); // 97.2, then 3
    }
}
