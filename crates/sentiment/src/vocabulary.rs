//! The terms of a model and the table that finds a term's column by its hash.

#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the hot loop: indices are masked or shifted to the size of the table"
)]

use crate::error::InvalidPart;
use crate::ngram::term_hash;

/// Sorted terms; the column of a term is its rank, as in scikit-learn.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// All terms, one after another.
    text: String,
    /// Where each term ends in `text`.
    ends: Vec<u32>,
    table: Table,
    filter: Filter,
}

/// One bit for the upper bits of each term's hash: small enough for the first-level cache, and most
/// n-grams of a review that are no terms end here.
#[derive(Debug, Clone)]
struct Filter {
    words: Vec<u64>,
    shift: u32,
}

/// Open addressing with linear probing over one word a slot: the upper bits of the term's hash, and
/// in the lower ones its column plus one; 0 is an empty slot. The slot's own number gives the
/// hash's lower bits but for a few lost to probing, so a term that is not in the vocabulary is
/// taken for one with a probability of about 2⁻⁶⁰.
#[derive(Debug, Clone)]
struct Table {
    slots: Vec<u64>,
    column_bits: u32,
}

impl Vocabulary {
    /// Most terms that a vocabulary can have.
    pub const MAX_TERMS: usize = 1 << 24;

    /// Builds the table over terms in strictly ascending order of their bytes.
    ///
    /// # Errors
    /// Where the order does not hold, where a term is empty, where two terms have the same hash, or
    /// where there are more than [`Vocabulary::MAX_TERMS`] terms or 4 GiB of text.
    pub fn new<'a>(terms: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPart> {
        let mut text = String::new();
        let mut ends = Vec::new();
        let mut previous: Option<&str> = None;
        for term in terms {
            let column = ends.len();
            if term.is_empty() {
                return Err(InvalidPart(format!("term {column} is empty")));
            }
            if previous.is_some_and(|previous| previous >= term) {
                return Err(InvalidPart(format!(
                    "term {column}, {term:?}, is not greater than the term before it"
                )));
            }
            previous = Some(term);
            text.push_str(term);
            let end = u32::try_from(text.len()).ok().filter(|_| column < Self::MAX_TERMS);
            ends.push(end.ok_or_else(|| {
                let most = Self::MAX_TERMS;
                InvalidPart(format!("more than {most} terms, or more than 4 GiB of them"))
            })?);
        }
        let mut vocabulary =
            Self { text, ends, table: Table::empty(0), filter: Filter::build([].into_iter(), 0) };
        vocabulary.table = Table::build(&vocabulary)?;
        vocabulary.filter = Filter::build(vocabulary.terms().map(term_hash), vocabulary.len());
        Ok(vocabulary)
    }

    /// Number of terms, and so of columns.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no term at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The readable term of a column, tokens joined by spaces.
    pub fn term(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)? as usize;
        let start = match column {
            0 => 0,
            _ => *self.ends.get(column - 1)? as usize,
        };
        self.text.get(start..end)
    }

    /// All terms in the order of their columns.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|column| self.term(column).unwrap_or_default())
    }

    /// All terms, one after another without anything between them.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where each term ends in [`Vocabulary::text`].
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The column of the term with this hash.
    pub fn column(&self, hash: u64) -> Option<u32> {
        self.table.find_from(hash, self.table.home(hash))
    }

    /// Writes those of `hashes` that may be terms to the front of `candidates` and returns how many
    /// they are. There is no branch that depends on the data, so that the processor runs far ahead.
    #[inline]
    pub(crate) fn sift(&self, hashes: impl Iterator<Item = u64>, candidates: &mut [u64]) -> usize {
        let mut n = 0;
        for hash in hashes {
            candidates[n] = hash;
            n += usize::from(self.filter.has(hash));
        }
        n
    }

    /// Looks candidates up in two passes: what stands in the table, and what that means. The first
    /// waits for the memory and nothing else; the second takes a branch only where two terms want
    /// one slot. `slots` is overwritten, the columns are added to `columns` in the order of the
    /// candidates.
    pub(crate) fn columns_of(
        &self,
        candidates: &[u64],
        slots: &mut Vec<u64>,
        columns: &mut Vec<u32>,
    ) {
        slots.clear();
        slots.extend(candidates.iter().map(|&hash| self.table.first(hash)));
        let mut n = columns.len();
        columns.resize(n + candidates.len(), 0);
        for (&hash, &slot) in candidates.iter().zip(&*slots) {
            let (is_other, column) = self.table.read(slot, hash);
            if is_other {
                if let Some(column) = self.table.find_from(hash, self.table.home(hash)) {
                    columns[n] = column;
                    n += 1;
                }
                continue;
            }
            columns[n] = column;
            n += usize::from(slot != 0);
        }
        columns.truncate(n);
    }
}

