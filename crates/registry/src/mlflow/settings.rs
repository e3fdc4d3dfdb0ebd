//! How to reach an MLflow server, by the names that MLflow's and DagsHub's own clients use.

use crate::{RegistryError, Result};
use std::fmt;

/// A password or token. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// An MLflow server and who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingSettings {
    /// URL of the server, `http` or `https`; without credentials, which have fields of their own.
    pub uri: String,
    /// User of basic authentication.
    pub username: Option<String>,
    /// Password of basic authentication.
    pub password: Option<Secret>,
    /// Bearer token, used where there is no user.
    pub token: Option<Secret>,
    /// The experiment that runs are filed under.
    pub experiment: String,
}

const URI: &str = "MLFLOW_TRACKING_URI";
/// MLflow's own default.
const EXPERIMENT: &str = "Default";

impl TrackingSettings {
    /// A server without authentication, and the experiment `Default`.
    ///
    /// # Errors
    /// If `uri` is not the URL of a server. A user and password in it are taken out.
    pub fn new(uri: &str) -> Result<Self> {
        let uri = uri.trim();
        let refused = |bound, got: String| RegistryError::invalid(URI, bound, got);
        let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
        let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path);
        let path = path.trim_end_matches('/');
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials), host),
            None => (None, authority),
        };
        let clean = format!("{scheme}://{host}{path}");
        if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            let got = match scheme {
                "" => "no scheme".to_owned(),
                scheme => format!("the scheme {scheme}"),
            };
            return Err(refused("must begin with http:// or https://", got));
        }
        if host.is_empty() || path.contains(['?', '#']) || clean.parse::<ureq::http::Uri>().is_err()
        {
            return Err(refused("must be the URL of a server", clean));
        }
        let decode = |text: &str| {
            let bytes = percent_encoding::percent_decode_str(text);
            bytes.decode_utf8_lossy().into_owned()
        };
        let (username, password) =
            match credentials.map(|text| text.split_once(':').unwrap_or((text, ""))) {
                Some((user, password)) => (Some(decode(user)), Some(decode(password).into())),
                None => (None, None),
            };
        Ok(Self { uri: clean, username, password, token: None, experiment: EXPERIMENT.to_owned() })
    }

    /// Reads `MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`,
    /// `MLFLOW_TRACKING_TOKEN`, `MLFLOW_EXPERIMENT_NAME` and `DAGSHUB_TOKEN` by `lookup`. Without a
    /// URI the result is `None`. DagsHub takes its token as user and password; no other server gets
    /// it.
    ///
    /// ```
    /// use verdict_registry::TrackingSettings;
    ///
    /// let lookup = |name: &str| (name == "MLFLOW_TRACKING_URI").then(|| "http://localhost:5000/".to_owned());
    /// let settings = TrackingSettings::from_lookup(lookup)?.unwrap();
    /// assert_eq!(settings.uri, "http://localhost:5000");
    /// # Ok::<(), verdict_registry::RegistryError>(())
    /// ```
    ///
    /// # Errors
    /// As [`TrackingSettings::new`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let Some(uri) = lookup(URI) else {
            return Ok(None);
        };
        let mut settings = Self::new(&uri)?;
        if let Some(username) = lookup("MLFLOW_TRACKING_USERNAME") {
            settings.username = Some(username);
            settings.password = None;
        }
        if let Some(password) = lookup("MLFLOW_TRACKING_PASSWORD") {
            settings.password = Some(password.into());
        }
        settings.token = lookup("MLFLOW_TRACKING_TOKEN").map(Secret);
        if let Some(experiment) = lookup("MLFLOW_EXPERIMENT_NAME") {
            settings.experiment = experiment;
        }
        let is_anonymous = settings.username.is_none() && settings.token.is_none();
        if let Some(token) =
            lookup("DAGSHUB_TOKEN").filter(|_| is_anonymous && settings.is_dagshub())
        {
            settings.username = Some(token.clone());
            settings.password = Some(token.into());
        }
        Ok(Some(settings))
    }

    fn is_dagshub(&self) -> bool {
        let uri = self.uri.parse::<ureq::http::Uri>().ok();
        let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or("");
        let host = host.to_ascii_lowercase();
        host == "dagshub.com" || host.ends_with(".dagshub.com")
    }

    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self) -> Option<String> {
        use base64::Engine;
        let Some(username) = &self.username else {
            return self.token.as_ref().map(|Secret(token)| format!("Bearer {token}"));
        };
        let password = self.password.as_ref().map_or("", |Secret(password)| password);
        let pair =
            base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        Some(format!("Basic {pair}"))
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
