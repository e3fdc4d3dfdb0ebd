//! The directory registry.

use crate::models::{artifact, names, new};
use crate::suite::Subject;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use verdict_registry::{
    DirectoryRegistry, Files, ModelUri, Registry, RegistryError, Resolver, Tags, load, read,
};

fn subject() -> Option<Subject> {
    let directory = tempfile::tempdir().unwrap();
    Some(Subject {
        registry: Box::new(DirectoryRegistry::new(directory.path().join("models"))),
        resolver: Resolver::default(),
        prefix: "dir",
        _kept: Some(directory),
    })
}

suite_of!(super::subject());

#[test]
fn a_version_is_a_folder_that_other_tools_can_read() {
    let root = tempfile::tempdir().unwrap();
    let registry = DirectoryRegistry::new(root.path());
    let bytes = artifact(1);
    let mut one = new("sentiment", &bytes);
    one.metrics.insert("accuracy".to_owned(), 0.9);
    one.params.insert("model_building.C".to_owned(), "1.0".to_owned());
    one.tags.insert("commit".to_owned(), "abc".to_owned());
    one.files.insert("MODEL_CARD.md".to_owned(), b"# Card".to_vec());
    let version = registry.register(one).unwrap();
    registry.set_alias("sentiment", "production", 1).unwrap();
    let tags = Tags::from([("decision".to_owned(), "promoted".to_owned())]);
    let files = Files::from([("decision.json".to_owned(), b"{}".to_vec())]);
    registry.annotate("sentiment", 1, &tags, &files).unwrap();

    let folder = root.path().join("sentiment/versions/1");
    let expected = [
        "MLmodel",
        "MODEL_CARD.md",
        "decision.json",
        "input_example.json",
        "model.verdict",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
        "version.json",
    ];
    assert_eq!(names(&folder), expected);
    assert_eq!(fs::read(folder.join("model.verdict")).unwrap(), bytes);
    assert_eq!(fs::read(folder.join("MODEL_CARD.md")).unwrap(), b"# Card");
    let json = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    assert_eq!(
        json(&folder.join("version.json")),
        serde_json::json!({
            "name": "sentiment",
            "version": 1,
            "sha256": version.sha256,
            "bytes": bytes.len(),
            "created_at": "2026-01-02T03:04:05.678Z",
            "metrics": { "accuracy": 0.9 },
            "params": { "model_building.C": "1.0" },
            "tags": { "commit": "abc", "decision": "promoted" },
        })
    );
    let aliases = json(&root.path().join("sentiment/aliases.json"));
    assert_eq!(aliases, serde_json::json!({ "production": 1 }));
    // The folder of a version is a model's directory as any other.
    assert_eq!(load(&folder).unwrap().identity().sha256, version.sha256);
    assert_eq!(version.uri, format!("dir:{}/sentiment/1", root.path().display()));
}