impl Filter {
    /// About 13 bits a term, so that one in 13 other n-grams passes, but not more than a
    /// second-level cache holds.
    fn build(hashes: impl Iterator<Item = u64>, n_terms: usize) -> Self {
        let bits = (n_terms * 8).next_power_of_two().clamp(1 << 10, 1 << 22);
        let mut filter =
            Self { words: vec![0; bits / 64], shift: u64::BITS - bits.trailing_zeros() };
        for hash in hashes {
            let bit = hash >> filter.shift;
            filter.words[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        filter
    }

    #[inline]
    fn has(&self, hash: u64) -> bool {
        let bit = hash >> self.shift;
        // The mask changes nothing; it spares a comparison.
        let word = self.words[(bit / 64) as usize & (self.words.len() - 1)];
        word >> (bit % 64) & 1 == 1
    }
}

impl Table {
    fn empty(n_terms: usize) -> Self {
        // At most a sixth full, so that two terms seldom want one slot; at most a third where that
        // would be large.
        let sparsity = if n_terms < 1 << 17 { 6 } else { 3 };
        let slots = (n_terms * sparsity).next_power_of_two().max(16);
        let column_bits = usize::BITS - (n_terms + 1).leading_zeros();
        Self { slots: vec![0; slots], column_bits }
    }

    fn build(vocabulary: &Vocabulary) -> Result<Self, InvalidPart> {
        let mut table = Self::empty(vocabulary.len());
        // The terms of one token come first and get the slot they want more often: they are what
        // texts have most of.
        let is_long = |term: &str| term.contains(' ');
        let (long, short): (Vec<_>, Vec<_>) =
            vocabulary.terms().enumerate().partition(|(_, term)| is_long(term));
        for (column, term) in short.into_iter().chain(long) {
            let hash = term_hash(term);
            if table.find_from(hash, table.home(hash)).is_some() {
                return Err(InvalidPart(format!(
                    "term {term:?} has the same 64-bit hash as another term"
                )));
            }
            let mut at = table.home(hash);
            while table.slots[at] != 0 {
                at = (at + 1) & (table.slots.len() - 1);
            }
            table.slots[at] =
                (hash >> table.column_bits << table.column_bits) | (column as u64 + 1);
        }
        Ok(table)
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the table's size")]
        let at = hash as usize & (self.slots.len() - 1);
        at
    }

    /// What stands where the hash would stand if no other was in its way.
    #[inline]
    fn first(&self, hash: u64) -> u64 {
        self.slots[self.home(hash)]
    }

    /// Whether the slot is taken by another hash, and its column, which means nothing in an empty
    /// slot.
    #[inline]
    fn read(&self, slot: u64, hash: u64) -> (bool, u32) {
        let is_other = slot != 0 && (slot ^ hash) >> self.column_bits != 0;
        let column = slot & ((1 << self.column_bits) - 1);
        #[allow(clippy::cast_possible_truncation, reason = "at most MAX_TERMS")]
        (is_other, (column as u32).wrapping_sub(1))
    }

    /// Looks from slot `at` on until the hash or an empty slot is found.
    fn find_from(&self, hash: u64, mut at: usize) -> Option<u32> {
        while self.slots[at] != 0 {
            let (is_other, column) = self.read(self.slots[at], hash);
            if !is_other {
                return Some(column);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        None
    }
}
