//! Objects of S3, streamed to a file. Credentials come by AWS's own chain: environment, profiles,
//! web identity, containers, instances. `AWS_ENDPOINT_URL` names another server that speaks S3.

use crate::progress;
use anyhow::{Context, anyhow};
use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use futures::StreamExt as _;
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::path::Path as Key;
use object_store::{ClientOptions, CredentialProvider, ObjectStoreExt as _, RetryConfig};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Tries for so long before a source counts as out of reach.
const RETRY_FOR: Duration = Duration::from_secs(20);

/// A download that gives nothing for so long has failed.
const STALLED: Duration = Duration::from_secs(60);

/// Writes the object to `part`, from its beginning.
///
/// # Errors
/// A bucket or key that is not there, credentials that are refused, a network that fails.
pub(crate) fn get(bucket: &str, key: &str, part: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")?;
    runtime.block_on(download(bucket, key, part))
}

async fn download(bucket: &str, key: &str, part: &Path) -> anyhow::Result<()> {
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await;
    let provider = config.credentials_provider().ok_or_else(|| {
        anyhow!("no AWS credentials (environment, profile, web identity, container or instance)")
    })?;
    let retry = RetryConfig { max_retries: 3, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
    let endpoint = config.endpoint_url();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_credentials(Arc::new(Chain(provider)))
        .with_retry(retry)
        .with_client_options(
            ClientOptions::new()
                .with_connect_timeout(Duration::from_secs(10))
                // The whole object may take longer than any fixed time; a stall may not (see
                // below).
                .with_timeout_disabled()
                .with_allow_http(endpoint.is_some_and(|url| url.starts_with("http://"))),
        );
    if let Some(region) = config.region() {
        builder = builder.with_region(region.as_ref());
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder.build()?;
    let found = store.get(&Key::parse(key)?).await?;
    let bar = progress::bytes("downloading", Some(found.meta.size));
    let mut file = File::create(part).with_context(|| format!("making {}", part.display()))?;
    let mut stream = found.into_stream();
    loop {
        let next = tokio::time::timeout(STALLED, stream.next())
            .await
            .with_context(|| format!("nothing arrived for {STALLED:?}"))?;
        let Some(bytes) = next.transpose()? else {
            break;
        };
        file.write_all(&bytes).with_context(|| format!("writing {}", part.display()))?;
        bar.inc(bytes.len() as u64);
    }
    file.flush()?;
    bar.finish_and_clear();
    Ok(())
}

/// AWS's chain as `object_store` asks for credentials. The chain keeps them until they expire.
#[derive(Debug)]
struct Chain(SharedCredentialsProvider);

#[async_trait::async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let credentials = self.0.provide_credentials().await.map_err(|error| {
            object_store::Error::Generic { store: "S3", source: Box::new(error) }
        })?;
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(ToOwned::to_owned),
        }))
    }
}
