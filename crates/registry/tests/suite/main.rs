//! What every registry does, run on a directory, on a real MLflow 3 server, and on what older and
//! lesser servers answer; then what each of them does when it is cut off.
#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "tests")]

/// The suite as tests of one implementation, which may be left out.
macro_rules! conforms {
    ($($case:ident),* $(,)?) => {
        /// Makes the tests of the implementation that `subject` gives.
        macro_rules! suite_of {
            ($subject:expr) => {
                mod conforms {
                    $(
                        #[test]
                        fn $case() {
                            if let Some(subject) = $subject {
                                crate::suite::$case(&subject);
                            }
                        }
                    )*
                }
            };
        }
    };
}

conforms![
    the_first_version_is_one_and_the_next_is_two,
    the_same_bytes_are_registered_once,
    the_same_bytes_under_another_name_are_another_version,
    a_name_that_is_not_there_has_no_versions,
    a_version_that_is_not_there_is_named,
    an_alias_points_where_it_was_set_last,
    an_alias_of_nothing_is_refused,
    an_alias_that_is_not_there_is_none_and_is_removed_already,
    a_model_is_loaded_by_number_and_by_alias_and_bears_its_number,
    bytes_that_are_no_model_are_registered_but_never_loaded,
    what_is_out_of_bounds_is_refused_before_anything_is_kept,
    everything_that_is_told_of_a_version_is_taken,
    a_version_is_annotated_again_and_again,
];

mod answers;
mod directory;
mod files;
mod mlflow;
mod models;
mod suite;
mod two_processes;
