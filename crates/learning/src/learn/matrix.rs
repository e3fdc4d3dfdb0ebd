//! The training matrix: sparse rows, kept as the factors that TF-IDF makes them of.
//!
//! A value is `row factor · tf · idf`, and most terms occur once in a review, where tf is 1. So a
//! row is its factor, the list of its terms, and for those that occur more than once what tf is
//! beyond 1; idf belongs to the column. That is four bytes a value instead of eight or twelve, and
//! its products need no multiplication. Columns are numbered by how many reviews have them, so that
//! the most used weights share few cache lines.

use super::reference::seen_among_others;
use crate::windows::Length;
use rayon::prelude::*;
use verdict_sentiment::{Scratch, Seen, Vectorizer};

/// The number of blocks never depends on the number of threads, so that sums over blocks have the
/// same bits always.
const BLOCKS: usize = 8;

/// Sparse rows in blocks. Columns are numbered by rank: see [`Matrix::column_of_rank`].
#[derive(Debug, Default)]
pub struct Matrix {
    /// The blocks, in the order of the rows.
    pub blocks: Vec<Block>,
    /// Number of rows.
    pub n_rows: usize,
    /// Factor of each column, by rank: its idf.
    pub column_factors: Vec<f64>,
    /// The vectoriser's column of each rank; rank 0 is the column that most rows have.
    pub column_of_rank: Vec<u32>,
}

/// The rows of windows of reviews, beside the [`Matrix`] of the reviews; by default none.
#[derive(Debug, Default)]
pub struct WindowRows {
    /// A row for each window, with the columns of the reviews' matrix.
    pub matrix: Matrix,
    /// The row of the review that each is a window of, ascending.
    pub review: Vec<u32>,
}

/// Contiguous rows of a [`Matrix`].
#[derive(Debug, Default)]
pub struct Block {
    first_row: usize,
    factors: Vec<f64>,
    /// Ranks of each row's terms.
    terms: Ragged<u32>,
    /// Rank and `tf - 1` of those terms whose tf is not 1.
    repeats: Ragged<(u32, f32)>,
}

/// Rows of different lengths, one after another.
#[derive(Debug, Default)]
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
    terms: &'m [u32],
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

    fn key(self) -> u64 {
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
    rank_of_column: Vec<u32>,
    rows_a_block: usize,
}

impl MatrixBuilder {
    /// A builder of `n_rows` rows; `document_frequency` and `column_factors` (idf) have one number
    /// for each column.
    #[must_use]
    pub fn new(n_rows: usize, document_frequency: &[u32], column_factors: &[f64]) -> Self {
        let (column_of_rank, rank_of_column) = ranks(document_frequency);
        let column_factors = by_rank(&column_of_rank, column_factors);
        Self {
            matrix: Matrix { blocks: Vec::new(), n_rows, column_factors, column_of_rank },
            rank_of_column,
            rows_a_block: rows_a_block(n_rows),
        }
    }

    /// Ends the row at hand and begins the next: the columns of its terms, what tf is beyond 1 of
    /// each, and its factor.
    pub fn row(&mut self, columns: impl Iterator<Item = (u32, f32)>, factor: f64) {
        let full = |block: &Block| block.factors.len() == self.rows_a_block;
        if self.matrix.blocks.last().is_none_or(full) {
            self.matrix.blocks.push(Block {
                first_row: self.matrix.blocks.len() * self.rows_a_block,
                ..Block::default()
            });
        }
        if let Some(block) = self.matrix.blocks.last_mut() {
            for (column, tf_minus_1) in columns {
                block.push(self.rank_of_column[column as usize], tf_minus_1);
            }
            block.end_row(factor);
        }
    }

    /// The matrix.
    #[must_use]
    pub fn finish(self) -> Matrix {
        self.matrix
    }
}

/// Columns by the number of documents that have them, the most frequent first: the column of each
/// rank, and the rank of each column.
fn ranks(document_frequency: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut column_of_rank: Vec<u32> = (0..document_frequency.len() as u32).collect();
    column_of_rank.sort_by_key(|&column| std::cmp::Reverse(document_frequency[column as usize]));
    let mut rank_of_column = vec![0; column_of_rank.len()];
    for (rank, &column) in column_of_rank.iter().enumerate() {
        rank_of_column[column as usize] = rank as u32;
    }
    (column_of_rank, rank_of_column)
}

fn by_rank(column_of_rank: &[u32], by_column: &[f64]) -> Vec<f64> {
    column_of_rank.iter().map(|&column| by_column[column as usize]).collect()
}

