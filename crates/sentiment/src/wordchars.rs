//! What a word character is: Python's `\w` on text, which scikit-learn's token pattern is made of.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether Python's `re` counts `c` as `\w`: a letter, a number of any kind, or the underscore.
///
/// Unlike Rust's [`char::is_alphanumeric`] this leaves out combining marks (`Other_Alphabetic`), so
/// Devanagari and Thai words fall apart at vowel signs exactly as they do in scikit-learn. Source:
/// CPython `Objects/unicodectype.c` (`_PyUnicode_IsAlpha` is category L*, `isnumeric` is numeric
/// type).
pub(crate) fn is_word(c: char) -> bool {
    use GeneralCategory as G;
    matches!(
        c.general_category(),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
            | G::DecimalNumber
            | G::LetterNumber
            | G::OtherNumber
    ) || c == '_'
}

/// Whether Python counts `c` as white space: `\s` of `re`, and where `str.split` splits.
///
/// Beyond [`char::is_whitespace`] these are the four information separators. Source: CPython
/// `Objects/unicodectype.c` (`_PyUnicode_IsWhitespace`: bidirectional type WS, B or S, or category
/// Zs).
#[inline]
pub(crate) fn is_space(c: char) -> bool {
    match c {
        '\x1c'..=' ' | '\t'..='\r' => true,
        _ => !c.is_ascii() && c.is_whitespace(),
    }
}
