use verdict_learning::gate::{Slice, slices_of};

#[test]
fn a_review_is_in_the_slices_that_its_words_say() {
    use Slice::{Contrast, Digits, Exclamation, Negation, Question, Rating, Short};
    for (text, expected) in [
        ("", vec![Short]),
        ("Plain words.", vec![Short]),
        ("I did not like it", vec![Short, Negation]),
        ("It isn't good", vec![Short, Negation]),
        ("It ISN’T good", vec![Short, Negation]),
        ("A notable knot", vec![Short]),
        ("Good, but long", vec![Short, Contrast]),
        ("A button, yes", vec![Short]),
        ("7/10", vec![Short, Rating, Digits]),
        ("7 / 10 or 7 out of 10", vec![Short, Rating, Digits]),
        ("on 9/105 it", vec![Short, Digits]),
        ("and/10", vec![Short, Digits]),
        ("½/10", vec![Short, Rating, Digits]),
        ("Wow! Why?", vec![Short, Exclamation, Question]),
    ] {
        assert_eq!(slices_of(text), expected, "{text:?}");
    }
}

#[test]
fn each_review_has_exactly_one_length() {
    for (n, expected) in [
        (0, Slice::Short),
        (79, Slice::Short),
        (80, Slice::Medium),
        (300, Slice::Medium),
        (301, Slice::Long),
    ] {
        assert_eq!(slices_of(&"word ".repeat(n)), [expected], "{n} words");
    }
}

#[test]
fn names_are_the_keys_of_the_files() {
    for slice in Slice::ALL {
        assert_eq!(serde_json::to_value(slice).unwrap(), slice.name());
    }
}
