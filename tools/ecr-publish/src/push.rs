//! Layers to a registry, by the OCI distribution protocol. What is there already is not sent again, so a push that broke off goes on.
//!
//! Manifests do not go this way: ECR puts them by its own API, which is refused where a tag has another image, and checks the
//! digest. So nothing that is half there ever has a tag.

use std::time::Duration;

use anyhow::{Context, bail};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::OciDistributionError,
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
pub struct Registry {
    client: Client,
    host: String,
    auth: RegistryAuth,
}

// The login is in it.
impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Layers and configurations that were there.
    pub there: usize,
    /// Layers and configurations that were sent.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Registry {
    /// The registry that the login is for, or one at another address: `http://HOST:PORT` or `https://HOST`.
    ///
    /// # Errors
    /// An address with another beginning.
    pub fn new(login: &Login, address: Option<&str>) -> anyhow::Result<Self> {
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
        Ok(Self {
            client: Client::new(config),
            host: host.trim_end_matches('/').to_owned(),
            auth: RegistryAuth::Basic(login.user.clone(), login.password.reveal().to_owned()),
        })
    }

    /// Sends the layers and configurations that a repository lacks. `told` gets a line for each that is sent or tried again.
    ///
    /// # Errors
    /// An archive that is damaged; a registry that refuses, or does not answer after some tries.
    pub async fn send(
        &self,
        repository: &str,
        image: &Image,
        archive: &mut Archive,
        told: &mut impl FnMut(String),
    ) -> anyhow::Result<Sent> {
        let mut sent = Sent::default();
        for blob in &image.blobs {
            let to = Reference::with_digest(
                self.host.clone(),
                repository.to_owned(),
                blob.digest.clone(),
            );
            self.client.store_auth_if_needed(to.resolve_registry(), &self.auth).await;
            let mut pause = FIRST_PAUSE;
            for attempt in 1.. {
                match self.blob(&to, blob, archive).await {
                    Ok(false) => sent.there += 1,
                    Ok(true) => {
                        sent.blobs += 1;
                        sent.bytes += blob.size;
                        told(format!("{repository}: sent {} ({} bytes)", blob.digest, blob.size));
                    }
                    Err(error) if attempt < TRIES && is_passing(&error) => {
                        told(format!(
                            "{repository}: {} broke off ({}), again in {pause:?}",
                            blob.digest,
                            line(&error)
                        ));
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                        continue;
                    }
                    Err(error) => {
                        return Err(anyhow::anyhow!("{}", line(&error))).with_context(|| {
                            format!(
                                "pushing {} to {}/{repository} (try {attempt} of {TRIES}); nothing is tagged, and running this again sends what is missing",
                                blob.digest, self.host
                            )
                        });
                    }
                }
                break;
            }
        }
        Ok(sent)
    }

    /// Whether it had to be sent.
    async fn blob(
        &self,
        to: &Reference,
        blob: &crate::archive::Descriptor,
        archive: &mut Archive,
    ) -> anyhow::Result<bool> {
        if self.client.blob_exists(to, &blob.digest).await? {
            return Ok(false);
        }
        let bytes = archive.blob(blob)?;
        self.client.push_blob(to, bytes, &blob.digest).await?;
        Ok(true)
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
