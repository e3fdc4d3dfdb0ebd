//! Rows that are about the same thing: reviews of one film share the names in it, which no other
//! review has.
//!
//! A model that has seen other reviews of a film knows more of one of them than of what it will
//! meet: on random folds it looks surer than it is. So reviews that share rare terms go to one fold
//! ([`Folds::of_groups`](super::folds::Folds::of_groups)).

use super::columns::Columns;
use super::facts::Facts;
use rayon::prelude::*;

/// A term in more rows than this, or than a hundredth of all, says little of what a review is about.
const RARE: usize = 100;
/// Rows that each row is joined with, if no other joins forbid it.
const NEIGHBOURS: usize = 5;
/// A group has at most a hundredth of the rows, so that folds can be of one size.
const SHARES: usize = 100;

/// The first rank of the terms by which rows are alike: those that few rows have.
#[must_use]
pub fn first_rare(columns: &Columns, n_rows: usize) -> u32 {
    columns.first_rare(RARE.min(n_rows / SHARES))
}

/// The group of each row, named by one of its rows; `facts` has the rare terms of each, from
/// [`first_rare`] on.
///
/// Rows are joined in the order of their likeness, the cosine of their rare terms weighed by idf,
/// each with the five that are most like it, up to a hundredth of all rows in a group.
#[must_use]
pub fn groups(facts: &Facts, columns: &Columns) -> Vec<u32> {
    let rows = &facts.rare;
    let keys = &facts.keys;
    let squares = |rank: u32| columns.factors[rank as usize].powi(2);
    let first_rare = first_rare(columns, rows.len());
    let mut rows_of_term = vec![Vec::new(); columns.len() - first_rare as usize];
    for (row, terms) in rows.iter().enumerate() {
        terms.iter().for_each(|rank| rows_of_term[(rank - first_rare) as usize].push(row as u32));
    }
    let length = |terms: &Vec<u32>| terms.iter().map(|&rank| squares(rank)).sum::<f64>().sqrt();
    let lengths: Vec<f64> = rows.iter().map(length).collect();
    let scratch = || (vec![0.0; rows.len()], Vec::new());
    let nearest = |(shared, met): &mut (Vec<f64>, Vec<u32>), row: usize| {
        for &rank in &rows[row] {
            for &other in &rows_of_term[(rank - first_rare) as usize] {
                if shared[other as usize] == 0.0 {
                    met.push(other);
                }
                shared[other as usize] += squares(rank);
            }
        }
        let mut pairs: Vec<Pair> = met
            .drain(..)
            .map(|other| {
                let shared = std::mem::take(&mut shared[other as usize]);
                let likeness = shared / (lengths[row] * lengths[other as usize]);
                Pair { likeness, key: (keys[row], keys[other as usize]), row: row as u32, other }
            })
            .filter(|pair| pair.other != pair.row)
            .collect();
        if pairs.len() > NEIGHBOURS {
            pairs.select_nth_unstable_by(NEIGHBOURS, Pair::most_alike);
            pairs.truncate(NEIGHBOURS);
        }
        pairs
    };
    // Long pieces, since each has a sum for every row.
    let of_rows = (0..rows.len()).into_par_iter().with_min_len(1_000).map_init(scratch, nearest);
    let mut pairs: Vec<Pair> = of_rows.flatten_iter().collect();
    pairs.sort_unstable_by(Pair::most_alike);
    let mut groups = Groups::new(rows.len());
    for pair in pairs {
        groups.join(pair.row, pair.other, rows.len() / SHARES);
    }
    (0..rows.len() as u32).map(|row| groups.of(row)).collect()
}

/// Two rows that share rare terms.
struct Pair {
    likeness: f64,
    /// What the rows hold, so that the order of the rows decides nothing.
    key: (u64, u64),
    row: u32,
    other: u32,
}

impl Pair {
    fn most_alike(&self, other: &Self) -> std::cmp::Ordering {
        other.likeness.total_cmp(&self.likeness).then_with(|| self.key.cmp(&other.key))
    }
}

/// Disjoint sets of rows, by union-find.
struct Groups {
    parent: Vec<u32>,
    size: Vec<usize>,
}

impl Groups {
    fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect(), size: vec![1; n] }
    }

    fn of(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let grandparent = self.parent[self.parent[row as usize] as usize];
            self.parent[row as usize] = grandparent;
            row = grandparent;
        }
        row
    }

    /// Makes one group of two, if it has at most `max` rows.
    fn join(&mut self, a: u32, b: u32, max: usize) {
        let (a, b) = (self.of(a), self.of(b));
        let size = self.size[a as usize] + self.size[b as usize];
        if a != b && size <= max {
            self.parent[a as usize] = b;
            self.size[b as usize] = size;
        }
    }
}