#[test]
fn a_version_without_the_files_of_mlflow_is_read_as_before() {
    let root = tempfile::tempdir().unwrap();
    let registry = DirectoryRegistry::new(root.path());
    let bytes = artifact(1);
    let version = registry.register(new("sentiment", &bytes)).unwrap();
    let folder = root.path().join("sentiment/versions/1");
    for name in names(&folder) {
        if !["model.verdict", "version.json"].contains(&name.as_str()) {
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
    assert_eq!(names(&folder), ["model.verdict", "version.json"]);
    registry.set_alias("sentiment", "production", 1).unwrap();
    assert_eq!(registry.fetch("sentiment", 1).unwrap(), bytes);
    assert_eq!(registry.alias("sentiment", "production").unwrap(), Some(version.clone()));
    assert_eq!(registry.register(new("sentiment", &bytes)).unwrap(), version);
    assert_eq!(registry.register(new("sentiment", &artifact(2))).unwrap().version, 2);
}

#[test]
fn what_a_killed_writer_left_is_ignored_and_removed() {
    let root = tempfile::tempdir().unwrap();
    let registry = DirectoryRegistry::new(root.path());
    registry.register(new("sentiment", &artifact(1))).unwrap();
    let versions = root.path().join("sentiment/versions");
    let left = versions.join(".new-1-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("model.verdict"), &artifact(2)[..10]).unwrap();
    assert_eq!(registry.versions("sentiment").unwrap().len(), 1);
    let second = registry.register(new("sentiment", &artifact(2))).unwrap();
    assert_eq!(second.version, 2);
    assert_eq!(names(&versions), ["1", "2"]);
}

#[test]
fn a_model_that_was_changed_on_disk_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let registry = DirectoryRegistry::new(root.path());
    let uri = registry.register(new("sentiment", &artifact(1))).unwrap().uri;
    let file = root.path().join("sentiment/versions/1/model.verdict");
    let mut other = artifact(1);
    *other.last_mut().unwrap() ^= 1;
    for (bytes, part) in [
        (other, "SHA-256 must be"),
        (artifact(1)[..20].to_vec(), "length must be"),
        (Vec::new(), "got 0"),
    ] {
        fs::write(&file, bytes).unwrap();
        let error = read(&uri).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("model.verdict"), "{error}");
    }
    // A hole of a terabyte is not read.
    fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    let error = read(&uri).unwrap_err().to_string();
    assert!(error.contains(&(1_u64 << 40).to_string()), "{error}");
    fs::write(root.path().join("sentiment/versions/1/version.json"), "{").unwrap();
    let error = registry.version("sentiment", 1).unwrap_err();
    assert!(matches!(&error, RegistryError::Corrupt { .. }), "{error}");
}

#[test]
fn a_root_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let registry = DirectoryRegistry::new(file.join("models"));
    for error in [
        registry.register(new("sentiment", &artifact(1))).unwrap_err(),
        registry.versions("sentiment").unwrap_err(),
        registry.fetch("sentiment", 1).unwrap_err(),
        registry.alias("sentiment", "production").unwrap_err(),
    ] {
        assert!(matches!(&error, RegistryError::Io { .. }), "{error}");
        assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whoever registers what at once: each of the bytes has one number, and the numbers are 1, 2,
    /// 3, ….
    #[test]
    fn concurrent_registers_get_distinct_versions(
        writers in prop::collection::vec(prop::collection::vec(0_u32..8, 1..5), 2..5),
    ) {
        let root = tempfile::tempdir().unwrap();
        let made: Vec<(u32, u64)> = std::thread::scope(|scope| {
            let threads: Vec<_> = writers
                .iter()
                .map(|models| {
                    // A handle of its own, as another process has.
                    let registry = DirectoryRegistry::new(root.path());
                    scope.spawn(move || -> Vec<(u32, u64)> {
                        let register = |&model| {
                            let version = registry.register(new("sentiment", &artifact(model)));
                            (model, version.unwrap().version)
                        };
                        models.iter().map(register).collect()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let mut numbers = BTreeMap::new();
        for (model, number) in made {
            prop_assert_eq!(*numbers.entry(model).or_insert(number), number);
        }
        let distinct: BTreeSet<u64> = numbers.values().copied().collect();
        let expected: BTreeSet<u64> = (1..=numbers.len() as u64).collect();
        prop_assert_eq!(distinct, expected);
    }

    /// What is written is read as the same.
    #[test]
    fn a_uri_survives_being_written(
        name in "[A-Za-z0-9][A-Za-z0-9._-]{0,20}",
        root in "(/|[a-z./@ ]{0,10}[a-z])",
        version in prop_oneof![(1..u64::MAX).prop_map(|n| format!("/{n}")), "@[a-u][a-z0-9]{0,3}"],
        is_directory in any::<bool>(),
    ) {
        let root = if root == "/" { "" } else { &root };
        let text = if is_directory { format!("dir:{root}/{name}{version}") } else { format!("models:/{name}{version}") };
        let uri: ModelUri = text.parse().unwrap();
        prop_assert!(!matches!(uri, ModelUri::Path(_)));
        prop_assert_eq!(uri.to_string(), text);
    }
}
