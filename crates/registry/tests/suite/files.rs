//! Models on disk: found, bounded, and never seen in part.

use crate::models::{artifact, names};
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;
use verdict_registry::{LoadError, MODEL_FILE, load, save};
use verdict_sentiment::Limits;

#[test]
fn a_model_is_loaded_from_its_file_and_from_its_directory() {
    let dir = TempDir::new().unwrap();
    let path = save(dir.path(), &artifact(1)).unwrap();
    assert_eq!(path, dir.path().join(MODEL_FILE));
    let (by_file, by_directory) = (load(&path).unwrap(), load(dir.path()).unwrap());
    assert_eq!(by_file.identity().name, "tiny");
    assert_eq!(by_file.identity().sha256, by_directory.identity().sha256);
}

#[test]
fn saving_makes_the_directory_and_leaves_nothing_but_the_bytes() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("models").join("new");
    let path = save(&deep, &artifact(1)).unwrap();
    assert_eq!(fs::read(path).unwrap(), artifact(1));
    assert_eq!(names(&deep), [MODEL_FILE]);
}

#[test]
fn saving_again_replaces_the_model_without_touching_the_file_that_a_reader_has_open() {
    let dir = TempDir::new().unwrap();
    let (old, new) = (artifact(1), artifact(2));
    let path = save(dir.path(), &old).unwrap();
    let mut reader = File::open(&path).unwrap();
    save(dir.path(), &new).unwrap();
    let mut seen = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut seen).unwrap();
    assert_eq!(seen, old);
    assert_eq!(fs::read(&path).unwrap(), new);
    assert_eq!(names(dir.path()), [MODEL_FILE]);
}

#[test]
fn a_reader_sees_a_whole_model_while_others_save() {
    let dir = TempDir::new().unwrap();
    save(dir.path(), &artifact(1)).unwrap();
    std::thread::scope(|scope| {
        let writers: Vec<_> = [2, 3]
            .map(|number| {
                let dir = dir.path();
                scope.spawn(move || {
                    let bytes = artifact(number);
                    (0..20).for_each(|_| drop(save(dir, &bytes).unwrap()));
                })
            })
            .into();
        while writers.iter().any(|writer| !writer.is_finished()) {
            load(dir.path()).unwrap();
        }
    });
    assert_eq!(names(dir.path()), [MODEL_FILE]);
}

#[test]
fn a_save_that_fails_names_the_path_and_leaves_no_temporary_file() {
    let dir = TempDir::new().unwrap();
    let in_the_way = dir.path().join(MODEL_FILE);
    fs::create_dir_all(in_the_way.join("full")).unwrap();
    let error = save(dir.path(), &artifact(1)).unwrap_err();
    let expected = format!("writing model {}: ", in_the_way.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(names(dir.path()), [MODEL_FILE]);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = save(file.join("models"), &artifact(1)).unwrap_err();
    assert!(error.to_string().contains("file/models/model.verdict"), "{error}");
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let dir = TempDir::new().unwrap();
    for (uri, path) in [
        (dir.path().to_path_buf(), dir.path().join(MODEL_FILE)),
        (dir.path().join("other"), dir.path().join("other")),
    ] {
        let error = load(&uri).unwrap_err();
        assert!(matches!(&error, LoadError::Io(_)), "{error}");
        let expected = format!("loading model {}: ", path.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(std::error::Error::source(&error).is_none(), "said once");
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_by_its_length() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("huge");
    // A hole: takes no room on disk, and reading all of it would take a terabyte of memory.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, LoadError::Artifact { .. }), "{error}");
    let text = error.to_string();
    for part in ["huge", &Limits::FILE.to_string(), &(1_u64 << 40).to_string()] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_stream_without_an_end_is_refused_after_what_a_model_may_have() {
    let error = load("/dev/zero").unwrap_err();
    assert!(matches!(error, LoadError::Artifact { .. }), "{error}");
}

#[test]
fn damage_is_refused_with_the_path() {
    let dir = TempDir::new().unwrap();
    let whole = artifact(1);
    let path = dir.path().join("damaged");
    for end in [0, 1, 8, 12, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        let error = load(&path).unwrap_err();
        assert!(matches!(error, LoadError::Artifact { .. }), "{end}: {error}");
        assert!(error.to_string().contains("damaged"), "{end}: {error}");
    }
}

#[test]
fn the_default_model_loads_and_its_card_names_its_checksum() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/default");
    let model = load(&default).unwrap();
    let card = fs::read_to_string(default.join("MODEL_CARD.md")).unwrap();
    let sha256 = &model.identity().sha256;
    assert!(card.contains(&format!("| SHA-256 | `{sha256}` |")), "{sha256}");
    assert!(card.contains(&model.identity().version), "{}", model.identity().version);
}
