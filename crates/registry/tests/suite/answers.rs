//! What is sent to a server and said of its answers. The server is made up.

use crate::models::{answer, artifact, new, registry_at, settings_of};
use std::collections::BTreeMap;
use verdict_registry::{MlflowRegistry, Registry, RegistryError, TrackingSettings};
use verdict_testkit::{Fate, Proxy};

/// Names and values of an environment.
type Lookups<'a> = &'a [(&'a str, &'a str)];

fn lookup(pairs: Lookups<'_>) -> Result<Option<TrackingSettings>, RegistryError> {
    let pairs: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    TrackingSettings::from_lookup(|name| pairs.get(name).map(|&value| value.to_owned()))
}

#[test]
fn a_failure_names_url_status_and_what_mlflow_says_and_whether_to_try_again() {
    let says = r#"{"error_code": "INTERNAL_ERROR", "message": "out of luck"}"#;
    for (status, body, parts, is_retryable) in [
        (500, says, ["INTERNAL_ERROR", "out of luck"], true),
        (503, "busy", ["503", "busy"], true),
        (429, "slow down", ["429", "slow down"], true),
        (401, "<html>who?</html>", ["401", "who?"], false),
        (403, says, ["403", "out of luck"], false),
    ] {
        let proxy = Proxy::new(None, move |_| answer(status, body));
        let error = registry_at(&proxy).register(new("m", &artifact(1))).unwrap_err();
        let text = error.to_string();
        for part in parts.into_iter().chain([proxy.url().as_str(), &status.to_string()]) {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(error.is_retryable(), is_retryable, "{text}");
    }
    let elsewhere = "HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
    let proxy = Proxy::new(None, move |_| Fate::Answer(elsewhere.into()));
    let error = registry_at(&proxy).versions("m").unwrap_err();
    assert!(error.to_string().contains("status 302"), "{error}");
    let proxy = Proxy::new(None, |_| Fate::Drop);
    let error = registry_at(&proxy).versions("m").unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains(&proxy.url()), "{error}");
    let proxy = Proxy::new(None, |_| answer(200, "<html>a portal</html>"));
    let error = registry_at(&proxy).versions("m").unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("must be JSON"), "{error}");
}

/// The base64 is what `printf … | base64` gives.
#[test]
fn who_calls_is_told_as_mlflows_own_client_does_and_never_shown() {
    let uri = "MLFLOW_TRACKING_URI";
    let (user, password) = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD");
    let token = "MLFLOW_TRACKING_TOKEN";
    let proxy = Proxy::new(None, |_| answer(403, "no"));
    let url = proxy.url();
    let with_user = url.replace("://", "://ann:s%20cret@");
    let cases: [(Lookups<'_>, Option<&str>); 6] = [
        (&[(uri, &url)], None),
        (&[(uri, &url), (user, "ann"), (password, "s cret")], Some("Basic YW5uOnMgY3JldA==")),
        (&[(uri, &with_user)], Some("Basic YW5uOnMgY3JldA==")),
        (&[(uri, &url), (token, "s cret")], Some("Bearer s cret")),
        (
            &[(uri, &url), (token, "t"), (user, "ann"), (password, "s cret")],
            Some("Basic YW5uOnMgY3JldA=="),
        ),
        // Not DagsHub: its token is none of this server's business.
        (&[(uri, &url), ("DAGSHUB_TOKEN", "s cret")], None),
    ];
    for (pairs, expected) in cases {
        let settings = lookup(pairs).unwrap().unwrap();
        let registry = MlflowRegistry::new(&settings).unwrap();
        let error = registry.versions("m").unwrap_err();
        let seen = proxy.seen();
        let head = &seen.last().unwrap().head;
        let sent = head.lines().find_map(|line| line.strip_prefix("authorization: "));
        assert_eq!(sent, expected, "{pairs:?}");
        for text in [error.to_string(), format!("{error:?} {settings:?} {registry:?}")] {
            assert!(!text.contains("cret") && !text.contains("YW5u"), "{text}");
        }
    }
}

#[test]
fn settings_are_those_of_mlflow_and_dagshub() {
    assert_eq!(lookup(&[]).unwrap(), None);
    assert_eq!(lookup(&[("MLFLOW_TRACKING_URI", " ")]).unwrap(), None);
    let dagshub = ("MLFLOW_TRACKING_URI", "https://dagshub.com/ann/imdb.mlflow/");
    let settings = lookup(&[dagshub, ("DAGSHUB_TOKEN", "t"), ("MLFLOW_EXPERIMENT_NAME", "imdb")]);
    let settings = settings.unwrap().unwrap();
    assert_eq!(settings.uri, "https://dagshub.com/ann/imdb.mlflow");
    assert_eq!(settings.experiment, "imdb");
    assert_eq!(settings.username.as_deref(), Some("t"));
    assert_eq!(settings.password, Some("t".into()));
    for host in ["dagshub.com.evil.org", "notdagshub.com"] {
        let uri = format!("https://{host}/x");
        let settings = lookup(&[("MLFLOW_TRACKING_URI", &uri), ("DAGSHUB_TOKEN", "t")]);
        assert_eq!(settings.unwrap().unwrap().username, None, "{host}");
    }
    for (bad, part) in [
        ("mlruns", "must begin with http://"),
        ("sqlite:///mlflow.db", "the scheme sqlite"),
        ("file:///ann:secret@x", "the scheme file"),
        ("http://", "must be the URL of a server"),
        ("http://ann:secret@", "must be the URL of a server"),
        ("http://ann:secret@host/ x", "must be the URL of a server"),
        ("http://ann:secret@host?x=1", "must be the URL of a server"),
    ] {
        let error = TrackingSettings::new(bad).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("MLFLOW_TRACKING_URI"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_token_that_cannot_be_sent_is_not_shown() {
    let proxy = Proxy::new(None, |_| answer(200, "{}"));
    let mut settings = settings_of(&proxy);
    settings.token = Some("s\ncret".into());
    let error = MlflowRegistry::new(&settings).unwrap().versions("m").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("cret"), "{error}");
}
