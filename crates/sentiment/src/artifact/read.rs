//! Bytes to a model. Every length is checked before memory is taken for what it measures.

use super::bytes::Reader;
use super::flags;
use super::format::{
    CHECKSUM, Example, FORMAT_VERSION, IRREGULAR_NOUNS, Limits, MAGIC, NOUNS, STOP_WORDS,
    version_of,
};
use crate::error::ArtifactError;
use crate::ngram::NgramRange;
use crate::parts::ModelParts;
use crate::preprocess::{Lemmatizer, NounLemmas, StopWords};
use crate::score::Calibration;
use crate::vectorize::Vectorizer;
use crate::vocabulary::Vocabulary;
use sha2::{Digest, Sha256};

pub(crate) fn decode(bytes: &[u8]) -> Result<(ModelParts, Vec<Example>), ArtifactError> {
    let (version, body) = check_frame(bytes)?;
    let mut r = Reader::new(body);
    r.take(20, "header")?;
    let n_terms = length(&mut r, Vocabulary::MAX_TERMS, "number of terms")?;
    let n_documents = r.u32("number of documents")?;
    let min = length(&mut r, NgramRange::LONGEST, "shortest n-gram")?;
    let max = length(&mut r, NgramRange::LONGEST, "longest n-gram")?;
    let ngram_range = NgramRange::new(min, max)?;
    let flags = r.u32("flags")?;
    if flags & !flags::known(version) != 0 {
        let most = flags::known(version) as usize;
        return Err(ArtifactError::at_most("flags", most, flags as usize, r.at() - 4));
    }
    let intercept = r.f64("intercept")?;
    let [slope, offset] = [r.f64("calibration slope")?, r.f64("calibration offset")?];
    let name_len = length(&mut r, Limits::NAME, "length of the name")?;
    let text_len = length(&mut r, Limits::FILE, "length of the terms")?;
    let about_len = length(&mut r, Limits::ABOUT, "length of about")?;
    let n_examples = length(&mut r, Limits::EXAMPLES, "number of examples")?;
    length(&mut r, 0, "reserved")?;
    let mut list_lens = [0; 3];
    if version > 1 {
        let is_lemmatized = flags & flags::LEMMAS != 0;
        let most = |limit| if is_lemmatized { limit } else { 0 };
        list_lens = [
            length(&mut r, Limits::STOP_WORDS, STOP_WORDS)?,
            length(&mut r, most(Limits::NOUNS), NOUNS)?,
            length(&mut r, most(Limits::IRREGULAR_NOUNS), IRREGULAR_NOUNS)?,
        ];
    }
    let long = (flags & flags::LONG != 0).then(|| r.f64("calibration of long texts"));
    let calibration = Calibration { slope, offset, long: long.transpose()? };
    let name = r.text(name_len, "name")?.to_owned();
    let document_frequency = r.numbers(n_terms, "document frequencies", u32::from_le_bytes)?;
    let weights = r.numbers(n_terms, "weights", f32::from_le_bytes)?;
    let ends = r.numbers(n_terms, "ends of terms", u32::from_le_bytes)?;
    let text_at = r.at();
    let text = r.text(text_len, "terms")?;
    let about = serde_json::from_str(r.text(about_len, "about")?)
        .map_err(|error| ArtifactError::Invalid(format!("about is not a JSON object: {error}")))?;
    let mut examples = Vec::with_capacity(n_examples);
    for _ in 0..n_examples {
        let len = length(&mut r, Limits::EXAMPLE, "length of an example")?;
        let text = r.text(len, "example")?.to_owned();
        examples.push(Example { text, score: r.f64("score of an example")? });
    }
    let [stop_words, nouns, irregular_nouns] = list_lens;
    let stop_words = stop_words_from(&mut r, stop_words)?;
    let lemmatizer = match flags & flags::LEMMAS {
        0 => Lemmatizer::None,
        _ => Lemmatizer::Wordnet(lemmas_from(&mut r, nouns, irregular_nouns)?),
    };
    if r.remaining() > 0 {
        return Err(ArtifactError::at_most(
            "length of the file",
            r.at() + CHECKSUM,
            bytes.len(),
            12,
        ));
    }
    let options = flags::options(flags, ngram_range, stop_words, lemmatizer);
    let oldest = version_of(&options, calibration);
    if version != oldest {
        let bound = format!("{oldest} for these options");
        return Err(ArtifactError::bound("format version", bound, version, MAGIC.len()));
    }
    let vocabulary = Vocabulary::new(terms(text, &ends, text_at)?)?;
    let vectorizer = Vectorizer::new(vocabulary, options, n_documents, document_frequency)?;
    Ok((ModelParts { name, vectorizer, weights, intercept, calibration, about }, examples))
}

