//! HTTP to an MLflow server: one request at a time, each with a deadline, each failure with its
//! URL.

use super::settings::TrackingSettings;
use crate::{MODEL_FILE, RegistryError, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::fmt;
use std::io::Read;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body, RequestBuilder};
use verdict_sentiment::Limits;

const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(60);
/// 64 MiB at a megabit per second.
const TRANSFER: Duration = Duration::from_secs(600);
/// Most bytes of an answer in JSON: a page of versions with long tags is a few megabytes.
const LONGEST_JSON: u64 = 32 << 20;
/// Most characters shown of an answer that is not MLflow's.
const SHOWN: usize = 200;
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) struct Client {
    agent: Agent,
    /// URL of the server, no slash at its end.
    base: String,
    authorization: Option<String>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What an artifact's address is.
#[derive(Debug)]
struct Address {
    url: String,
    /// Whether it is on the MLflow server: no other server gets the credentials.
    is_own: bool,
}

impl Client {
    pub(super) fn new(settings: &TrackingSettings) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A redirected POST would become a GET, and no other server may get the credentials.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A server may close a connection just when it is used again, and a POST is not repeated.
            .max_idle_connections(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(CALL))
            .user_agent(concat!("verdict/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, base: settings.uri.clone(), authorization: settings.authorization() }
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// GET of a method of the API, such as `runs/get`.
    pub(super) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let query: Vec<String> = query
            .iter()
            .map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, UNRESERVED)))
            .collect();
        let mut url = self.api(path);
        if !query.is_empty() {
            url = format!("{url}?{}", query.join("&"));
        }
        self.exchange("GET", &url, None)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.exchange("POST", &self.api(path), Some(body))
    }

    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.exchange("PATCH", &self.api(path), Some(body))
    }

    pub(super) fn delete(&self, path: &str, body: &Value) -> Result<Value> {
        self.exchange("DELETE", &self.api(path), Some(body))
    }

    fn api(&self, path: &str) -> String {
        format!("{}/api/2.0/mlflow/{path}", self.base)
    }

    fn exchange(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
        let bytes = body.map(|body| body.to_string().into_bytes());
        let mut response = self.send(method, url, bytes.as_deref(), JSON, true, CALL)?;
        let text = read(&mut response, LONGEST_JSON).map_err(transport(method, url))?;
        serde_json::from_slice(&text).map_err(|problem| {
            RegistryError::corrupt(
                format!("{method} {url}"),
                format!("the answer must be JSON: {problem}"),
            )
        })
    }

    /// Stores `bytes` as the artifact `name` under `uri`, an `artifact_uri` of MLflow.
    pub(super) fn upload(&self, uri: &str, name: &str, bytes: &[u8]) -> Result<()> {
        let Address { url, is_own } = self.address(uri, name)?;
        let mut response = self.send("PUT", &url, Some(bytes), BYTES, is_own, TRANSFER)?;
        read(&mut response, LONGEST_JSON).map_err(transport("PUT", &url)).map(drop)
    }

    /// The artifact `name` under `uri`. More than `limit` bytes are refused, and never held in
    /// memory.
    pub(super) fn download(&self, uri: &str) -> Result<Vec<u8>> {
        let limit = Limits::FILE;
        let Address { url, is_own } = self.address(uri, MODEL_FILE)?;
        let mut response = self.send("GET", &url, None, BYTES, is_own, TRANSFER)?;
        let told = response.body().content_length();
        let too_long = |got: String| {
            RegistryError::corrupt(&url, format!("length must be at most {limit}, got {got}"))
        };
        if let Some(told) = told.filter(|&told| told > limit as u64) {
            return Err(too_long(told.to_string()));
        }
        let bytes = read(&mut response, limit as u64 + 1).map_err(transport("GET", &url))?;
        if bytes.len() > limit {
            return Err(too_long("more".to_owned()));
        }
        Ok(bytes)
    }

    /// The answer, which is a success.
    fn send(
        &self,
        method: &str,
        url: &str,
        body: Option<&[u8]>,
        content_type: &str,
        is_own: bool,
        deadline: Duration,
    ) -> Result<Response<Body>> {
        let authorization = self.authorization.as_deref().filter(|_| is_own);
        let sent = match body {
            Some(body) => {
                let request = match method {
                    "PUT" => self.agent.put(url),
                    "PATCH" => self.agent.patch(url),
                    // MLflow removes an alias by a DELETE with a body.
                    "DELETE" => self.agent.delete(url).force_send_body(),
                    _ => self.agent.post(url),
                };
                let request = authorized(request, authorization);
                let request = request.content_type(content_type);
                let request = request.config().timeout_global(Some(deadline)).build();
                request.send(body)
            }
            None => {
                let request = authorized(self.agent.get(url), authorization);
                let request = request.config().timeout_global(Some(deadline)).build();
                request.call()
            }
        };
        let mut response = sent.map_err(transport(method, url))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let text = read(&mut response, LONGEST_JSON).map_err(transport(method, url))?;
        Err(refused(method, url, response.status().as_u16(), &text))
    }

    /// Where an artifact is served. `mlflow-artifacts:` is MLflow's own proxy.
    fn address(&self, uri: &str, name: &str) -> Result<Address> {
        let unsupported = || {
            RegistryError::Unsupported(format!(
                "{uri}: artifacts must be served by MLflow itself: start the server with --serve-artifacts, and make the experiment anew"
            ))
        };
        let own = format!("{}/api/2.0/mlflow-artifacts/artifacts", self.base);
        if let Some(rest) = uri.strip_prefix("mlflow-artifacts:") {
            let path = match rest.strip_prefix("//") {
                None => rest.trim_start_matches('/'),
                Some(rest) => {
                    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                    if !host.is_empty() && Some(host) != authority(&self.base).as_deref() {
                        return Err(unsupported());
                    }
                    path
                }
            };
            let encoded: Vec<_> = path
                .split('/')
                .chain(name.split('/'))
                .filter(|part| !part.is_empty())
                .map(|part| utf8_percent_encode(part, UNRESERVED).to_string())
                .collect();
            let url = format!("{own}/{}", encoded.join("/"));
            return Ok(Address { url, is_own: true });
        }
        if !uri.starts_with("http://") && !uri.starts_with("https://") || uri.contains(['?', '#']) {
            return Err(unsupported());
        }
        let is_own = origin(uri).is_some() && origin(uri) == origin(&self.base);
        let url = format!("{}/{name}", uri.trim_end_matches('/'));
        Ok(Address { url, is_own })
    }
}

