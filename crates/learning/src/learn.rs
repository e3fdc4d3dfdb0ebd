//! Learning: from texts and labels to weights. Pure but for the threads of the rayon pool that it
//! runs in; the same texts, labels and parameters give the same bytes whatever the number of
//! threads.

pub mod alike;
pub mod calibrate;
pub mod columns;
pub mod count;
pub mod decide;
pub mod dense;
pub mod facts;
pub mod folds;
pub mod intern;
pub mod logistic;
pub mod matrix;
pub mod naive_bayes;
pub mod reference;
pub mod rows;
pub mod select;
