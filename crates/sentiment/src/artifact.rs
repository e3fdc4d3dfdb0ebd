//! The model file, `model.verdict`: one flat sequence of bytes, the same for the same model everywhere.
//!
//! Format 1, all numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic `VERDICT\x1a` |
//! | 4 | format version, 1 |
//! | 8 | length of the whole file |
//! | 4 × 4 | terms, documents, shortest n-gram, longest n-gram |
//! | 4 | flags: bit 0 sublinear tf |
//! | 3 × 8 | intercept, calibration slope, calibration offset (f64) |
//! | 5 × 4 | lengths in bytes of name, term text, about; number of examples; 0 |
//! | … | name (UTF-8) |
//! | 4 × terms | document frequencies (u32) |
//! | 4 × terms | weights (f32) |
//! | 4 × terms | end of each term in the term text (u32) |
//! | … | term text (UTF-8), terms ascending by their bytes |
//! | … | about: parameters, data, metrics (a JSON object) |
//! | … | examples, each: length (u32), text (UTF-8), score (f64) |
//! | 32 | SHA-256 of all bytes before |
//!
//! A layout never changes without a new version; `tests/goldens/format-1.verdict` is a kept example.

use crate::bytes::Reader;
use crate::model::{Model, ModelParts};
use crate::ngram::{NgramRange, NgramRangeError};
use crate::score::Calibration;
use crate::vectorize::{Vectorizer, VectorizerError, VectorizerOptions};
use crate::vocabulary::{Vocabulary, VocabularyError};
use sha2::{Digest, Sha256};

/// The first eight bytes of every model file.
pub const MAGIC: [u8; 8] = *b"VERDICT\x1a";
/// The layout that this build writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;
/// How far an example's score may be from the stored one.
pub(crate) const EXAMPLE_TOLERANCE: f64 = 1e-6;
const CHECKSUM: usize = 32;
const SUBLINEAR: u32 = 1;

/// The largest lengths that a loader accepts, in bytes unless said otherwise. They are checked before memory is taken.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Of the whole file.
    pub const FILE: usize = 64 << 20;
    /// Of the name.
    pub const NAME: usize = 256;
    /// Of `about`.
    pub const ABOUT: usize = 1 << 20;
    /// Examples (a count).
    pub const EXAMPLES: usize = 64;
    /// Of one example's text.
    pub const EXAMPLE: usize = 64 << 10;
}

/// A text with the score that the model gave it when it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// A review.
    pub text: String,
    /// Its log-odds.
    pub score: f64,
}

