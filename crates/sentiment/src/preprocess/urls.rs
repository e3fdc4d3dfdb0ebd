//! URLs.

use crate::wordchars::is_space;

/// Appends `text` without what `https?://\S+|www\.\S+` matches in Python.
///
/// So a URL ends at white space only, and takes with it whatever is glued to its end; capital
/// letters (`HTTP://`) make it a word like others.
pub(crate) fn remove_urls(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = find_url(rest) {
        let (before, url) = rest.split_at(at);
        out.push_str(before);
        rest = url.find(is_space).and_then(|end| url.get(end..)).unwrap_or("");
    }
    out.push_str(rest);
}

/// Where the next URL begins.
fn find_url(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = from + rest.find(['h', 'w'])?;
        let url = text.get(at..)?;
        let behind =
            ["http://", "https://", "www."].iter().find_map(|prefix| url.strip_prefix(prefix));
        if behind.is_some_and(|behind| behind.chars().next().is_some_and(|c| !is_space(c))) {
            return Some(at);
        }
        from = at + 1;
    }
}
