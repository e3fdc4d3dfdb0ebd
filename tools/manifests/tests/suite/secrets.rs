//! No secret is in the repository.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use verdict_testkit::repository;

use crate::overlay::{file, tool};

/// Runs gitleaks with the rules of `.gitleaks.toml`: its own, and two that it lacks.
fn gitleaks(program: &Path, arguments: &[&str], place: &Path) -> (Output, String) {
    let config = repository().join(".gitleaks.toml");
    let output = Command::new(program)
        .args(arguments)
        .args(["--no-banner", "--no-color", "--redact", "--verbose", "--config"])
        .arg(config)
        .current_dir(place)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, text)
}

#[test]
fn no_secret_is_in_the_tree() {
    let Some(program) = tool("gitleaks") else { return };
    // What was committed once has leaked, whatever came after.
    let (output, found) = gitleaks(&program, &["git", "--log-opts=HEAD"], &repository());
    assert!(output.status.success(), "{found}");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("commits scanned") && !log.contains(" 0 commits scanned"), "{log}");
}

/// The control: each form is found, in text that is put together here.
#[test]
fn every_form_finds_its_secret_and_no_other() {
    let Some(program) = tool("gitleaks") else { return };
    // As random as a real key, and the same at each run.
    let letters = |n: usize| -> String {
        let all = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz890123";
        (0..n).map(|i| char::from(all[(i * i * 7 + i * 13 + 5) % all.len()])).collect()
    };
    let upper = "Q7ZK4XJ2WV6MBT3R";
    let header = format!("-----BEGIN RSA {} KEY-----", "PRIVATE");
    let footer = header.replace("BEGIN", "END");
    let secrets = [
        ("aws-access-token", format!("key = {}{upper}", "AKIA")),
        ("generic-api-key", format!("aws_secret_access_key = {}", letters(40))),
        ("private-key", format!("{header}\n{}\n{footer}", letters(64))),
        ("github-pat", format!("{}_{}", "ghp", letters(36))),
        ("slack-bot-token", format!("{}-123456789012-1234567890123-{}", "xoxb", letters(24))),
        ("gcp-api-key", format!("k = \"{}{}\"", "AIza", letters(35))),
        ("jwt", format!("eyJ{}.eyJ{}.{}", letters(30), letters(30), letters(30))),
        ("generic-api-key", format!(r#"{{"{}": "{}"}}"#, "auth", letters(30))),
        ("generic-api-key", format!("client-key-data{} {}", ":", letters(60))),
        ("password-in-address", format!("postgres://user:{}@host/db", "x9x9x9x9")),
    ];
    for (rule, secret) in &secrets {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), secret).unwrap();
        let (output, found) = gitleaks(&program, &["dir", "."], folder.path());
        assert_eq!(output.status.code(), Some(1), "{rule}: {secret}");
        assert!(found.contains(&format!("RuleID:      {rule}")), "{rule}: {found}");
    }
    let folder = tempfile::tempdir().unwrap();
    let harmless = "AWS_SECRET_ACCESS_KEY=\nhttps://user@example.com/x\nhttp://127.0.0.1:9090/\n\
                    sasl.password=$(KAFKA_PASSWORD)\npostgres://user:password@host/db\n";
    fs::write(folder.path().join("file"), harmless).unwrap();
    let (output, found) = gitleaks(&program, &["dir", "."], folder.path());
    assert!(output.status.success(), "{found}");
    for name in [".env", "id_rsa", "credentials", "kubeconfig", "key.pem", "key.p12"] {
        fs::write(folder.path().join(name), "anything").unwrap();
    }
    let (_, found) = gitleaks(&program, &["dir", "."], folder.path());
    assert_eq!(found.matches("RuleID:      ").count(), 6, "{found}");
}

/// What people copy to `.env` names what is secret and has no value of it.
#[test]
fn the_example_of_settings_has_no_secret_value() {
    for line in file(".env.example").lines() {
        let line = line.trim_start_matches(['#', ' ']);
        let words = ["PASSWORD", "SECRET", "TOKEN", "KEY"];
        if let Some((name, value)) = line.split_once('=')
            && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            && words.iter().any(|word| name.contains(word))
        {
            let value = value.trim();
            assert!(value.is_empty() || value.starts_with('#'), "{name} has a value");
        }
    }
}
