//! What every registry does.

use crate::models::{artifact, new};
use std::collections::BTreeMap;
use verdict_registry::{Files, LoadError, Registry, RegistryError, Resolver, Tags, Version, load};
use verdict_sentiment::Limits;

/// A registry under test.
pub(crate) struct Subject {
    pub(crate) registry: Box<dyn Registry>,
    /// Loads what is in it.
    pub(crate) resolver: Resolver,
    /// How names of models begin, where several subjects share a server.
    pub(crate) prefix: &'static str,
    /// What must live as long.
    pub(crate) _kept: Option<tempfile::TempDir>,
}

impl Subject {
    fn name(&self, case: &str) -> String {
        format!("{}-{case}", self.prefix)
    }

    fn register(&self, name: &str, artifact: &[u8]) -> Version {
        self.registry.register(new(name, artifact)).unwrap()
    }
}

/// What `sha256sum` prints, by another way than the registry's.
fn sha256(artifact: &[u8]) -> String {
    use std::io::Write;
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(artifact).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

pub(crate) fn the_first_version_is_one_and_the_next_is_two(subject: &Subject) {
    let name = subject.name("numbers");
    let (one, two) = (artifact(1), artifact(2));
    let first = subject.register(&name, &one);
    assert_eq!(first.name, name);
    assert_eq!(first.version, 1);
    assert_eq!(first.sha256, sha256(&one));
    assert_eq!(first.bytes, one.len() as u64);
    assert_eq!(first.created_at, Some(new(&name, &one).created_at));
    let second = subject.register(&name, &two);
    assert_eq!((second.version, &second.sha256), (2, &sha256(&two)));
    assert_eq!(subject.registry.versions(&name).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(subject.registry.version(&name, 1).unwrap(), first);
    assert_eq!(subject.registry.fetch(&name, 1).unwrap(), one);
    assert_eq!(subject.registry.fetch(&name, 2).unwrap(), two);
}

pub(crate) fn the_same_bytes_are_registered_once(subject: &Subject) {
    let name = subject.name("once");
    let (one, two) = (artifact(1), artifact(2));
    let first = subject.register(&name, &one);
    subject.register(&name, &two);
    let again = subject.register(&name, &one);
    assert_eq!(again, first);
    assert_eq!(subject.registry.versions(&name).unwrap().len(), 2);
}

pub(crate) fn the_same_bytes_under_another_name_are_another_version(subject: &Subject) {
    let (here, there) = (subject.name("here"), subject.name("there"));
    let one = artifact(1);
    assert_eq!(subject.register(&here, &one).version, 1);
    let other = subject.register(&there, &one);
    assert_eq!((other.name.as_str(), other.version), (there.as_str(), 1));
    assert_eq!(subject.registry.fetch(&there, 1).unwrap(), one);
}

pub(crate) fn a_name_that_is_not_there_has_no_versions(subject: &Subject) {
    let name = subject.name("nothing");
    assert_eq!(subject.registry.versions(&name).unwrap(), []);
}

pub(crate) fn a_version_that_is_not_there_is_named(subject: &Subject) {
    let name = subject.name("gap");
    subject.register(&name, &artifact(1));
    let registry = &subject.registry;
    let none = (Tags::new(), Files::new());
    for error in [
        registry.version(&name, 7).unwrap_err(),
        registry.fetch(&name, 7).unwrap_err(),
        registry.annotate(&name, 7, &none.0, &none.1).unwrap_err(),
    ] {
        assert!(matches!(&error, RegistryError::NotFound { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("version 7 of model {name}")), "{text}");
        assert!(text.contains(&registry.location()), "{text}");
        assert!(!error.is_retryable());
    }
}

pub(crate) fn an_alias_points_where_it_was_set_last(subject: &Subject) {
    let name = subject.name("alias");
    let registry = &subject.registry;
    let first = subject.register(&name, &artifact(1));
    let second = subject.register(&name, &artifact(2));
    registry.set_alias(&name, "production", 1).unwrap();
    registry.set_alias(&name, "staging", 2).unwrap();
    assert_eq!(registry.alias(&name, "production").unwrap(), Some(first));
    assert_eq!(registry.alias(&name, "staging").unwrap().as_ref(), Some(&second));
    for _ in 0..2 {
        registry.set_alias(&name, "production", 2).unwrap();
        assert_eq!(registry.alias(&name, "production").unwrap().as_ref(), Some(&second));
    }
    registry.delete_alias(&name, "staging").unwrap();
    assert_eq!(registry.alias(&name, "staging").unwrap(), None);
    assert_eq!(registry.alias(&name, "production").unwrap(), Some(second));
}

pub(crate) fn an_alias_of_nothing_is_refused(subject: &Subject) {
    let name = subject.name("dangling");
    subject.register(&name, &artifact(1));
    let error = subject.registry.set_alias(&name, "production", 2);
    assert!(matches!(error, Err(RegistryError::NotFound { .. })));
    assert_eq!(subject.registry.alias(&name, "production").unwrap(), None);
    let unknown = subject.name("unknown");
    let error = subject.registry.set_alias(&unknown, "production", 1);
    assert!(matches!(error, Err(RegistryError::NotFound { .. })));
}

pub(crate) fn an_alias_that_is_not_there_is_none_and_is_removed_already(subject: &Subject) {
    let (name, unknown) = (subject.name("no-alias"), subject.name("unknown"));
    subject.register(&name, &artifact(1));
    for name in [name, unknown] {
        assert_eq!(subject.registry.alias(&name, "production").unwrap(), None);
        subject.registry.delete_alias(&name, "production").unwrap();
    }
}

pub(crate) fn a_model_is_loaded_by_number_and_by_alias_and_bears_its_number(subject: &Subject) {
    let name = subject.name("load");
    subject.register(&name, &artifact(1));
    let second = subject.register(&name, &artifact(2));
    let model = subject.resolver.load(&second.uri).unwrap();
    assert_eq!(model.identity().version, "2");
    assert_eq!(model.identity().sha256, second.sha256);
    let found = subject.resolver.version(&second.uri).unwrap();
    assert_eq!(found.as_ref(), Some(&second));

    let by_alias = second.uri.replace(&format!("{name}/2"), &format!("{name}@staging"));
    let error = subject.resolver.load(&by_alias).unwrap_err();
    let LoadError::Registry { problem, .. } = &error else { panic!("{error}") };
    assert!(matches!(problem, RegistryError::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("alias staging of model"), "{error}");
    subject.registry.set_alias(&name, "staging", 1).unwrap();
    let model = subject.resolver.load(&by_alias).unwrap();
    assert_eq!(model.identity().version, "1");
    assert_eq!(subject.resolver.read(&by_alias).unwrap(), artifact(1));
}

pub(crate) fn bytes_that_are_no_model_are_registered_but_never_loaded(subject: &Subject) {
    let name = subject.name("junk");
    let mut changed = artifact(3);
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let cases = [b"junk".to_vec(), artifact(3)[..40].to_vec(), changed];
    for bytes in cases {
        let version = subject.register(&name, &bytes);
        assert_eq!(subject.resolver.read(&version.uri).unwrap(), bytes);
        let error = subject.resolver.load(&version.uri).unwrap_err();
        assert!(matches!(error, LoadError::Artifact { .. }), "{error}");
        assert!(error.to_string().contains(&version.uri), "{error}");
    }
}

pub(crate) fn what_is_out_of_bounds_is_refused_before_anything_is_kept(subject: &Subject) {
    let name = subject.name("bounds");
    let bytes = artifact(1);
    let huge = vec![0; Limits::FILE + 1];
    let too_long = "n".repeat(129);
    let mut cases = Vec::new();
    for bad in ["", ".", "..", "a/b", "a:b", "a@b", "-a", "a b", "ä", &too_long] {
        cases.push((new(bad, &bytes), "name of the model"));
    }
    cases.push((new(&name, b""), "length of the artifact"));
    cases.push((new(&name, &huge), "67108865"));
    for bad in ["model.verdict", "version.json", "MLmodel", "../up", "a/b", ".hidden", ""] {
        let mut case = new(&name, &bytes);
        case.files.insert(bad.to_owned(), Vec::new());
        cases.push((case, "name of the file"));
    }
    for (key, value) in
        [("a", f64::NAN), ("a", f64::INFINITY), ("", 1.0), ("a!", 1.0), ("../a", 1.0)]
    {
        let mut case = new(&name, &bytes);
        case.metrics.insert(key.to_owned(), value);
        cases.push((case, "metric"));
    }
    let mut case = new(&name, &bytes);
    case.params.insert("long".to_owned(), "x".repeat(6001));
    cases.push((case, "6001"));
    let mut case = new(&name, &bytes);
    case.tags.insert("verdict.sha256".to_owned(), String::new());
    cases.push((case, "name of the tag"));
    for (case, part) in cases {
        let what = format!("{:?} {:?}", case.name, case.files);
        let error = subject.registry.register(case).unwrap_err();
        assert!(matches!(&error, RegistryError::Invalid { .. }), "{what}: {error}");
        assert!(error.to_string().contains(part), "{what}: {error}");
    }
    for bad in ["", "latest", "3", "v3", "a/b", "@"] {
        let error = subject.registry.set_alias(&name, bad, 1).unwrap_err();
        assert!(matches!(&error, RegistryError::Invalid { .. }), "{bad}: {error}");
    }
    assert_eq!(subject.registry.versions(&name).unwrap(), []);
}

pub(crate) fn everything_that_is_told_of_a_version_is_taken(subject: &Subject) {
    let name = subject.name("full");
    let bytes = artifact(1);
    let mut full = new(&name, &bytes);
    // More than one batch of each, and the longest there is.
    full.metrics = (0..1001).map(|i| (format!("m{i}"), f64::from(i) / 7.0)).collect();
    full.params =
        (0..101).map(|i| (format!("model_building.p{i}"), "ä\n\"".repeat(2000))).collect();
    full.tags = (0..101).map(|i| (format!("t{i}"), "x".repeat(5000))).collect();
    full.files = BTreeMap::from([
        ("metrics.json".to_owned(), b"{}".to_vec()),
        ("MODEL_CARD.md".to_owned(), Vec::new()),
        ("report.html".to_owned(), vec![b'x'; 3 << 20]),
    ]);
    let version = subject.registry.register(full.clone()).unwrap();
    assert_eq!(subject.registry.register(full).unwrap(), version);
    assert_eq!(version.version, 1);
}

pub(crate) fn a_version_is_annotated_again_and_again(subject: &Subject) {
    let name = subject.name("annotate");
    let version = subject.register(&name, &artifact(1));
    for decision in ["refused", "promoted", "promoted"] {
        let tags = Tags::from([("decision".to_owned(), decision.to_owned())]);
        let files = Files::from([("decision.json".to_owned(), decision.into())]);
        subject.registry.annotate(&name, 1, &tags, &files).unwrap();
    }
    assert_eq!(subject.registry.versions(&name).unwrap(), [version]);
    let bad = Files::from([("model.verdict".to_owned(), Vec::new())]);
    let error = subject.registry.annotate(&name, 1, &Tags::new(), &bad);
    assert!(matches!(error, Err(RegistryError::Invalid { .. })));
    assert_eq!(subject.registry.fetch(&name, 1).unwrap(), artifact(1));
}

#[test]
fn a_model_in_mlflow_needs_settings() {
    let error = load("models:/sentiment@production").unwrap_err();
    assert!(matches!(error, LoadError::NoTracking { .. }), "{error}");
    assert!(error.to_string().contains("MLFLOW_TRACKING_URI"), "{error}");
}

#[test]
fn a_uri_that_names_no_model_says_what_it_must_be() {
    for (uri, part) in [
        ("models:/", "models:/NAME/VERSION or models:/NAME@ALIAS"),
        ("models:/sentiment", "neither a version nor an alias"),
        ("models:/sentiment/0", "whole number from 1, got \"0\""),
        ("models:/sentiment/-1", "got \"-1\""),
        ("models:/sentiment@v1", "alias"),
        ("models:/a b@production", "name of the model"),
        ("dir:sentiment/1", "no ROOT"),
        ("dir:sentiment", "no ROOT"),
        ("dir:/models/sentiment/one", "dir:ROOT/NAME/VERSION"),
    ] {
        let error = load(uri).unwrap_err();
        assert!(matches!(error, LoadError::Uri { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(uri) && text.contains(part), "{text}");
    }
}
