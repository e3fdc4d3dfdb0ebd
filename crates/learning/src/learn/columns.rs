//! The columns of a training matrix, numbered by how many reviews have them.

use verdict_sentiment::Vectorizer;

/// The columns of a vectoriser, by rank: rank 0 is the column that most reviews have.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Factor of each: its idf.
    pub factors: Vec<f64>,
    /// Reviews that have each, descending.
    pub document_frequency: Vec<u32>,
    /// The vectoriser's number of each.
    pub number: Vec<u32>,
}

impl Columns {
    /// The columns of a vectoriser: its idf, and the reviews that it was fitted on.
    #[must_use]
    pub fn of(vectorizer: &Vectorizer) -> Self {
        Self::new(vectorizer.document_frequency(), vectorizer.idf())
    }

    /// Columns of which so many documents have each, with their factors.
    #[must_use]
    pub fn new(document_frequency: &[u32], factors: &[f64]) -> Self {
        let mut number: Vec<u32> = (0..document_frequency.len() as u32).collect();
        number.sort_by_key(|&column| std::cmp::Reverse(document_frequency[column as usize]));
        let frequencies = number.iter().map(|&column| document_frequency[column as usize]);
        Self {
            factors: number.iter().map(|&column| factors[column as usize]).collect(),
            document_frequency: frequencies.collect(),
            number,
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.number.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.number.is_empty()
    }

    /// The rank of each of the vectoriser's columns.
    #[must_use]
    pub fn ranks(&self) -> Vec<u32> {
        let mut rank_of = vec![0; self.len()];
        for (rank, &column) in self.number.iter().enumerate() {
            rank_of[column as usize] = rank as u32;
        }
        rank_of
    }

    /// Numbers for each rank in the order of the vectoriser's columns.
    #[must_use]
    pub fn by_column(&self, by_rank: &[f64]) -> Vec<f64> {
        let mut by_column = vec![0.0; by_rank.len()];
        for (&column, &number) in self.number.iter().zip(by_rank) {
            by_column[column as usize] = number;
        }
        by_column
    }

    /// Numbers for each of the vectoriser's columns in the order of the ranks.
    #[must_use]
    pub fn by_rank(&self, by_column: &[f64]) -> Vec<f64> {
        self.number.iter().map(|&column| by_column[column as usize]).collect()
    }

    /// The first rank of the columns that at most `most` reviews have.
    #[must_use]
    pub fn first_rare(&self, most: usize) -> u32 {
        self.document_frequency.partition_point(|&n| n as usize > most) as u32
    }
}
