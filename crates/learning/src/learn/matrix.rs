//! The training matrix: sparse rows, kept as the factors that TF-IDF makes them of.
//!
//! A value is `row factor · tf · idf`, and most terms occur once in a review, where tf is 1. So a
//! row is its factor, the list of its terms, and for those that occur more than once what tf is
//! beyond 1; idf belongs to the column. That is four bytes a value instead of eight or twelve, and
//! its products need no multiplication. Columns are numbered by how many reviews have them, so that
//! the most used weights share few cache lines.

use super::columns::Columns;
use super::reference::seen_among_others;
use crate::windows::Length;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::{Range, RangeInclusive};
use verdict_sentiment::{Scratch, Seen, Vectorizer};

/// Blocks of few reviews, and the most there are.
const BLOCKS: RangeInclusive<usize> = 8..=128;
/// Reviews in a block, between these.
const ROWS: usize = 1 << 14;

/// Reviews in each block but the last. It depends on nothing but how many there are, so that sums
/// over blocks have the same bits whatever the number of threads, or of machines.
#[must_use]
pub fn rows_a_block(n_reviews: usize) -> usize {
    let n_blocks = n_reviews.div_ceil(ROWS).clamp(*BLOCKS.start(), *BLOCKS.end());
    n_reviews.div_ceil(n_blocks).max(1)
}

/// Sparse rows in blocks. Columns are numbered by rank: see [`Columns`].
#[derive(Debug, Default)]
pub struct Matrix {
    /// The blocks, in the order of the rows.
    pub blocks: Vec<Block>,
    /// Number of rows.
    pub n_rows: usize,
    /// The columns.
    pub columns: Columns,
}

/// The rows of windows of reviews, beside the [`Matrix`] of the reviews; by default none.
#[derive(Debug, Default)]
pub struct WindowRows {
    /// A row for each window, with the columns of the reviews' matrix. A block has the windows of
    /// the reviews in the block of that place.
    pub matrix: Matrix,
    /// The row of the review that each is a window of, ascending.
    pub review: Vec<u32>,
}

/// Contiguous rows of a [`Matrix`].
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Block {
    /// The number of its first row in the whole matrix.
    pub first_row: usize,
    factors: Vec<f64>,
    /// Ranks of each row's terms.
    terms: Ragged<u32>,
    /// Rank and `tf - 1` of those terms whose tf is not 1.
    repeats: Ragged<(u32, f32)>,
}

/// Rows of different lengths, one after another.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ragged<T> {
    ends: Vec<usize>,
    items: Vec<T>,
}

impl<T> Ragged<T> {
    fn row(&self, i: usize) -> &[T] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.items[start..self.ends[i]]
    }

    fn end_row(&mut self) {
        self.ends.push(self.items.len());
    }
}

/// One row of a [`Matrix`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'m> {
    /// Its number in the whole matrix.
    pub number: usize,
    factor: f64,
    /// The ranks of its terms.
    pub terms: &'m [u32],
    repeats: &'m [(u32, f32)],
}

