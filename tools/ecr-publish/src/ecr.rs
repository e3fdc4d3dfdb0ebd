//! ECR's own API: login, repositories, images. The SDK repeats throttled requests with growing
//! pauses.

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_ecr::{
    Client,
    types::{
        ImageIdentifier, ImageTagMutability, RegistryScanningConfiguration, RegistryScanningRule,
        ScanFrequency, ScanType, ScanningRepositoryFilter, ScanningRepositoryFilterType,
    },
};
use aws_smithy_http_client::tls;
use base64::{Engine, engine::general_purpose::STANDARD};
use oci_client::secrets::RegistryAuth;

use crate::{
    archive::{Manifest, children},
    error::{answered, answered_unless},
    plan::{Change, Found, Settings, Wanted},
};

/// ECR in one region, for one account.
pub(crate) struct Ecr {
    pub(crate) client: Client,
    pub(crate) region: String,
}

/// What the registry asks for when layers are pushed; valid for twelve hours.
pub(crate) struct Login {
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    pub(crate) host: String,
    pub(crate) auth: RegistryAuth,
}

/// A tagged image.
#[derive(Clone)]
pub(crate) struct Tagged {
    pub(crate) digest: String,
    pub(crate) tags: Vec<String>,
    /// Seconds since 1970.
    pub(crate) pushed_at: i64,
}