fn stop_words_from(r: &mut Reader<'_>, len: usize) -> Result<StopWords, ArtifactError> {
    let at = r.at();
    let text = r.text(len, "stop words")?;
    let stop_words = StopWords::from_list(text)
        .map_err(|error| ArtifactError::Invalid(format!("stop words: {error}")))?;
    if stop_words.text() != text {
        return Err(no_line_feed("stop words", at + len));
    }
    Ok(stop_words)
}

fn lemmas_from(
    r: &mut Reader<'_>,
    n_nouns: usize,
    n_irregular: usize,
) -> Result<NounLemmas, ArtifactError> {
    let nouns = r.text(n_nouns, "nouns")?;
    let middle = r.at();
    let irregular = r.text(n_irregular, "irregular nouns")?;
    let lemmas = NounLemmas::from_lists(nouns, irregular)?;
    if lemmas.nouns() != nouns {
        return Err(no_line_feed("nouns", middle));
    }
    if lemmas.irregular() != irregular {
        return Err(no_line_feed("irregular nouns", r.at()));
    }
    Ok(lemmas)
}

/// A list whose last line is not ended, or where a line has something other than words and single
/// spaces.
fn no_line_feed(what: &str, at: usize) -> ArtifactError {
    ArtifactError::bound(what, "whole lines", "something between them", at)
}

/// Magic, version, length and checksum; gives the version and the bytes before the checksum.
fn check_frame(bytes: &[u8]) -> Result<(u32, &[u8]), ArtifactError> {
    if bytes.len() > Limits::FILE {
        return Err(ArtifactError::at_most("length of the file", Limits::FILE, bytes.len(), 0));
    }
    let mut r = Reader::new(bytes);
    let begins = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(begins) || begins.is_empty() {
        return Err(ArtifactError::Invalid(format!(
            "not a Verdict model: byte 0 must begin {MAGIC:02x?}, got {begins:02x?}"
        )));
    }
    r.take(MAGIC.len(), "magic")?;
    let version = r.u32("format version")?;
    if !(1..=FORMAT_VERSION).contains(&version) {
        return Err(ArtifactError::Invalid(format!(
            "model format version must be 1 to {FORMAT_VERSION}, got {version} (byte 8): written by a newer release?"
        )));
    }
    let total = r.u64("length of the file")?;
    if total > bytes.len() as u64 {
        let needs = usize::try_from(total).unwrap_or(usize::MAX);
        return Err(ArtifactError::truncated("file", 0, needs, bytes.len()));
    }
    let split = bytes.len().checked_sub(CHECKSUM).and_then(|at| bytes.split_at_checked(at));
    let (body, checksum) =
        split.ok_or_else(|| ArtifactError::truncated("checksum", 0, CHECKSUM, bytes.len()))?;
    if total != bytes.len() as u64 || Sha256::digest(body).as_slice() != checksum {
        return Err(ArtifactError::Checksum);
    }
    Ok((version, body))
}

fn terms<'a>(text: &'a str, ends: &[u32], text_at: usize) -> Result<Vec<&'a str>, ArtifactError> {
    let mut start = 0;
    let mut terms = Vec::with_capacity(ends.len());
    for &end in ends {
        let end = end as usize;
        let term = text.get(start..end).ok_or_else(|| {
            ArtifactError::at_most("end of a term", text.len(), end, text_at + start)
        })?;
        terms.push(term);
        start = end;
    }
    if start != text.len() {
        return Err(ArtifactError::at_most("end of the last term", text.len(), start, text_at));
    }
    Ok(terms)
}

fn length(r: &mut Reader<'_>, most: usize, what: &str) -> Result<usize, ArtifactError> {
    let at = r.at();
    let len = r.u32(what)? as usize;
    if len <= most { Ok(len) } else { Err(ArtifactError::at_most(what, most, len, at)) }
}