impl Row<'_> {
    /// Its product with weights that have been multiplied with the column factors.
    #[inline]
    #[must_use]
    pub fn dot(self, weights: &[f64]) -> f64 {
        // Four sums, so that additions need not wait for each other.
        let mut sums = [0.0; 4];
        let chunks = self.terms.chunks_exact(4);
        for &rank in chunks.remainder() {
            sums[0] += weights[rank as usize];
        }
        for chunk in chunks {
            for (sum, &rank) in sums.iter_mut().zip(chunk) {
                *sum += weights[rank as usize];
            }
        }
        let mut sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        for &(rank, more) in self.repeats {
            sum += f64::from(more) * weights[rank as usize];
        }
        sum * self.factor
    }

    /// Adds `scale` times the row to `sums`, which lack the column factors.
    #[inline]
    pub fn add_to(self, sums: &mut [f64], scale: f64) {
        let scale = scale * self.factor;
        for &rank in self.terms {
            sums[rank as usize] += scale;
        }
        for &(rank, more) in self.repeats {
            sums[rank as usize] += scale * f64::from(more);
        }
    }

    /// A hash of what the row holds. Rows of one key are equal, whatever their texts were.
    #[must_use]
    pub fn key(self) -> u64 {
        // Any seed gives an order that is as good; another one gives other folds, and so another
        // model.
        const SEED: u64 = 42;
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        let step = |state: u64, word: u64| (state.rotate_left(23) ^ word).wrapping_mul(ODD);
        let terms = self.terms.iter().map(|&rank| u64::from(rank));
        let repeats = self.repeats.iter();
        let repeats =
            repeats.map(|&(rank, more)| u64::from(rank) << 32 | u64::from(more.to_bits()));
        // The length first: it says where the terms end and the repeats begin.
        let start = SEED ^ self.terms.len() as u64;
        let z = terms.chain(repeats).fold(start, step);
        // The finaliser of SplitMix64 (Steele, Lea and Flood 2014): all bits of the order depend on
        // all of the row.
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Adds the squares of the row's values to `sums`, which lack the squares of the column
    /// factors.
    pub fn add_squares_to(self, sums: &mut [f64]) {
        let square = self.factor * self.factor;
        for &rank in self.terms {
            sums[rank as usize] += square;
        }
        for &(rank, more) in self.repeats {
            let tf = 1.0 + f64::from(more);
            sums[rank as usize] += square * (tf * tf - 1.0);
        }
    }
}

/// Rows as SciPy keeps them, and the factors of their values.
#[derive(Debug, Default)]
pub struct Csr {
    /// Where each row begins in the arrays of values; one more than there are rows.
    pub indptr: Vec<i64>,
    /// Column of each value.
    pub indices: Vec<i32>,
    /// The values.
    pub data: Vec<f64>,
    /// Term weight of each value, less 1: 0 for a term that occurs once.
    pub tf_minus_1: Vec<f32>,
    /// Factor of each row, which makes its length 1.
    pub row_factors: Vec<f64>,
}

/// Puts a matrix together row by row.
#[derive(Debug)]
pub struct MatrixBuilder {
    matrix: Matrix,
    ranks: Vec<u32>,
    rows_a_block: usize,
}

impl MatrixBuilder {
    /// A builder of the rows of so many reviews, or of their windows.
    #[must_use]
    pub fn new(n_reviews: usize, columns: Columns) -> Self {
        let ranks = columns.ranks();
        let matrix = Matrix { columns, ..Matrix::default() };
        Self { matrix, ranks, rows_a_block: rows_a_block(n_reviews) }
    }

    /// Adds a row of review number `review`, which never falls: the columns of its terms, what tf is
    /// beyond 1 of each, and its factor.
    pub fn row(&mut self, review: usize, columns: impl Iterator<Item = (u32, f32)>, factor: f64) {
        let Matrix { blocks, n_rows, .. } = &mut self.matrix;
        while blocks.len() <= review / self.rows_a_block {
            blocks.push(Block { first_row: *n_rows, ..Block::default() });
        }
        if let Some(block) = blocks.last_mut() {
            for (column, tf_minus_1) in columns {
                block.push(self.ranks[column as usize], tf_minus_1);
            }
            block.end_row(factor);
            *n_rows += 1;
        }
    }

    /// The matrix.
    #[must_use]
    pub fn finish(self) -> Matrix {
        self.matrix
    }
}

impl Matrix {
    /// One row for each text, by the function that serving uses.
    #[must_use]
    pub fn new(vectorizer: &Vectorizer, texts: &[impl AsRef<str> + Sync]) -> Self {
        Self::of_training(vectorizer, texts).0
    }

    /// One row for each text that the vectoriser was fitted on, and what a model without that text
    /// would have seen of it.
    #[must_use]
    pub fn of_training(
        vectorizer: &Vectorizer,
        texts: &[impl AsRef<str> + Sync],
    ) -> (Self, Vec<Seen>) {
        let columns = Columns::of(vectorizer);
        let ranks = columns.ranks();
        let size = rows_a_block(texts.len());
        let (blocks, seen): (Vec<_>, Vec<_>) =
            texts.par_chunks(size).map(|texts| Block::new(vectorizer, &ranks, texts)).unzip();
        (Self::of_blocks(blocks, columns), seen.into_iter().flatten().collect())
    }

