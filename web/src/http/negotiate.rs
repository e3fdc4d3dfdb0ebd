//! Content negotiation: the media type of the response (RFC 9110, Accept) and the wait (RFC 7240,
//! Prefer).

use std::time::Duration;

/// The formats that a response can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page for people.
    Html,
    /// JSON; a problem is `application/problem+json`.
    Json,
    /// One line of text.
    Text,
}

impl Format {
    fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("text", "html"),
            Self::Json => ("application", "json"),
            Self::Text => ("text", "plain"),
        }
    }
}

/// The offered format that `accept` prefers; the first one when it prefers none, or accepts none.
pub(crate) fn choose(accept: Option<&str>, offered: &[Format]) -> Format {
    let first = offered.first().copied().unwrap_or(Format::Html);
    let Some(accept) = accept else { return first };
    let mut best = (first, 0.0);
    for format in offered {
        let quality = quality(accept, format.media());
        if quality > best.1 {
            best = (*format, quality);
        }
    }
    best.0
}

/// Whether one of these media types is accepted; a header without any media range says nothing.
pub(crate) fn accepts(accept: &str, offered: &[&str]) -> bool {
    let says_nothing = accept.split(',').all(|range| !range.contains('/'));
    let mut offered = offered.iter().filter_map(|media| media.split_once('/'));
    says_nothing || offered.any(|media| quality(accept, media) > 0.0)
}

/// The quality of the most specific range that matches.
fn quality(accept: &str, (kind, subtype): (&str, &str)) -> f64 {
    let mut best = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let Some((range_kind, range_subtype)) =
            parts.next().and_then(|media| media.split_once('/'))
        else {
            continue;
        };
        let matches = |pattern: &str, value: &str| pattern.eq_ignore_ascii_case(value);
        let specificity = if range_kind == "*" && range_subtype == "*" {
            1
        } else if matches(range_kind, kind) && range_subtype == "*" {
            2
        } else if matches(range_kind, kind)
            && (matches(range_subtype, subtype)
                || (subtype == "json" && matches(range_subtype, "problem+json")))
        {
            3
        } else {
            continue;
        };
        let quality = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse::<f64>().ok())
            .filter(|q| (0.0..=1.0).contains(q))
            .unwrap_or(0.0);
        if specificity >= best.0 {
            best = (specificity, quality);
        }
    }
    best.1
}

/// What a client says in `Prefer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Preferences {
    /// `wait=N`
    pub(crate) wait: Option<Duration>,
    /// `respond-async`
    pub(crate) respond_async: bool,
}

/// Reads every `Prefer` header. What is not understood is ignored, as the specification asks.
pub(crate) fn preferences<'a>(headers: impl Iterator<Item = &'a str>) -> Preferences {
    let mut found = Preferences::default();
    for preference in headers.flat_map(|header| header.split(',')) {
        // Parameters of a preference stand behind a semicolon; none of ours has any.
        let preference = preference.split(';').next().unwrap_or_default();
        let (name, value) = match preference.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim().trim_matches('"')),
            None => (preference.trim(), ""),
        };
        if name.eq_ignore_ascii_case("respond-async") {
            found.respond_async = true;
        } else if name.eq_ignore_ascii_case("wait") && found.wait.is_none() {
            found.wait = value.parse().ok().map(Duration::from_secs);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_what_accept_likes_best() {
        use Format::{Html, Json, Text};
        let all = [Html, Json, Text];
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, expected) in [
            (None, Html),
            (Some("*/*"), Html),
            (Some(browser), Html),
            (Some("application/json"), Json),
            (Some("application/problem+json"), Json),
            (Some("APPLICATION/JSON; charset=utf-8"), Json),
            (Some("text/plain"), Text),
            (Some("text/*"), Html),
            (Some("text/html;q=0.1, application/json;q=0.5"), Json),
            (Some("*/*;q=0.5, text/html;q=0"), Json),
            (Some("image/png"), Html),
            (Some("nonsense"), Html),
            (Some("application/json;q=many"), Html),
        ] {
            assert_eq!(choose(accept, &all), expected, "{accept:?}");
        }
    }

    #[test]
    fn what_is_not_offered_is_not_accepted() {
        let json = &["application/json", "application/problem+json"];
        for (accept, accepted) in [
            ("*/*", true),
            ("application/*", true),
            ("image/png, application/json;q=0.1", true),
            ("application/problem+json", true),
            ("", true),
            ("nonsense", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("*/*, application/*;q=0", false),
        ] {
            assert_eq!(accepts(accept, json), accepted, "{accept}");
        }
    }

    #[test]
    fn preferences_are_read_from_one_header_or_several() {
        let wait = |seconds| Some(Duration::from_secs(seconds));
        for (headers, expected_wait, expected_async) in [
            (&["wait=3"][..], wait(3), false),
            (&["respond-async, wait=10"], wait(10), true),
            (&["Respond-Async", "WAIT=\"2\""], wait(2), true),
            (&["wait=1, wait=9"], wait(1), false),
            (&["wait=soon", "handling=lenient; wait=4"], None, false),
            (&[], None, false),
        ] {
            let found = preferences(headers.iter().copied());
            assert_eq!(found.wait, expected_wait, "{headers:?}");
            assert_eq!(found.respond_async, expected_async, "{headers:?}");
        }
    }
}
