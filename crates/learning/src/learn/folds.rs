//! The folds of a cross-validation, of `trainer tune` and of calibration.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Which fold each row is in.
///
/// Folds are stratified: each has its share of both classes, within one row, as those of
/// scikit-learn's `StratifiedKFold`. Which row of a class goes where follows from what it holds and
/// not from where it stands, so no order of the rows, sorted or periodic, gives other folds than
/// any other order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Deals groups of rows out to `n` folds, so that the rows of one group are in one fold: those
    /// with the most rows of the rarer class first, each into the fold that has the fewest of these,
    /// then the others by all of their rows. `None` where a fold would be without one of the
    /// classes. `groups` names the group of each row by one of its rows.
    #[must_use]
    pub fn of_groups(groups: &[u32], keys: &[u64], labels: &[bool], n: usize) -> Option<Self> {
        let positive = labels.iter().filter(|&&label| label).count();
        let rarer = positive * 2 <= labels.len();
        // Rows of the rarer class, all rows, and the least key, so that no order of rows decides.
        let mut of_group = vec![(0_usize, 0_usize, u64::MAX); groups.len()];
        for ((&group, &key), &label) in groups.iter().zip(keys).zip(labels) {
            let (rare, all, least) = &mut of_group[group as usize];
            *rare += usize::from(label == rarer);
            *all += 1;
            *least = key.min(*least);
        }
        let mut order: Vec<usize> = (0..groups.len()).filter(|&g| of_group[g].1 > 0).collect();
        order.sort_unstable_by_key(|&group| (Reverse(of_group[group]), group));
        let mut folds = vec![(0_usize, 0_usize); n.max(1)];
        let mut of_group_fold = vec![0; groups.len()];
        for group in order {
            let (rare, all, _) = of_group[group];
            let fewest = folds.iter().enumerate().min_by_key(|(_, (has_rare, has_all))| {
                if rare > 0 { (*has_rare, *has_all) } else { (*has_all, *has_rare) }
            });
            let fold = fewest.map_or(0, |(fold, _)| fold);
            of_group_fold[group] = fold as u32;
            folds[fold].0 += rare;
            folds[fold].1 += all;
        }
        let of_row = groups.iter().map(|&group| of_group_fold[group as usize]).collect();
        folds.iter().all(|&(rare, all)| 0 < rare && rare < all).then_some(Self { of_row, n })
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