fn authorized<B>(request: RequestBuilder<B>, authorization: Option<&str>) -> RequestBuilder<B> {
    match authorization {
        Some(authorization) => request.header("authorization", authorization),
        None => request,
    }
}

fn authority(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    uri.authority().map(ToString::to_string)
}

fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    Some((uri.scheme_str()?.to_owned(), uri.authority()?.to_string()))
}

fn transport<E: fmt::Display>(method: &str, url: &str) -> impl FnOnce(E) -> RegistryError {
    move |problem| RegistryError::Transport(format!("{method} {url}: {problem}"))
}

fn read(response: &mut Response<Body>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reader = response.body_mut().as_reader();
    reader.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refused(method: &str, url: &str, status: u16, text: &[u8]) -> RegistryError {
    let answer: Option<Value> = serde_json::from_slice(text).ok();
    let field = |name: &str| {
        let value = answer.as_ref().and_then(|answer| answer.get(name));
        value.and_then(Value::as_str).map(str::to_owned)
    };
    RegistryError::Status {
        call: format!("{method} {url}"),
        status,
        code: field("error_code").unwrap_or_default(),
        message: field("message").unwrap_or_else(|| {
            let text = String::from_utf8_lossy(text);
            text.trim().chars().take(SHOWN).collect()
        }),
    }
}
