//! Templates: texts with the name of a list in braces, filled in with each of its values.

use std::collections::BTreeMap;

/// Values by the name of their list.
pub(super) type Lists = BTreeMap<String, Vec<String>>;

/// Fillings of one template, at most: a suite is read by people, and run before each promotion.
pub(super) const MOST: usize = 1_000;

/// What a template consists of.
enum Part<'a> {
    Text(&'a str),
    List(&'a str),
}

/// Fills in all texts of a test together, the same value for one list in each: a row for each
/// combination of values, and one row where there is nothing to fill in.
///
/// # Errors
/// What must be, and what is.
pub(super) fn fill(texts: &[String], lists: &Lists) -> Result<Vec<Vec<String>>, (String, String)> {
    let texts: Vec<Vec<Part<'_>>> =
        texts.iter().map(|text| parts(text)).collect::<Result<_, _>>()?;
    let mut rows: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    for part in texts.iter().flatten() {
        let Part::List(name) = part else { continue };
        let Some(values) = lists.get(*name) else {
            let known: Vec<&str> = lists.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
            return Err((
                format!("in braces the name of one of `lists` ({known})"),
                format!("{{{name}}}"),
            ));
        };
        if rows.iter().any(|row| row.contains_key(name)) {
            continue;
        }
        if rows.len() * values.len() > MOST {
            let n = rows.len() * values.len();
            return Err((format!("at most {MOST} texts when filled in"), format!("{n}")));
        }
        let longer = |row: &BTreeMap<_, _>| {
            let row = row.clone();
            values.iter().map(move |value| {
                let mut row = row.clone();
                row.insert(*name, value.as_str());
                row
            })
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let filled = |row: &BTreeMap<&str, &str>, parts: &[Part<'_>]| -> String {
        let text = |part: &Part<'_>| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::List(name) => row.get(name).copied().unwrap_or_default().to_owned(),
        };
        parts.iter().map(text).collect()
    };
    Ok(rows.iter().map(|row| texts.iter().map(|parts| filled(row, parts)).collect()).collect())
}

/// `{{` and `}}` are braces of the text itself.
fn parts(text: &str) -> Result<Vec<Part<'_>>, (String, String)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        parts.push(Part::Text(before));
        if brace.starts_with("{{") || brace.starts_with("}}") {
            parts.push(Part::Text(&brace[..1]));
            rest = &brace[2..];
            continue;
        }
        let Some(end) = brace.find('}').filter(|&end| end > 0) else {
            let says = "a text in which each { has its } (or {{ and }} for the characters)";
            return Err((says.to_owned(), text.to_owned()));
        };
        parts.push(Part::List(&brace[1..end]));
        rest = &brace[end + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}
