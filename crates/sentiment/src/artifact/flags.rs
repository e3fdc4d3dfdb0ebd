//! The options that are a yes or no, as bits.

use crate::analyzer::Analyzer;
use crate::negation::Negation;
use crate::ngram::NgramRange;
use crate::preprocess::{Lemmatizer, Preprocessing, StopWords};
use crate::score::Calibration;
use crate::tokenize::TokenPattern;
use crate::vectorize::{Norm, VectorizerOptions};

/// Counts weigh `1 + ln(count)`: the only flag of format 1.
const SUBLINEAR: u32 = 1;
/// Counts above 1 are taken for 1.
const BINARY: u32 = 1 << 1;
/// No inverse document frequencies.
const NO_IDF: u32 = 1 << 2;
/// Rows are not scaled.
const NO_NORM: u32 = 1 << 3;
/// Letters are not lower-cased.
const CASE_KEPT: u32 = 1 << 4;
/// Punctuation marks are tokens, and so are single characters.
const PUNCTUATION: u32 = 1 << 5;
const STRIP_HTML: u32 = 1 << 6;
const REMOVE_URLS: u32 = 1 << 7;
const REMOVE_DIGITS: u32 = 1 << 8;
const REMOVE_PUNCTUATION: u32 = 1 << 9;
/// Words become their dictionary form, by the lists of nouns.
pub(super) const LEMMAS: u32 = 1 << 10;
/// Words behind a negation are tokens of their own.
const NEGATION: u32 = 1 << 11;
/// The calibration knows the number of known terms: its factor for long texts is in the header.
pub(super) const LONG: u32 = 1 << 12;

/// All flags that a format knows.
pub(super) fn known(version: u32) -> u32 {
    match version {
        1 => SUBLINEAR,
        2 => 2 * LEMMAS - 1,
        _ => 2 * LONG - 1,
    }
}

/// The flags of these options and this calibration.
pub(super) fn of(options: &VectorizerOptions, calibration: Calibration) -> u32 {
    let Analyzer { preprocessing, lowercase, token_pattern, negation } = &options.analyzer;
    let flags = [
        (SUBLINEAR, options.sublinear_tf),
        (BINARY, options.binary),
        (NO_IDF, !options.use_idf),
        (NO_NORM, options.norm == Norm::None),
        (CASE_KEPT, !lowercase),
        (PUNCTUATION, *token_pattern == TokenPattern::WordsAndPunctuation),
        (STRIP_HTML, preprocessing.strip_html),
        (REMOVE_URLS, preprocessing.remove_urls),
        (REMOVE_DIGITS, preprocessing.remove_digits),
        (REMOVE_PUNCTUATION, preprocessing.remove_punctuation),
        (LEMMAS, preprocessing.lemmatizer != Lemmatizer::None),
        (NEGATION, *negation == Negation::Mark),
        (LONG, calibration.long.is_some()),
    ];
    let on = flags.iter().filter(|(_, is_on)| *is_on);
    on.fold(0, |all, (flag, _)| all | flag)
}

/// The options that have these flags, and what is no flag.
pub(super) fn options(
    flags: u32,
    ngram_range: NgramRange,
    stop_words: StopWords,
    lemmatizer: Lemmatizer,
) -> VectorizerOptions {
    let has = |flag| flags & flag != 0;
    VectorizerOptions {
        analyzer: Analyzer {
            preprocessing: Preprocessing {
                strip_html: has(STRIP_HTML),
                remove_urls: has(REMOVE_URLS),
                remove_digits: has(REMOVE_DIGITS),
                remove_punctuation: has(REMOVE_PUNCTUATION),
                stop_words,
                lemmatizer,
            },
            lowercase: !has(CASE_KEPT),
            token_pattern: match has(PUNCTUATION) {
                true => TokenPattern::WordsAndPunctuation,
                false => TokenPattern::Words,
            },
            negation: if has(NEGATION) { Negation::Mark } else { Negation::None },
        },
        ngram_range,
        sublinear_tf: has(SUBLINEAR),
        binary: has(BINARY),
        use_idf: !has(NO_IDF),
        norm: if has(NO_NORM) { Norm::None } else { Norm::L2 },
    }
}
