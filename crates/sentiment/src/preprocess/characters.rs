//! Steps that look at one character at a time. Each appends to `out` what Python would give.

use crate::wordchars::is_space;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Characters beyond the decimal digits (category Nd) that are digits too: superscripts, circled
/// ones and their like. Source: Unicode's `DerivedNumericType.txt`, type `Digit`, to which no
/// character has been added since Unicode 6.3.
const DIGITS: [(char, char); 20] = [
    ('\u{b2}', '\u{b3}'),
    ('\u{b9}', '\u{b9}'),
    ('\u{1369}', '\u{1371}'),
    ('\u{19da}', '\u{19da}'),
    ('\u{2070}', '\u{2070}'),
    ('\u{2074}', '\u{2079}'),
    ('\u{2080}', '\u{2089}'),
    ('\u{2460}', '\u{2468}'),
    ('\u{2474}', '\u{247c}'),
    ('\u{2488}', '\u{2490}'),
    ('\u{24ea}', '\u{24ea}'),
    ('\u{24f5}', '\u{24fd}'),
    ('\u{24ff}', '\u{24ff}'),
    ('\u{2776}', '\u{277e}'),
    ('\u{2780}', '\u{2788}'),
    ('\u{278a}', '\u{2792}'),
    ('\u{10a40}', '\u{10a43}'),
    ('\u{10e60}', '\u{10e68}'),
    ('\u{11052}', '\u{1105a}'),
    ('\u{1f100}', '\u{1f10a}'),
];

/// Removed by the Python system's chain beside ASCII punctuation, and without a space in its place.
const ARABIC_SEMICOLON: char = '؛';

/// Python's `str.isdigit` of one character.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || (!c.is_ascii()
            && (c.general_category() == GeneralCategory::DecimalNumber
                || DIGITS.iter().any(|&(first, last)| (first..=last).contains(&c))))
}

/// `''.join(c for c in text if not c.isdigit())`.
pub(crate) fn remove_digits(text: &str, out: &mut String) {
    for_each_piece(text, is_digit, |piece| out.push_str(piece));
}

/// `text.lower()`.
pub(crate) fn lower(text: &str, out: &mut String) {
    if text.contains('Σ') {
        // A capital sigma at the end of a word becomes ς, which depends on the whole text.
        out.push_str(&text.to_lowercase());
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
        let (ascii, from) = rest.split_at(at);
        push_ascii_lower(ascii, out);
        let mut chars = from.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_lowercase));
        rest = chars.as_str();
    }
    push_ascii_lower(rest, out);
}

fn push_ascii_lower(text: &str, out: &mut String) {
    let begin = out.len();
    out.push_str(text);
    if let Some(pushed) = out.get_mut(begin..) {
        pushed.make_ascii_lowercase();
    }
}

/// Each character of `string.punctuation` to a space, `؛` to nothing, white space to single spaces,
/// none at the ends.
pub(crate) fn remove_punctuation(text: &str, out: &mut String) {
    let is_separator = |c: char| c.is_ascii_punctuation() || is_space(c);
    for_each_piece(text, is_separator, |piece| {
        let begin = out.len();
        if piece.is_ascii() {
            out.push_str(piece);
        } else {
            out.extend(piece.split(ARABIC_SEMICOLON));
        }
        if out.len() > begin {
            out.push(' ');
        }
    });
    trim_end(out);
}

/// `' '.join(word(w) for w in text.split())`, where `word` appends what is left of a word and says
/// whether anything is.
pub(crate) fn map_words(
    text: &str,
    out: &mut String,
    mut word: impl FnMut(&str, &mut String) -> bool,
) {
    for_each_piece(text, is_space, |w| {
        if !w.is_empty() && word(w, out) {
            out.push(' ');
        }
    });
    trim_end(out);
}

/// Calls `piece` for what stands between separators: [`str::split`], but twice as fast on text that
/// is mostly ASCII.
#[inline]
fn for_each_piece<'t>(
    text: &'t str,
    is_separator: impl Fn(char) -> bool,
    mut piece: impl FnMut(&'t str),
) {
    let mut rest = text;
    let mut at = 0;
    while let Some(&byte) = rest.as_bytes().get(at) {
        let (c, width) = if byte.is_ascii() {
            (char::from(byte), 1)
        } else {
            let c = rest.get(at..).and_then(|from| from.chars().next());
            c.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8()))
        };
        if is_separator(c) {
            piece(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + width..).unwrap_or_default();
            at = 0;
        } else {
            at += width;
        }
    }
    piece(rest);
}

/// Takes the space away that stands behind the last word.
fn trim_end(out: &mut String) {
    if out.ends_with(' ') {
        out.pop();
    }
}
