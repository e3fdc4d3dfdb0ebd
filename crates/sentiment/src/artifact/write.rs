//! A model to bytes.

use super::flags;
use super::format::{
    CHECKSUM, Example, IRREGULAR_NOUNS, Limits, MAGIC, NOUNS, STOP_WORDS, version_of,
};
use crate::error::ArtifactError;
use crate::ngram::NgramRange;
use crate::parts::ModelParts;
use crate::preprocess::{Lemmatizer, Preprocessing};
use crate::vocabulary::Vocabulary;
use sha2::{Digest, Sha256};

pub(crate) fn encode(parts: &ModelParts, examples: &[Example]) -> Result<Vec<u8>, ArtifactError> {
    let about = parts.about.to_string();
    let vectorizer = &parts.vectorizer;
    let vocabulary = vectorizer.vocabulary();
    let options = vectorizer.options();
    let version = version_of(options, parts.calibration);
    let lists = Lists::of(&options.analyzer.preprocessing);
    let mut out =
        Vec::with_capacity(vocabulary.len() * 12 + vocabulary.text().len() + about.len() + 4096);
    out.extend(MAGIC);
    put_u32(&mut out, version);
    out.extend([0; 8]); // the length, once it is known
    put_len(&mut out, vocabulary.len(), Vocabulary::MAX_TERMS, "number of terms")?;
    put_u32(&mut out, vectorizer.n_documents());
    put_len(&mut out, options.ngram_range.min(), NgramRange::LONGEST, "shortest n-gram")?;
    put_len(&mut out, options.ngram_range.max(), NgramRange::LONGEST, "longest n-gram")?;
    put_u32(&mut out, flags::of(options, parts.calibration));
    for number in [parts.intercept, parts.calibration.slope, parts.calibration.offset] {
        out.extend(number.to_le_bytes());
    }
    put_len(&mut out, parts.name.len(), Limits::NAME, "length of the name")?;
    put_len(&mut out, vocabulary.text().len(), Limits::FILE, "length of the terms")?;
    put_len(&mut out, about.len(), Limits::ABOUT, "length of about")?;
    put_len(&mut out, examples.len(), Limits::EXAMPLES, "number of examples")?;
    put_u32(&mut out, 0);
    if version > 1 {
        for (list, most, what) in lists.each() {
            put_len(&mut out, list.len(), most, what)?;
        }
    }
    if let Some(long) = parts.calibration.long {
        out.extend(long.to_le_bytes());
    }
    out.extend(parts.name.bytes());
    vectorizer.document_frequency().iter().for_each(|&df| put_u32(&mut out, df));
    parts.weights.iter().for_each(|weight| out.extend(weight.to_le_bytes()));
    vocabulary.ends().iter().for_each(|&end| put_u32(&mut out, end));
    out.extend(vocabulary.text().bytes());
    out.extend(about.bytes());
    for example in examples {
        put_len(&mut out, example.text.len(), Limits::EXAMPLE, "length of an example")?;
        out.extend(example.text.bytes());
        out.extend(example.score.to_le_bytes());
    }
    for (list, ..) in lists.each() {
        out.extend(list.bytes());
    }
    let total = out.len() + CHECKSUM;
    if total > Limits::FILE {
        return Err(ArtifactError::at_most("length of the file", Limits::FILE, total, 0));
    }
    if let Some(length) = out.get_mut(12..20) {
        length.copy_from_slice(&(total as u64).to_le_bytes());
    }
    let checksum = Sha256::digest(&out);
    out.extend(checksum);
    Ok(out)
}

/// The word lists of a model, as text: all empty in format 1.
struct Lists<'m> {
    stop_words: &'m str,
    nouns: &'m str,
    irregular_nouns: String,
}

impl<'m> Lists<'m> {
    fn of(preprocessing: &'m Preprocessing) -> Self {
        let (nouns, irregular_nouns) = match &preprocessing.lemmatizer {
            Lemmatizer::None => ("", String::new()),
            Lemmatizer::Wordnet(lemmas) => (lemmas.nouns(), lemmas.irregular()),
        };
        Self { stop_words: preprocessing.stop_words.text(), nouns, irregular_nouns }
    }

    /// Each list with the largest length that it may have and the name of that.
    fn each(&self) -> [(&str, usize, &'static str); 3] {
        [
            (self.stop_words, Limits::STOP_WORDS, STOP_WORDS),
            (self.nouns, Limits::NOUNS, NOUNS),
            (&self.irregular_nouns, Limits::IRREGULAR_NOUNS, IRREGULAR_NOUNS),
        ]
    }
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
        _ => return Err(ArtifactError::at_most(what, most, len, 0)),
    }
    Ok(())
}
