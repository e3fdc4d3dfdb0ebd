//! Reviews of one thing are in one fold.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use verdict_learning::learn::alike::{first_rare, groups};
use verdict_learning::learn::facts::Facts;
use verdict_learning::learn::folds::Folds;
use verdict_learning::learn::matrix::Matrix;
use verdict_learning::learn::rows::LocalRows;
use verdict_learning::learn::select::{VocabularyParams, fit_vectorizer};

const FILMS: usize = 100;
const REVIEWS: usize = 10;

/// Reviews of a hundred films, ten each, in any order: common words, and two of the film's names.
fn reviews(seed: u64) -> Vec<(usize, String)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut reviews = Vec::new();
    for film in 0..FILMS {
        for review in 0..REVIEWS {
            let words = ["a", "film", "with", "good", "bad", "dull", "scenes", "and", "people"];
            let mut text: Vec<String> =
                (0..20).map(|_| words[rng.random_range(0..words.len())].to_owned()).collect();
            let names = [review % 3, (review + 1) % 3];
            text.extend(names.map(|name| format!("name{film}x{name}")));
            reviews.push((rng.random::<u64>(), film, text.join(" ")));
        }
    }
    reviews.sort_unstable();
    reviews.into_iter().map(|(_, film, text)| (film, text)).collect()
}

fn matrix(reviews: &[(usize, String)]) -> Matrix {
    let texts: Vec<&str> = reviews.iter().map(|(_, text)| text.as_str()).collect();
    let vectorizer = fit_vectorizer(&texts, &VocabularyParams::default()).unwrap();
    Matrix::new(&vectorizer, &texts)
}

fn groups_of(matrix: &Matrix) -> Vec<u32> {
    let labels = vec![false; matrix.n_rows];
    let rows = LocalRows::of_reviews(matrix, &labels);
    groups(&Facts::new(&rows, first_rare(&matrix.columns, matrix.n_rows)), &matrix.columns)
}

#[test]
fn reviews_of_one_film_are_one_group() {
    let reviews = reviews(1);
    let groups = groups_of(&matrix(&reviews));
    let pairs = groups.iter().zip(&reviews).map(|(&group, &(film, _))| (group, film));
    let pairs: BTreeSet<_> = pairs.collect();
    assert_eq!(pairs.len(), FILMS, "as many groups as films, and each of one film: {pairs:?}");
}

#[test]
fn a_fold_has_whole_groups_and_its_share_of_both_classes_in_any_order() {
    let reviews = reviews(2);
    let fold_of = |reviews: &[(usize, String)]| -> BTreeMap<String, usize> {
        let matrix = matrix(reviews);
        let labels: Vec<bool> = reviews.iter().map(|&(film, _)| film % 4 == 0).collect();
        let keys: Vec<u64> = matrix.rows().map(|row| row.key()).collect();
        let folds = Folds::of_groups(&groups_of(&matrix), &keys, &labels, 3).unwrap();
        let of = |row| (0..3).find(|&index| folds.fold(index).has(row)).unwrap();
        reviews.iter().enumerate().map(|(row, (_, text))| (text.clone(), of(row))).collect()
    };
    let folds = fold_of(&reviews);
    let of_films: BTreeSet<_> = reviews.iter().map(|(film, text)| (film, folds[text])).collect();
    assert_eq!(of_films.len(), FILMS, "a film is in one fold");
    let mut sizes = BTreeMap::new();
    for (film, fold) in of_films {
        *sizes.entry((film % 4 == 0, fold)).or_insert(0) += 1;
    }
    // 25 films of one class and 75 of the other.
    let sizes: Vec<i32> = sizes.into_values().collect();
    assert!(sizes[..3].iter().all(|n| (24..=26).contains(n)), "{sizes:?}");
    assert!(sizes[3..].iter().all(|n| (8..=9).contains(n)), "{sizes:?}");
    let backwards: Vec<_> = reviews.iter().rev().cloned().collect();
    assert_eq!(fold_of(&backwards), folds);
}

#[test]
fn there_are_no_folds_where_one_would_lack_a_class() {
    // The positive rows are one group.
    let labels = [true, true, false, false, false];
    assert!(Folds::of_groups(&[0, 0, 2, 3, 4], &[1, 2, 3, 4, 5], &labels, 2).is_none());
    let folds = Folds::of_groups(&[0, 1, 2, 3, 4], &[1, 2, 3, 4, 5], &labels, 2).unwrap();
    assert_ne!(folds.fold(0).has(0), folds.fold(0).has(1));
}
