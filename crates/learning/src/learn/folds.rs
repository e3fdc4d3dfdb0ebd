//! The folds of a cross-validation, the same ones for calibration and `trainer tune`.

/// Which fold each row is in.
///
/// Folds are stratified: each has its share of both classes, within one row, as those of
/// scikit-learn's `StratifiedKFold`. Which row of a class goes where follows from what it holds and
/// not from where it stands, so no order of the rows, sorted or periodic, gives other folds than
/// any other order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    of_row: Vec<u32>,
    n: usize,
}

/// One of the [`Folds`].
#[derive(Debug, Clone, Copy)]
pub struct Fold<'f> {
    of_row: &'f [u32],
    index: u32,
}

impl Folds {
    /// Deals the rows out to `n` folds in turn, negative ones first, each class in the order of its
    /// keys. `keys` and `labels` have one entry a row; a key is a hash of what the row holds. Rows
    /// of one key are interchangeable.
    ///
    /// A class of fewer rows than folds is missing from some of them; training and search refuse
    /// that before.
    #[must_use]
    pub fn new(keys: &[u64], labels: &[bool], n: usize) -> Self {
        let mut rows: Vec<(bool, u64, usize)> = labels
            .iter()
            .zip(keys)
            .enumerate()
            .map(|(row, (&label, &key))| (label, key, row))
            .collect();
        rows.sort_unstable();
        let mut of_row = vec![0; rows.len()];
        for (place, (_, _, row)) in rows.into_iter().enumerate() {
            of_row[row] = (place % n.max(1)) as u32;
        }
        Self { of_row, n }
    }

    /// How many there are.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The fold of this number, from 0.
    #[must_use]
    pub fn fold(&self, index: usize) -> Fold<'_> {
        Fold { of_row: &self.of_row, index: index as u32 }
    }
}

impl Fold<'_> {
    /// Whether row `row` is in this fold.
    #[inline]
    #[must_use]
    pub fn has(self, row: usize) -> bool {
        self.of_row[row] == self.index
    }
}