fn rows_a_block(n_rows: usize) -> usize {
    n_rows.div_ceil(BLOCKS).max(1)
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
        let (column_of_rank, rank_of_column) = ranks(vectorizer.document_frequency());
        let size = rows_a_block(texts.len());
        let blocks = texts.par_chunks(size).enumerate();
        let (blocks, seen): (Vec<_>, Vec<_>) = blocks
            .map(|(i, texts)| Block::new(vectorizer, &rank_of_column, texts, i * size))
            .unzip();
        let matrix = Self {
            blocks,
            n_rows: texts.len(),
            column_factors: by_rank(&column_of_rank, vectorizer.idf()),
            column_of_rank,
        };
        (matrix, seen.into_iter().flatten().collect())
    }

    /// The rows as SciPy keeps them, terms in the order in which they stand here.
    #[must_use]
    pub fn to_csr(&self) -> Csr {
        let mut csr = Csr { indptr: vec![0], ..Csr::default() };
        for row in self.blocks.iter().flat_map(Block::rows) {
            let mut repeats = row.repeats.iter().peekable();
            for &rank in row.terms {
                // A repeated term stands in both lists, in the same order.
                let more = repeats.next_if(|(repeated, _)| *repeated == rank);
                let more = more.map_or(0.0, |&(_, more)| more);
                let factor = self.column_factors[rank as usize];
                csr.indices.push(self.column_of_rank[rank as usize] as i32);
                csr.tf_minus_1.push(more);
                csr.data.push((1.0 + f64::from(more)) * factor * row.factor);
            }
            csr.row_factors.push(row.factor);
            csr.indptr.push(csr.indices.len() as i64);
        }
        csr
    }

    /// Calls `f` on each row whose number `takes` says so, with `n` sums of the row's block; adds
    /// the numbers that `f` gives and the sums up in the order of the blocks, so that the bits
    /// never depend on the threads.
    pub fn sum_over(
        &self,
        n: usize,
        takes: impl Fn(usize) -> bool + Sync,
        f: impl Fn(Row<'_>, &mut [f64]) -> f64 + Sync,
    ) -> (f64, Vec<f64>) {
        let of_block = |block: &Block| {
            let mut sums = vec![0.0; n];
            let mut number = 0.0;
            for row in block.rows().filter(|row| takes(row.number)) {
                number += f(row, &mut sums);
            }
            (number, sums)
        };
        let parts: Vec<(f64, Vec<f64>)> = self.blocks.par_iter().map(of_block).collect();
        let mut total = (0.0, vec![0.0; n]);
        for (number, sums) in parts {
            total.0 += number;
            let sums = total.1.iter_mut().zip(sums);
            sums.for_each(|(total, sum)| *total += sum);
        }
        total
    }

    /// A hash of what each row holds, in the order of the rows. Rows with one hash are equal,
    /// whatever their texts were.
    #[must_use]
    pub fn row_keys(&self) -> Vec<u64> {
        let of_block = |block: &Block| block.rows().map(Row::key).collect::<Vec<_>>();
        let blocks: Vec<_> = self.blocks.par_iter().map(of_block).collect();
        blocks.concat()
    }

    /// The number of terms of each row, in the order of the rows.
    #[must_use]
    pub fn n_terms(&self) -> Vec<usize> {
        self.terms().map(<[u32]>::len).collect()
    }

    /// The ranks of each row's terms, in the order of the rows.
    pub fn terms(&self) -> impl Iterator<Item = &[u32]> {
        self.blocks.iter().flat_map(Block::rows).map(|row| row.terms)
    }

    /// The rows, ascending, that have the term of each rank; none for a term in more than `most`.
    #[must_use]
    pub fn rows_of_rare_terms(&self, most: usize) -> Vec<Vec<u32>> {
        let mut counts = vec![0; self.n_columns()];
        self.terms().flatten().for_each(|&rank| counts[rank as usize] += 1);
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); counts.len()];
        for (row, terms) in self.terms().enumerate() {
            for &rank in terms.iter().filter(|&&rank| counts[rank as usize] <= most) {
                rows[rank as usize].push(row as u32);
            }
        }
        rows
    }

    /// Number of columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.column_of_rank.len()
    }

    /// Numbers for each rank in the order of the vectoriser's columns.
    #[must_use]
    pub fn by_column(&self, by_rank: &[f64]) -> Vec<f64> {
        let mut by_column = vec![0.0; by_rank.len()];
        for (&column, &number) in self.column_of_rank.iter().zip(by_rank) {
            by_column[column as usize] = number;
        }
        by_column
    }
}

impl WindowRows {
    /// So many windows of one sentence, and as many of two, of each text that has them.
    #[must_use]
    pub fn new(vectorizer: &Vectorizer, texts: &[impl AsRef<str> + Sync], n: u64) -> Self {
        fn windows(text: &str, n: u64) -> impl Iterator<Item = &str> {
            let lengths = [Length::OneSentence, Length::TwoSentences];
            (0..n).flat_map(move |i| lengths.into_iter().filter_map(move |l| l.draw(text, i)))
        }
        let of_text = |row: usize| {
            let windows = windows(texts[row].as_ref(), n);
            windows.map(move |window| (row as u32, window)).collect::<Vec<_>>()
        };
        let (review, windows): (Vec<u32>, Vec<&str>) =
            (0..texts.len()).into_par_iter().flat_map_iter(of_text).unzip();
        Self { matrix: Matrix::new(vectorizer, &windows), review }
    }

    /// The place of each among the windows of its review, from 0: even ones are one sentence, odd
    /// ones two, or again one where the review has no more.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        let of_review = |windows: &[u32]| 0..windows.len();
        self.review.chunk_by(|a, b| a == b).flat_map(of_review).collect()
    }
}

impl Block {
    fn new(
        vectorizer: &Vectorizer,
        rank_of_column: &[u32],
        texts: &[impl AsRef<str>],
        first_row: usize,
    ) -> (Self, Vec<Seen>) {
        let mut scratch = Scratch::default();
        let mut seen = Vec::with_capacity(texts.len());
        let mut block = Self { first_row, ..Self::default() };
        for text in texts {
            let factor = vectorizer.factors(&mut scratch, text.as_ref(), |column, tf| {
                block.push(rank_of_column[column as usize], (tf - 1.0) as f32);
            });
            block.end_row(factor);
            seen.push(seen_among_others(&scratch, vectorizer.document_frequency()));
        }
        (block, seen)
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
