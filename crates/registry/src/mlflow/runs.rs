//! Versions on a server that has runs but no model registry, such as DagsHub: a run that is
//! complete has its number in a tag. There are no aliases.

use super::client::Client;
use super::json;
use super::tracking::{self, NAME, Run};
use super::versions::from_tags;
use crate::{NewVersion, Result, Tags, Version};

/// The tag that holds the number.
const NUMBER: &str = "verdict.version";

/// The versions of a name with their runs, by number.
pub(super) fn list(client: &Client, experiment: &str, name: &str) -> Result<Vec<(Version, Run)>> {
    let Some(experiment) = tracking::known_experiment(client, experiment)? else {
        return Ok(Vec::new());
    };
    let mut versions = Vec::new();
    for run in tracking::runs(client, &experiment, &[(NAME, name)])? {
        if let Some(number) = run.tags.get(NUMBER).and_then(|text| json::number(text)) {
            versions.push((from_tags(name, number, &run.tags, client.base())?, run));
        }
    }
    versions.sort_by_key(|(version, _)| version.version);
    Ok(versions)
}

/// Gives a run the next number of its name.
pub(super) fn number(
    client: &Client,
    experiment: &str,
    run: &Run,
    new: &NewVersion<'_>,
    sha256: &str,
) -> Result<Version> {
    let known = list(client, experiment, new.name)?;
    let next = known.last().map_or(0, |(version, _)| version.version) + 1;
    let tags = Tags::from([(NUMBER.to_owned(), next.to_string())]);
    tracking::log_tags(client, run, &tags)?;
    let mut tags = tracking::own_tags(new, sha256);
    tags.extend(run.tags.clone());
    from_tags(new.name, next, &tags, client.base())
}