    fn of_blocks(mut blocks: Vec<Block>, columns: Columns) -> Self {
        let mut n_rows = 0;
        for block in &mut blocks {
            block.first_row = n_rows;
            n_rows += block.n_rows();
        }
        Self { blocks, n_rows, columns }
    }

    /// The rows as SciPy keeps them, terms in the order in which they stand here.
    #[must_use]
    pub fn to_csr(&self) -> Csr {
        let mut csr = Csr { indptr: vec![0], ..Csr::default() };
        for row in self.rows() {
            let mut repeats = row.repeats.iter().peekable();
            for &rank in row.terms {
                // A repeated term stands in both lists, in the same order.
                let more = repeats.next_if(|(repeated, _)| *repeated == rank);
                let more = more.map_or(0.0, |&(_, more)| more);
                let factor = self.columns.factors[rank as usize];
                csr.indices.push(self.columns.number[rank as usize] as i32);
                csr.tf_minus_1.push(more);
                csr.data.push((1.0 + f64::from(more)) * factor * row.factor);
            }
            csr.row_factors.push(row.factor);
            csr.indptr.push(csr.indices.len() as i64);
        }
        csr
    }

    /// The rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.blocks.iter().flat_map(Block::rows)
    }
}

impl WindowRows {
    /// So many windows of one sentence, and as many of two, of each text that has them.
    #[must_use]
    pub fn new(vectorizer: &Vectorizer, texts: &[impl AsRef<str> + Sync], n: u64) -> Self {
        let columns = Columns::of(vectorizer);
        let ranks = columns.ranks();
        let size = rows_a_block(texts.len());
        let (blocks, reviews): (Vec<_>, Vec<_>) = texts
            .par_chunks(size)
            .enumerate()
            .map(|(i, texts)| Self::block(vectorizer, &ranks, texts, i * size, n))
            .unzip();
        Self { matrix: Matrix::of_blocks(blocks, columns), review: reviews.concat() }
    }

    /// The windows of neighbouring texts, and the review of each; `first` is the row of the first.
    #[must_use]
    pub fn block(
        vectorizer: &Vectorizer,
        ranks: &[u32],
        texts: &[impl AsRef<str>],
        first: usize,
        n: u64,
    ) -> (Block, Vec<u32>) {
        let lengths = [Length::OneSentence, Length::TwoSentences];
        let mut windows = Vec::new();
        let mut review = Vec::new();
        for (row, text) in (first..).zip(texts) {
            let draws = (0..n).flat_map(|i| lengths.map(|length| length.draw(text.as_ref(), i)));
            windows.extend(draws.flatten());
            review.resize(windows.len(), row as u32);
        }
        (Block::new(vectorizer, ranks, &windows).0, review)
    }
}

impl Block {
    /// A row for each text, and what a model without that text would have seen of it; `ranks` are
    /// those of the vectoriser's columns. Its first row is 0.
    #[must_use]
    pub fn new(
        vectorizer: &Vectorizer,
        ranks: &[u32],
        texts: &[impl AsRef<str>],
    ) -> (Self, Vec<Seen>) {
        let mut scratch = Scratch::default();
        let mut seen = Vec::with_capacity(texts.len());
        let mut block = Self::default();
        for text in texts {
            let factor = vectorizer.factors(&mut scratch, text.as_ref(), |column, tf| {
                block.push(ranks[column as usize], (tf - 1.0) as f32);
            });
            block.end_row(factor);
            seen.push(seen_among_others(&scratch, vectorizer.document_frequency()));
        }
        (block, seen)
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.factors.len()
    }

    /// The numbers of its rows in the whole matrix.
    #[must_use]
    pub fn numbers(&self) -> Range<usize> {
        self.first_row..self.first_row + self.n_rows()
    }

    fn push(&mut self, rank: u32, tf_minus_1: f32) {
        self.terms.items.push(rank);
        if tf_minus_1 != 0.0 {
            self.repeats.items.push((rank, tf_minus_1));
        }
    }

    fn end_row(&mut self, factor: f64) {
        self.factors.push(factor);
        self.terms.end_row();
        self.repeats.end_row();
    }

    /// The rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.factors.iter().enumerate().map(|(i, &factor)| Row {
            number: self.first_row + i,
            factor,
            terms: self.terms.row(i),
            repeats: self.repeats.row(i),
        })
    }
}
