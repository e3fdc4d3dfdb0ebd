//! ECR's own API: repositories, tags, scans. Throttled requests are repeated by the SDK, with growing pauses.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_ecr::{
    Client,
    types::{
        ImageIdentifier, ImageTagMutability, RegistryScanningRule, Repository, ScanFrequency,
        ScanStatus, ScanType, ScanningRepositoryFilter, ScanningRepositoryFilterType,
    },
};
use aws_smithy_http_client::tls;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    archive::{Manifest, children},
    plan::{Change, Found, FoundRepository, Tags, Wanted},
    trouble::Trouble,
};

/// Requests for one answer, the first one too.
const ATTEMPTS: u32 = 8;

/// ECR in one region, for one account.
#[derive(Debug, Clone)]
pub struct Ecr {
    client: Client,
    /// The region that was asked for.
    pub region: String,
}

/// What the registry asks for when layers are pushed.
#[derive(Debug)]
pub struct Login {
    /// Always `AWS`.
    pub user: String,
    /// Valid for twelve hours; it is never shown.
    pub password: Secret,
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    pub host: String,
}

/// A text that is not shown, neither by `{}` nor by `{:?}`.
pub struct Secret(String);

impl Secret {
    /// The text, for who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What the scan of an image has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// Nobody has asked for one.
    NotBegun,
    /// It is not done yet.
    Waits,
    /// Done: findings by severity.
    Done(BTreeMap<String, u64>),
    /// There will be no result.
    Failed(String),
}

/// A tagged image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its digest.
    pub digest: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was pushed, in seconds since 1970.
    pub pushed_at: i64,
}

impl Ecr {
    /// Credentials by AWS's own chain; `region` before `AWS_REGION` and the profile's.
    ///
    /// # Errors
    /// No region at all.
    pub async fn connect(region: Option<String>) -> anyhow::Result<Self> {
        let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        let config = loader.load().await;
        let region =
            config.region().context("no AWS region: give --region, or set AWS_REGION")?.to_string();
        Ok(Self { client: Client::new(&config), region })
    }

    /// The login for pushing layers.
    ///
    /// # Errors
    /// Credentials that are refused; an answer without a token.
    pub async fn login(&self) -> anyhow::Result<Login> {
        let answer = self
            .client
            .get_authorization_token()
            .send()
            .await
            .map_err(|error| Trouble::new("logging in to ECR", &error))?;
        let data = answer.authorization_data();
        let parts = data.first().and_then(|data| {
            let decoded = STANDARD.decode(data.authorization_token()?).ok()?;
            let decoded = String::from_utf8(decoded).ok()?;
            let (user, password) = decoded.split_once(':')?;
            let host = data.proxy_endpoint()?.trim_start_matches("https://");
            Some(Login {
                user: user.to_owned(),
                password: Secret(password.to_owned()),
                host: host.to_owned(),
            })
        });
        parts.context("logging in to ECR: the answer has no token in it")
    }

    /// What there is of what is wanted.
    ///
    /// # Errors
    /// A request that fails.
    pub async fn found(&self, wanted: &Wanted) -> anyhow::Result<Found> {
        let mut found = Found { scanned: self.scanning().await?.1, ..Found::default() };
        for wanted in &wanted.repositories {
            if let Some(repository) = self.repository(&wanted.name).await? {
                let repository = FoundRepository {
                    tags: tags(&repository),
                    lifecycle: self.lifecycle(&wanted.name).await?,
                };
                found.repositories.insert(wanted.name.clone(), repository);
            }
        }
        Ok(found)
    }

    async fn repository(&self, name: &str) -> anyhow::Result<Option<Repository>> {
        let answer = self.client.describe_repositories().repository_names(name);
        match answer.send().await {
            Ok(answer) => Ok(answer.repositories.unwrap_or_default().pop()),
            Err(error) => {
                let trouble = Trouble::new(format!("looking for repository {name}"), &error);
                if trouble.is("RepositoryNotFoundException") {
                    return Ok(None);
                }
                Err(trouble.into())
            }
        }
    }

    async fn lifecycle(&self, name: &str) -> anyhow::Result<Option<serde_json::Value>> {
        let asked = format!("reading the lifecycle policy of {name}");
        match self.client.get_lifecycle_policy().repository_name(name).send().await {
            Ok(answer) => {
                let text = answer.lifecycle_policy_text().unwrap_or_default();
                Ok(Some(serde_json::from_str(text).context(asked)?))
            }
            Err(error) => {
                let trouble = Trouble::new(asked, &error);
                if trouble.is("LifecyclePolicyNotFoundException") {
                    return Ok(None);
                }
                Err(trouble.into())
            }
        }
    }