/// Why a model file is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArtifactError {
    /// It does not begin with [`MAGIC`].
    #[error(
        "not a Verdict model: byte 0 must begin {:02x?}, got {got:02x?}",
        MAGIC
    )]
    Magic {
        /// Its first bytes.
        got: Vec<u8>,
    },
    /// A layout that this build does not know.
    #[error(
        "model format version must be 1 to {FORMAT_VERSION}, got {got} (byte 8): written by a newer release?"
    )]
    Version {
        /// What it says.
        got: u32,
    },
    /// It ends too early.
    #[error("truncated: {what} at byte {at} needs {needs} bytes, {has} are left")]
    Truncated {
        /// The field.
        what: &'static str,
        /// Where it begins.
        at: usize,
        /// Its length.
        needs: usize,
        /// What is left of the file.
        has: usize,
    },
    /// A length or number beyond its bound.
    #[error("{what} must be {bound}, got {got} (byte {at})")]
    Bound {
        /// The field.
        what: &'static str,
        /// What holds for it.
        bound: String,
        /// What it is.
        got: String,
        /// Where it is in the file; 0 for a model that is being written.
        at: usize,
    },
    /// The bytes are not those that were written.
    #[error("checksum mismatch: the file was changed or damaged after it was written")]
    Checksum,
    /// Text that is not UTF-8.
    #[error("{what} is not UTF-8 at byte {at}")]
    Utf8 {
        /// The field.
        what: &'static str,
        /// The first bad byte.
        at: usize,
    },
    /// `about` is not a JSON object.
    #[error("about is not a JSON object: {0}")]
    About(String),
    /// The n-gram range makes no sense.
    #[error(transparent)]
    NgramRange(#[from] NgramRangeError),
    /// The terms cannot be a vocabulary.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The counts do not fit.
    #[error(transparent)]
    Vectorizer(#[from] VectorizerError),
    /// The model does not score as it did when it was made.
    #[error("self-test failed: example {example} must score {expected}, got {got}")]
    Example {
        /// Which, from 0.
        example: usize,
        /// The score in the file.
        expected: f64,
        /// The score now.
        got: f64,
    },
}

/// The oldest format that has these options.
pub(crate) fn version_of(options: &VectorizerOptions) -> u32 {
    let of_format_1 = VectorizerOptions {
        ngram_range: options.ngram_range,
        sublinear_tf: options.sublinear_tf,
        ..VectorizerOptions::default()
    };
    if *options == of_format_1 { 1 } else { 2 }
}

/// Checks what every model must hold, whether it is being written or read.
pub(crate) fn check_parts(parts: &ModelParts) -> Result<(), ArtifactError> {
    let bound = |what, bound: String, got: String| {
        Err(ArtifactError::Bound {
            what,
            bound,
            got,
            at: 0,
        })
    };
    let n_terms = parts.vectorizer.vocabulary().len();
    if parts.weights.len() != n_terms {
        return bound(
            "number of weights",
            format!("{n_terms}"),
            parts.weights.len().to_string(),
        );
    }
    let largest = Model::MAX_WEIGHT;
    let within = |x: f64| x.is_finite() && x.abs() <= largest;
    if let Some(weight) = parts
        .weights
        .iter()
        .find(|&&weight| !within(f64::from(weight)))
    {
        return bound(
            "weight",
            format!("between -{largest} and {largest}"),
            weight.to_string(),
        );
    }
    if !within(parts.intercept) {
        return bound(
            "intercept",
            format!("between -{largest} and {largest}"),
            parts.intercept.to_string(),
        );
    }
    let Calibration { slope, offset } = parts.calibration;
    if !(slope.is_finite() && slope > 0.0 && offset.is_finite()) {
        return bound(
            "calibration",
            "finite with a slope above 0".to_owned(),
            format!("{slope}, {offset}"),
        );
    }
    if !parts.about.is_object() {
        return Err(ArtifactError::About("expected an object".to_owned()));
    }
    Ok(())
}

pub(crate) fn encode(parts: &ModelParts, examples: &[Example]) -> Result<Vec<u8>, ArtifactError> {
    let about = parts.about.to_string();
    let vectorizer = &parts.vectorizer;
    let vocabulary = vectorizer.vocabulary();
    let mut out =
        Vec::with_capacity(vocabulary.len() * 12 + vocabulary.text().len() + about.len() + 4096);
    out.extend(MAGIC);
    put_u32(&mut out, FORMAT_VERSION);
    out.extend([0; 8]); // the length, once it is known
    put_len(
        &mut out,
        vocabulary.len(),
        Vocabulary::MAX_TERMS,
        "number of terms",
    )?;
    put_u32(&mut out, vectorizer.n_documents());
    put_len(
        &mut out,
        vectorizer.options().ngram_range.min(),
        NgramRange::LONGEST,
        "shortest n-gram",
    )?;
    put_len(
        &mut out,
        vectorizer.options().ngram_range.max(),
        NgramRange::LONGEST,
        "longest n-gram",
    )?;
    put_u32(
        &mut out,
        if vectorizer.options().sublinear_tf {
            SUBLINEAR
        } else {
            0
        },
    );
    for number in [
        parts.intercept,
        parts.calibration.slope,
        parts.calibration.offset,
    ] {
        out.extend(number.to_le_bytes());
    }
    put_len(
        &mut out,
        parts.name.len(),
        Limits::NAME,
        "length of the name",
    )?;
    put_len(
        &mut out,
        vocabulary.text().len(),
        Limits::FILE,
        "length of the terms",
    )?;
    put_len(&mut out, about.len(), Limits::ABOUT, "length of about")?;
    put_len(
        &mut out,
        examples.len(),
        Limits::EXAMPLES,
        "number of examples",
    )?;
    put_u32(&mut out, 0);
    out.extend(parts.name.bytes());
    vectorizer
        .document_frequency()
        .iter()
        .for_each(|&df| put_u32(&mut out, df));
    parts
        .weights
        .iter()
        .for_each(|weight| out.extend(weight.to_le_bytes()));
    vocabulary
        .ends()
        .iter()
        .for_each(|&end| put_u32(&mut out, end));
    out.extend(vocabulary.text().bytes());
    out.extend(about.bytes());
    for example in examples {
        put_len(
            &mut out,
            example.text.len(),
            Limits::EXAMPLE,
            "length of an example",
        )?;
        out.extend(example.text.bytes());
        out.extend(example.score.to_le_bytes());
    }
    let total = out.len() + CHECKSUM;
    if total > Limits::FILE {
        return Err(bound("length of the file", Limits::FILE, total, 0));
    }
    if let Some(length) = out.get_mut(12..20) {
        length.copy_from_slice(&(total as u64).to_le_bytes());
    }
    let checksum = Sha256::digest(&out);
    out.extend(checksum);
    Ok(out)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(ModelParts, Vec<Example>), ArtifactError> {
    let body = check_frame(bytes)?;
    let mut r = Reader::new(body);
    r.take(20, "header")?;
    let n_terms = length(&mut r, Vocabulary::MAX_TERMS, "number of terms")?;
    let n_documents = r.u32("number of documents")?;
    let min = length(&mut r, NgramRange::LONGEST, "shortest n-gram")?;
    let max = length(&mut r, NgramRange::LONGEST, "longest n-gram")?;
    let ngram_range = NgramRange::new(min, max)?;
    let flags = r.u32("flags")?;
    if flags & !SUBLINEAR != 0 {
        return Err(bound(
            "flags",
            SUBLINEAR as usize,
            flags as usize,
            r.at() - 4,
        ));
    }
    let intercept = r.f64("intercept")?;
    let calibration = Calibration {
        slope: r.f64("calibration slope")?,
        offset: r.f64("calibration offset")?,
    };
    let name_len = length(&mut r, Limits::NAME, "length of the name")?;
    let text_len = length(&mut r, Limits::FILE, "length of the terms")?;
    let about_len = length(&mut r, Limits::ABOUT, "length of about")?;
    let n_examples = length(&mut r, Limits::EXAMPLES, "number of examples")?;
    length(&mut r, 0, "reserved")?;
    let name = r.text(name_len, "name")?.to_owned();
    let document_frequency = r.numbers(n_terms, "document frequencies", u32::from_le_bytes)?;
    let weights = r.numbers(n_terms, "weights", f32::from_le_bytes)?;
    let ends = r.numbers(n_terms, "ends of terms", u32::from_le_bytes)?;
    let text_at = r.at();
    let text = r.text(text_len, "terms")?;
    let about = serde_json::from_str(r.text(about_len, "about")?)
        .map_err(|e| ArtifactError::About(e.to_string()))?;
    let mut examples = Vec::with_capacity(n_examples);
    for _ in 0..n_examples {
        let len = length(&mut r, Limits::EXAMPLE, "length of an example")?;
        let text = r.text(len, "example")?.to_owned();
        examples.push(Example {
            text,
            score: r.f64("score of an example")?,
        });
    }
    if r.remaining() > 0 {
        return Err(bound(
            "length of the file",
            r.at() + CHECKSUM,
            bytes.len(),
            12,
        ));
    }
    let vocabulary = Vocabulary::new(terms(text, &ends, text_at)?)?;
    let vectorizer = Vectorizer::new(
        vocabulary,
        VectorizerOptions {
            ngram_range,
            sublinear_tf: flags & SUBLINEAR != 0,
            ..VectorizerOptions::default()
        },
        n_documents,
        document_frequency,
    )?;
    Ok((
        ModelParts {
            name,
            vectorizer,
            weights,
            intercept,
            calibration,
            about,
        },
        examples,
    ))
}

/// Magic, version, length and checksum; gives the bytes before the checksum.
fn check_frame(bytes: &[u8]) -> Result<&[u8], ArtifactError> {
    if bytes.len() > Limits::FILE {
        return Err(bound("length of the file", Limits::FILE, bytes.len(), 0));
    }
    let mut r = Reader::new(bytes);
    let begins = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(begins) || begins.is_empty() {
        return Err(ArtifactError::Magic {
            got: begins.to_vec(),
        });
    }
    r.take(MAGIC.len(), "magic")?;
    let version = r.u32("format version")?;
    if version != FORMAT_VERSION {
        return Err(ArtifactError::Version { got: version });
    }
    let total = r.u64("length of the file")?;
    if total > bytes.len() as u64 {
        let needs = usize::try_from(total).unwrap_or(usize::MAX);
        return Err(ArtifactError::Truncated {
            what: "file",
            at: 0,
            needs,
            has: bytes.len(),
        });
    }
    let split = bytes
        .len()
        .checked_sub(CHECKSUM)
        .and_then(|at| bytes.split_at_checked(at));
    let (body, checksum) = split.ok_or(ArtifactError::Truncated {
        what: "checksum",
        at: 0,
        needs: CHECKSUM,
        has: bytes.len(),
    })?;
    if total != bytes.len() as u64 || Sha256::digest(body).as_slice() != checksum {
        return Err(ArtifactError::Checksum);
    }
    Ok(body)
}

fn terms<'a>(text: &'a str, ends: &[u32], text_at: usize) -> Result<Vec<&'a str>, ArtifactError> {
    let mut start = 0;
    let mut terms = Vec::with_capacity(ends.len());
    for &end in ends {
        let end = end as usize;
        let term = text
            .get(start..end)
            .ok_or_else(|| bound("end of a term", text.len(), end, text_at + start))?;
        terms.push(term);
        start = end;
    }
    if start != text.len() {
        return Err(bound("end of the last term", text.len(), start, text_at));
    }
    Ok(terms)
}

/// The SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_le_bytes());
}

fn put_len(
    out: &mut Vec<u8>,
    len: usize,
    most: usize,
    what: &'static str,
) -> Result<(), ArtifactError> {
    match u32::try_from(len) {
        Ok(number) if len <= most => put_u32(out, number),
        _ => return Err(bound(what, most, len, 0)),
    }
    Ok(())
}

fn length(r: &mut Reader<'_>, most: usize, what: &'static str) -> Result<usize, ArtifactError> {
    let at = r.at();
    let len = r.u32(what)? as usize;
    if len <= most {
        Ok(len)
    } else {
        Err(bound(what, most, len, at))
    }
}

fn bound(what: &'static str, most: usize, got: usize, at: usize) -> ArtifactError {
    ArtifactError::Bound {
        what,
        bound: format!("at most {most}"),
        got: got.to_string(),
        at,
    }
}
