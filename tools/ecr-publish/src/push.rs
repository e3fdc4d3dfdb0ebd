//! Layers to a registry, by the OCI distribution protocol. A layer that is there is not sent again,
//! so a push that broke off goes on.
//!
//! Manifests do not go this way: ECR puts them by its own API, which refuses a tag that has another
//! image and checks the digest. So an incomplete image never has a tag.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::OciDistributionError,
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};

use crate::{
    archive::{Archive, Image},
    ecr::Login,
};

/// Tries of one layer.
const TRIES: u32 = 6;
/// The pause after the first failure; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A connection that gives nothing for so long is broken.
const STALLED: Duration = Duration::from_secs(60);

/// Where layers go.
pub(crate) struct Registry {
    client: Client,
    host: String,
    auth: RegistryAuth,
}

impl Registry {
    /// The registry that the login is for, or one at another address: `http://HOST:PORT` or
    /// `https://HOST`.
    ///
    /// # Errors
    /// An address with another beginning.
    pub(crate) fn new(login: &Login, address: Option<&str>) -> anyhow::Result<Self> {
        let (protocol, host) = match address.map(|address| address.split_once("://")) {
            None => (ClientProtocol::Https, login.host.as_str()),
            Some(Some(("https", host))) => (ClientProtocol::Https, host),
            Some(Some(("http", host))) => (ClientProtocol::Http, host),
            Some(_) => bail!(
                "--push-to must be http://HOST:PORT or https://HOST, got {:?}",
                address.unwrap_or_default()
            ),
        };
        let config = ClientConfig {
            protocol,
            connect_timeout: Some(Duration::from_secs(10)),
            read_timeout: Some(STALLED),
            ..ClientConfig::default()
        };
        let host = host.trim_end_matches('/').to_owned();
        Ok(Self { client: Client::new(config), host, auth: login.auth.clone() })
    }

    /// Sends the layers and configurations that a repository lacks; how many and how many bytes
    /// they were. `log` gets a line for each that is sent or tried again.
    ///
    /// # Errors
    /// An archive that is damaged; a registry that refuses, or does not answer after some tries.
    pub(crate) async fn send(
        &self,
        repository: &str,
        image: &Image,
        archive: &mut Archive,
        log: &impl Fn(String),
    ) -> anyhow::Result<(usize, u64)> {
        let (mut blobs, mut bytes) = (0, 0);
        for blob in &image.blobs {
            let (mut pause, mut attempt) = (FIRST_PAUSE, 1);
            let sent = loop {
                match self.blob(repository, blob, archive).await {
                    Err(error) if attempt < TRIES && is_passing(&error) => {
                        let (digest, error) = (&blob.digest, line(&error));
                        log(format!(
                            "{repository}: {digest} broke off ({error}), again in {pause:?}"
                        ));
                        tokio::time::sleep(pause).await;
                        (pause, attempt) = (pause * 2, attempt + 1);
                    }
                    result => {
                        break result.map_err(|error| anyhow!("{}", line(&error))).with_context(
                            || {
                                format!(
                                    "pushing {} to {}/{repository} (try {attempt} of {TRIES}); nothing is tagged, and running this again sends what is missing",
                                    blob.digest, self.host
                                )
                            },
                        )?;
                    }
                }
            };
            if let Some(size) = sent {
                log(format!("{repository}: sent {} ({size} bytes)", blob.digest));
                (blobs, bytes) = (blobs + 1, bytes + size);
            }
        }
        Ok((blobs, bytes))
    }

    /// The bytes that were sent; `None` if the blob was there.
    async fn blob(
        &self,
        repository: &str,
        blob: &OciDescriptor,
        archive: &mut Archive,
    ) -> anyhow::Result<Option<u64>> {
        let digest = &blob.digest;
        let to = Reference::with_digest(self.host.clone(), repository.to_owned(), digest.clone());
        self.client.store_auth_if_needed(to.resolve_registry(), &self.auth).await;
        if self.client.blob_exists(&to, digest).await? {
            return Ok(None);
        }
        let bytes = archive.blob(digest)?;
        let size = u64::try_from(bytes.len())?;
        self.client.push_blob(&to, bytes, digest).await?;
        Ok(Some(size))
    }
}

/// Whether the same may succeed later.
fn is_passing(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<OciDistributionError>() {
        Some(OciDistributionError::RequestError(error)) => {
            error.status().is_none_or(|status| status.is_server_error() || status.as_u16() == 429)
        }
        Some(OciDistributionError::ServerError { code, .. }) => *code >= 500 || *code == 429,
        Some(
            OciDistributionError::SpecViolationError(_)
            | OciDistributionError::RegistryNoLocationError,
        ) => true,
        _ => false,
    }
}

/// An error with its causes, on one line.
fn line(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}