    /// The registry's scanning rules, and the filters of those that scan at each push or always.
    async fn scanning(&self) -> anyhow::Result<(Scanning, Vec<String>)> {
        let answer = self
            .client
            .get_registry_scanning_configuration()
            .send()
            .await
            .map_err(|error| Trouble::new("reading the registry's scanning rules", &error))?;
        let configuration = answer.scanning_configuration();
        let rules = configuration.map_or(&[][..], |found| found.rules());
        let scans = |rule: &&RegistryScanningRule| {
            matches!(
                rule.scan_frequency(),
                ScanFrequency::ScanOnPush | ScanFrequency::ContinuousScan
            )
        };
        let filters = rules
            .iter()
            .filter(scans)
            .flat_map(|rule| rule.repository_filters())
            .map(|filter| filter.filter().to_owned())
            .collect();
        let scanning = Scanning {
            kind: configuration.and_then(|found| found.scan_type().cloned()),
            rules: rules.to_vec(),
        };
        Ok((scanning, filters))
    }

    /// Makes one change.
    ///
    /// # Errors
    /// A request that fails.
    pub async fn make(&self, change: &Change, wanted: &Wanted) -> anyhow::Result<()> {
        let (what, of) = change.told();
        let asked = format!("{what} {of}");
        match change {
            Change::CreateRepository { repository } => {
                let request = self
                    .client
                    .create_repository()
                    .repository_name(repository)
                    .image_tag_mutability(ImageTagMutability::Immutable);
                match request.send().await.map_err(|error| Trouble::new(asked, &error)) {
                    // Two that publish at the same time.
                    Err(trouble) if trouble.is("RepositoryAlreadyExistsException") => {}
                    result => drop(result?),
                }
            }
            Change::MakeTagsImmutable { repository } => {
                self.client
                    .put_image_tag_mutability()
                    .repository_name(repository)
                    .image_tag_mutability(ImageTagMutability::Immutable)
                    .send()
                    .await
                    .map_err(|error| Trouble::new(asked, &error))?;
            }
            Change::PutLifecyclePolicy { repository } => {
                self.client
                    .put_lifecycle_policy()
                    .repository_name(repository)
                    .lifecycle_policy_text(wanted.lifecycle.to_string())
                    .send()
                    .await
                    .map_err(|error| Trouble::new(asked, &error))?;
            }
            Change::ScanOnPush { filter } => {
                let (scanning, _) = self.scanning().await?;
                self.client
                    .put_registry_scanning_configuration()
                    .scan_type(scanning.kind.clone().unwrap_or(ScanType::Basic))
                    .set_rules(Some(scanning.with(filter)?))
                    .send()
                    .await
                    .map_err(|error| Trouble::new(asked, &error))?;
            }
        }
        Ok(())
    }

    /// The digest of the image that has this tag.
    ///
    /// # Errors
    /// A request that fails.
    pub async fn tagged(&self, repository: &str, tag: &str) -> anyhow::Result<Option<String>> {
        let request = self
            .client
            .describe_images()
            .repository_name(repository)
            .image_ids(ImageIdentifier::builder().image_tag(tag).build());
        match request.send().await {
            Ok(answer) => {
                let images = answer.image_details();
                Ok(images.first().and_then(|image| image.image_digest().map(str::to_owned)))
            }
            Err(error) => {
                let trouble = Trouble::new(format!("looking for {repository}:{tag}"), &error);
                if trouble.is("ImageNotFoundException") || trouble.is("RepositoryNotFoundException")
                {
                    return Ok(None);
                }
                Err(trouble.into())
            }
        }
    }