impl Ecr {
    /// Credentials by AWS's own chain; `--region` before `AWS_REGION` and the profile's.
    ///
    /// # Errors
    /// No region at all.
    pub(crate) async fn connect(region: Option<String>, max_attempts: u32) -> anyhow::Result<Self> {
        let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let retries = RetryConfig::standard().with_max_attempts(max_attempts);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client)
            .retry_config(retries);
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        let config = loader.load().await;
        let region = config.region().context("no AWS region: give --region, or set AWS_REGION")?;
        Ok(Self { client: Client::new(&config), region: region.to_string() })
    }

    /// # Errors
    /// Credentials that are refused; an answer without a token.
    pub(crate) async fn login(&self) -> anyhow::Result<Login> {
        let request = "logging in to ECR";
        let answer = answered(request, self.client.get_authorization_token().send().await)?;
        let login = answer.authorization_data().first().and_then(|data| {
            let token = STANDARD.decode(data.authorization_token()?).ok()?;
            let token = String::from_utf8(token).ok()?;
            let (user, password) = token.split_once(':')?;
            let host = data.proxy_endpoint()?.trim_start_matches("https://").to_owned();
            Some(Login { host, auth: RegistryAuth::Basic(user.to_owned(), password.to_owned()) })
        });
        login.with_context(|| format!("{request}: the answer has no token in it"))
    }

    /// What there is of what is wanted.
    pub(crate) async fn found(&self, wanted: &Wanted) -> anyhow::Result<Found> {
        let scanned = self.scanning().await?.rules.unwrap_or_default();
        let scanned = scanned
            .iter()
            .filter(|rule| {
                use ScanFrequency::{ContinuousScan, ScanOnPush};
                matches!(rule.scan_frequency(), ScanOnPush | ContinuousScan)
            })
            .flat_map(|rule| rule.repository_filters())
            .map(|filter| filter.filter().to_owned());
        let mut found = Found { scanned: scanned.collect(), ..Found::default() };
        for wanted in &wanted.repositories {
            if let Some(settings) = self.settings(&wanted.name).await? {
                found.repositories.insert(wanted.name.clone(), settings);
            }
        }
        Ok(found)
    }

    async fn settings(&self, name: &str) -> anyhow::Result<Option<Settings>> {
        let there = answered_unless(
            &["RepositoryNotFoundException"],
            format_args!("looking for repository {name}"),
            self.client.describe_repositories().repository_names(name).send().await,
        )?;
        let Some(there) = there.and_then(|answer| answer.repositories?.pop()) else {
            return Ok(None);
        };
        let request = format!("reading the lifecycle policy of {name}");
        let policy = answered_unless(
            &["LifecyclePolicyNotFoundException"],
            &request,
            self.client.get_lifecycle_policy().repository_name(name).send().await,
        )?;
        let parse = |text: String| serde_json::from_str(&text).context(request);
        let policy = policy.map(|answer| answer.lifecycle_policy_text.unwrap_or_default());
        let filters = there.image_tag_mutability_exclusion_filters().iter();
        Ok(Some(Settings {
            is_immutable: matches!(
                there.image_tag_mutability(),
                Some(ImageTagMutability::Immutable | ImageTagMutability::ImmutableWithExclusion)
            ),
            except: filters.map(|filter| filter.filter().to_owned()).collect(),
            lifecycle: policy.map(parse).transpose()?,
        }))
    }

    async fn scanning(&self) -> anyhow::Result<RegistryScanningConfiguration> {
        let answer = answered(
            "reading the registry's scanning rules",
            self.client.get_registry_scanning_configuration().send().await,
        )?;
        let none = || RegistryScanningConfiguration::builder().build();
        Ok(answer.scanning_configuration.unwrap_or_else(none))
    }

    /// Makes one change.
    pub(crate) async fn make(&self, change: &Change, wanted: &Wanted) -> anyhow::Result<()> {
        let client = &self.client;
        match change {
            Change::CreateRepository { repository } => {
                let request = client
                    .create_repository()
                    .repository_name(repository)
                    .image_tag_mutability(ImageTagMutability::Immutable);
                // Two may publish at the same time.
                let exists = ["RepositoryAlreadyExistsException"];
                answered_unless(&exists, change, request.send().await)?;
            }
            Change::MakeTagsImmutable { repository } => {
                let request = client
                    .put_image_tag_mutability()
                    .repository_name(repository)
                    .image_tag_mutability(ImageTagMutability::Immutable);
                answered(change, request.send().await)?;
            }
            Change::PutLifecyclePolicy { repository } => {
                let request = client
                    .put_lifecycle_policy()
                    .repository_name(repository)
                    .lifecycle_policy_text(wanted.lifecycle.to_string());
                answered(change, request.send().await)?;
            }
            Change::ScanOnPush { filter } => {
                let there = self.scanning().await?;
                let request = client
                    .put_registry_scanning_configuration()
                    .scan_type(there.scan_type.unwrap_or(ScanType::Basic))
                    .set_rules(Some(with_filter(there.rules.unwrap_or_default(), filter)?));
                answered(change, request.send().await)?;
            }
        }
        Ok(())
    }

    /// The digest of the image that has this tag.
    pub(crate) async fn tagged(&self, name: &str, tag: &str) -> anyhow::Result<Option<String>> {
        let image = ImageIdentifier::builder().image_tag(tag).build();
        let answer = answered_unless(
            &["ImageNotFoundException", "RepositoryNotFoundException"],
            format_args!("looking for {name}:{tag}"),
            self.client.describe_images().repository_name(name).image_ids(image).send().await,
        )?;
        Ok(answer.and_then(|answer| answer.image_details?.pop()?.image_digest))
    }

    /// Puts a manifest whose layers are there, under a tag if one is given. ECR computes the digest
    /// for itself and compares.
    ///
    /// # Errors
    /// A tag that another image has; layers that are missing; a request that fails.
    pub(crate) async fn put(
        &self,
        name: &str,
        manifest: &Manifest,
        tag: Option<&str>,
    ) -> anyhow::Result<()> {
        let request = self
            .client
            .put_image()
            .repository_name(name)
            .image_manifest(&manifest.text)
            .image_manifest_media_type(&manifest.media_type)
            .image_digest(&manifest.digest)
            .set_image_tag(tag.map(str::to_owned));
        // The same image under the same tag: somebody was faster, or an earlier answer was lost.
        let exists = ["ImageAlreadyExistsException"];
        let what = format_args!("putting {} into {name}", manifest.digest);
        answered_unless(&exists, what, request.send().await)?;
        Ok(())
    }

    /// What runs in an image: itself, or the images of an index.
    pub(crate) async fn runnable(&self, name: &str, digest: &str) -> anyhow::Result<Vec<String>> {
        let request =
            self.client.batch_get_image().repository_name(name).image_ids(by_digest(digest));
        let answer = answered(format_args!("reading {name}@{digest}"), request.send().await)?;
        let manifest = answer.images().first().and_then(|image| image.image_manifest());
        let manifest = manifest.with_context(|| format!("{name}@{digest} is not there"))?;
        let children =
            children(manifest).with_context(|| format!("the manifest of {name}@{digest}"))?;
        Ok(if children.is_empty() { vec![digest.to_owned()] } else { children })
    }

    /// Every image of a repository that has a tag.
    pub(crate) async fn all_tagged(&self, name: &str) -> anyhow::Result<Vec<Tagged>> {
        let pages = self.client.describe_images().repository_name(name).into_paginator();
        let images = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let images = answered(format_args!("listing the images of {name}"), images)?;
        let tagged = images.into_iter().filter_map(|image| {
            let pushed_at = image.image_pushed_at.map_or(0, |time| time.secs());
            let tags = image.image_tags.filter(|tags| !tags.is_empty())?;
            Some(Tagged { digest: image.image_digest?, tags, pushed_at })
        });
        Ok(tagged.collect())
    }

    /// Deletes an image with all its tags.
    ///
    /// # Errors
    /// A request that fails; an image that ECR does not delete, with its reason.
    pub(crate) async fn delete(&self, name: &str, digest: &str) -> anyhow::Result<()> {
        let what = format!("deleting {name}@{digest}");
        let request =
            self.client.batch_delete_image().repository_name(name).image_ids(by_digest(digest));
        let answer = answered(&what, request.send().await)?;
        if let Some(failure) = answer.failures().first() {
            bail!("{what}: {}", failure.failure_reason().unwrap_or("ECR gives no reason"));
        }
        Ok(())
    }
}

pub(crate) fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

/// The same rules, and this filter scanned at each push: ECR has one rule for each frequency.
fn with_filter(
    rules: Vec<RegistryScanningRule>,
    filter: &str,
) -> anyhow::Result<Vec<RegistryScanningRule>> {
    let (on_push, mut rules): (Vec<_>, Vec<_>) =
        rules.into_iter().partition(|rule| *rule.scan_frequency() == ScanFrequency::ScanOnPush);
    let filter = ScanningRepositoryFilter::builder()
        .filter(filter)
        .filter_type(ScanningRepositoryFilterType::Wildcard)
        .build()?;
    let filters = on_push.into_iter().flat_map(|rule| rule.repository_filters).chain([filter]);
    rules.push(
        RegistryScanningRule::builder()
            .scan_frequency(ScanFrequency::ScanOnPush)
            .set_repository_filters(Some(filters.collect()))
            .build()?,
    );
    Ok(rules)
}
