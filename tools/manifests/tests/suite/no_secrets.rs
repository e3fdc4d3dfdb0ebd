//! No secret is in the tree: the forms of keys and tokens that their makers publish, in every file that git tracks.

use std::{fs, process::Command};

use crate::common::root;
use regex::bytes::Regex;

/// What is looked for. A password in an address has a digit or a capital: tests have plain words there.
const FORMS: [(&str, &str); 10] = [
    ("AWS access key", r"\b(A[KS]IA|AROA|AIDA)[A-Z0-9]{16}\b"),
    ("AWS secret key", r"(?i)aws_secret_access_key\W{1,4}[A-Za-z0-9/+]{40}\b"),
    ("private key", r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----"),
    ("GitHub token", r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})"),
    ("Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("JSON Web Token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("registry login", r#""auth"\s*:\s*"[A-Za-z0-9+/=]{16,}""#),
    ("kubeconfig credential", r"(client-key-data|client-certificate-data):\s*[A-Za-z0-9+/=]{40,}"),
    (
        "password in an address",
        r"\b[a-z][a-z0-9+]*://[A-Za-z0-9._-]+:[A-Za-z._~!$&*+=-]*[A-Z0-9][A-Za-z0-9._~!$&*+=-]*@[A-Za-z0-9]",
    ),
];

fn compiled(form: &str) -> Regex {
    // Bytes: the forms are ASCII.
    Regex::new(&format!("(?-u){form}")).unwrap()
}

fn found(bytes: &[u8]) -> Vec<&'static str> {
    let matches = |form: &&(&str, &str)| compiled(form.1).is_match(bytes);
    FORMS.iter().filter(matches).map(|form| form.0).collect()
}

fn tracked() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let names = String::from_utf8(output.stdout).unwrap();
    names.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn no_secret_is_in_the_tree() {
    let files = tracked();
    assert!(files.len() > 500, "{} files", files.len());
    let mut leaks = Vec::new();
    for name in &files {
        // A link or a file that was just deleted has no content of its own.
        let Ok(bytes) = fs::read(root().join(name)) else {
            continue;
        };
        leaks.extend(found(&bytes).into_iter().map(|form| format!("{name}: {form}")));
        let file = name.rsplit('/').next().unwrap_or_default();
        if matches!(file, ".env" | "id_rsa" | "credentials" | "kubeconfig")
            || file.ends_with(".pem")
            || file.ends_with(".p12")
        {
            leaks.push(format!("{name}: files of this name hold secrets"));
        }
    }
    assert_eq!(leaks, Vec::<String>::new());
}

/// The control: each form is found, in text that is put together here.
#[test]
fn every_form_finds_its_secret_and_no_other() {
    let x = |n: usize| "x9".repeat(n);
    let upper = "Q7".repeat(8);
    let secrets = [
        format!("key = {}{upper}", "AKIA"),
        format!("aws_secret_access_key = {}", x(20)),
        format!("-----BEGIN RSA {} KEY-----", "PRIVATE"),
        format!("{}_{}", "ghp", x(18)),
        format!("{}-{}", "xoxb", x(8)),
        format!("{}{}", "AIza", "b".repeat(35)),
        format!("eyJ{}.eyJ{}.{}", x(8), x(8), x(8)),
        format!(r#"{{"{}": "{}"}}"#, "auth", x(10)),
        format!("client-key-data{} {}", ":", x(25)),
        format!("postgres://user:{}@host/db", x(4)),
    ];
    for ((form, _), secret) in FORMS.iter().zip(&secrets) {
        assert_eq!(found(secret.as_bytes()), [*form], "{secret}");
    }
    for harmless in [
        "AWS_SECRET_ACCESS_KEY=",
        "https://user@example.com/x",
        "http://127.0.0.1:9090/",
        "sasl.password=$(KAFKA_PASSWORD)",
    ] {
        assert_eq!(found(harmless.as_bytes()), Vec::<&str>::new(), "{harmless}");
    }
}

/// What people copy to `.env` names what is secret and has no value of it.
#[test]
fn the_example_of_settings_has_no_secret_value() {
    let example = fs::read_to_string(root().join(".env.example")).unwrap();
    let secret = compiled(r"(?i)(password|secret|token|key)");
    for line in example.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some((name, value)) = line.split_once('=')
            && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            && secret.is_match(name.as_bytes())
        {
            let is_public = value.trim().is_empty() || value.trim_start().starts_with('#');
            assert!(is_public, "{name} has a value");
        }
    }
}