    /// Puts a manifest whose layers are there, under a tag if one is given. ECR computes the digest for itself and compares.
    ///
    /// # Errors
    /// A tag that another image has; layers that are missing; a request that fails.
    pub async fn put(
        &self,
        repository: &str,
        manifest: &Manifest,
        tag: Option<&str>,
    ) -> anyhow::Result<()> {
        let request = self
            .client
            .put_image()
            .repository_name(repository)
            .image_manifest(&manifest.text)
            .image_manifest_media_type(&manifest.media_type)
            .image_digest(&manifest.digest)
            .set_image_tag(tag.map(str::to_owned));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let trouble =
                    Trouble::new(format!("putting {} into {repository}", manifest.digest), &error);
                // The same image under the same tag: somebody was faster, or an earlier answer was lost.
                if trouble.is("ImageAlreadyExistsException") {
                    return Ok(());
                }
                Err(trouble.into())
            }
        }
    }

    /// What runs in an image: itself, or the images of an index.
    ///
    /// # Errors
    /// A request that fails; an image that is not there.
    pub async fn runnable(&self, repository: &str, digest: &str) -> anyhow::Result<Vec<String>> {
        let answer = self
            .client
            .batch_get_image()
            .repository_name(repository)
            .image_ids(ImageIdentifier::builder().image_digest(digest).build())
            .send()
            .await
            .map_err(|error| Trouble::new(format!("reading {repository}@{digest}"), &error))?;
        let manifest = answer.images().first().and_then(|image| image.image_manifest());
        let manifest = manifest.with_context(|| format!("{repository}@{digest} is not there"))?;
        let children =
            children(manifest).with_context(|| format!("the manifest of {repository}@{digest}"))?;
        Ok(if children.is_empty() { vec![digest.to_owned()] } else { children })
    }

    /// What the scan of an image says by now.
    ///
    /// # Errors
    /// A request that fails.
    pub async fn scan(&self, repository: &str, digest: &str) -> anyhow::Result<Scan> {
        let request = self
            .client
            .describe_image_scan_findings()
            .repository_name(repository)
            .image_id(ImageIdentifier::builder().image_digest(digest).build());
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let trouble =
                    Trouble::new(format!("reading the scan of {repository}@{digest}"), &error);
                if trouble.is("ScanNotFoundException") {
                    return Ok(Scan::NotBegun);
                }
                return Err(trouble.into());
            }
        };
        let status = answer.image_scan_status();
        let counts = || {
            let counts =
                answer.image_scan_findings().and_then(|found| found.finding_severity_counts());
            let counts = counts.into_iter().flatten();
            counts.map(|(name, n)| (name.as_str().to_owned(), u64::try_from(*n).unwrap_or(0)))
        };
        Ok(match status.and_then(|status| status.status()) {
            Some(ScanStatus::Complete | ScanStatus::Active) => Scan::Done(counts().collect()),
            None | Some(ScanStatus::InProgress | ScanStatus::Pending) => Scan::Waits,
            Some(other) => Scan::Failed(format!(
                "{} ({})",
                other.as_str(),
                status.and_then(|status| status.description()).unwrap_or("no reason given")
            )),
        })
    }

    /// Asks for a scan, where pushing did not.
    ///
    /// # Errors
    /// A request that fails; an image may be scanned by hand once a day.
    pub async fn start_scan(&self, repository: &str, digest: &str) -> anyhow::Result<()> {
        self.client
            .start_image_scan()
            .repository_name(repository)
            .image_id(ImageIdentifier::builder().image_digest(digest).build())
            .send()
            .await
            .map_err(|error| {
                Trouble::new(format!("asking for a scan of {repository}@{digest}"), &error)
            })?;
        Ok(())
    }

    /// Every image of a repository that has a tag.
    ///
    /// # Errors
    /// A request that fails.
    pub async fn all_tagged(&self, repository: &str) -> anyhow::Result<Vec<Tagged>> {
        let mut pages =
            self.client.describe_images().repository_name(repository).into_paginator().send();
        let mut images = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                Trouble::new(format!("listing the images of {repository}"), &error)
            })?;
            for image in page.image_details() {
                if let Some(digest) =
                    image.image_digest().filter(|_| !image.image_tags().is_empty())
                {
                    images.push(Tagged {
                        digest: digest.to_owned(),
                        tags: image.image_tags().to_vec(),
                        pushed_at: image.image_pushed_at().map_or(0, |time| time.secs()),
                    });
                }
            }
        }
        Ok(images)
    }

    /// Deletes an image with all its tags.
    ///
    /// # Errors
    /// A request that fails; an image that ECR does not delete, with its reason.
    pub async fn delete(&self, repository: &str, digest: &str) -> anyhow::Result<()> {
        let answer = self
            .client
            .batch_delete_image()
            .repository_name(repository)
            .image_ids(ImageIdentifier::builder().image_digest(digest).build())
            .send()
            .await
            .map_err(|error| Trouble::new(format!("deleting {repository}@{digest}"), &error))?;
        if let Some(failure) = answer.failures().first() {
            bail!(
                "deleting {repository}@{digest}: {}",
                failure.failure_reason().unwrap_or("ECR gives no reason")
            );
        }
        Ok(())
    }
}

fn tags(repository: &Repository) -> Tags {
    let filters = || {
        let filters = repository.image_tag_mutability_exclusion_filters().iter();
        filters.map(|filter| filter.filter().to_owned()).collect()
    };
    match repository.image_tag_mutability() {
        Some(ImageTagMutability::Immutable) => Tags::Immutable,
        Some(ImageTagMutability::ImmutableWithExclusion) => Tags::ImmutableBut(filters()),
        Some(ImageTagMutability::MutableWithExclusion) => Tags::MutableBut(filters()),
        _ => Tags::Mutable,
    }
}

struct Scanning {
    kind: Option<ScanType>,
    rules: Vec<RegistryScanningRule>,
}

impl Scanning {
    /// The same rules, and this filter scanned at each push: ECR has one rule for each frequency.
    fn with(mut self, filter: &str) -> anyhow::Result<Vec<RegistryScanningRule>> {
        let on_push =
            |rule: &RegistryScanningRule| *rule.scan_frequency() == ScanFrequency::ScanOnPush;
        let (mut filters, others): (Vec<_>, Vec<_>) = self.rules.drain(..).partition(on_push);
        let mut filters: Vec<_> =
            filters.drain(..).flat_map(|rule| rule.repository_filters).collect();
        filters.push(
            ScanningRepositoryFilter::builder()
                .filter(filter)
                .filter_type(ScanningRepositoryFilterType::Wildcard)
                .build()?,
        );
        let rule = RegistryScanningRule::builder()
            .scan_frequency(ScanFrequency::ScanOnPush)
            .set_repository_filters(Some(filters))
            .build()?;
        Ok(others.into_iter().chain([rule]).collect())
    }
}
