//! Prometheus' configuration for processes on this machine, made of the one for containers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_yaml_ng::{Mapping, Value};

/// The addresses of each job.
pub(crate) type Targets = BTreeMap<&'static str, Vec<SocketAddr>>;

/// The configuration in `path` with the addresses of `targets` in place of service discovery, paths
/// of rules that hold anywhere, and, if given, another interval for collecting and for rules.
/// Everything else is taken as it is.
///
/// # Errors
/// The file cannot be read, or its jobs are not those of `targets`.
pub(crate) fn derive(
    path: &Path,
    targets: &Targets,
    interval: Option<&str>,
) -> anyhow::Result<String> {
    let wrong = |problem: String| anyhow!("{}: {problem}", path.display());
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder =
        std::path::absolute(folder).with_context(|| format!("finding {}", folder.display()))?;
    let mut config: Mapping =
        serde_yaml_ng::from_str(&text).map_err(|error| wrong(error.to_string()))?;

    if let (Some(interval), Some(Value::Mapping(global))) = (interval, config.get_mut("global")) {
        for key in ["scrape_interval", "evaluation_interval"] {
            global.insert(key.into(), interval.into());
        }
    }
    if let Some(Value::Sequence(files)) = config.get_mut("rule_files") {
        for file in files {
            let relative = file.as_str().unwrap_or_default();
            *file = folder.join(relative).display().to_string().into();
        }
    }
    let Some(Value::Sequence(jobs)) = config.get_mut("scrape_configs") else {
        return Err(wrong("scrape_configs must be a list".to_owned()));
    };
    let mut missing: Vec<&str> = targets.keys().copied().collect();
    for job in jobs {
        let name = job.get("job_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (Some(addresses), Value::Mapping(job)) = (targets.get(name.as_str()), job) else {
            return Err(wrong(format!("there is no service for job {name:?}")));
        };
        missing.retain(|wanted| *wanted != name);
        if job.remove("dns_sd_configs").is_none() {
            return Err(wrong(format!("job {name} must have dns_sd_configs")));
        }
        let addresses: Vec<Value> =
            addresses.iter().map(|address| address.to_string().into()).collect();
        let group = Mapping::from_iter([("targets".into(), Value::Sequence(addresses))]);
        job.insert("static_configs".into(), Value::Sequence(vec![group.into()]));
    }
    if !missing.is_empty() {
        return Err(wrong(format!("there is no job {}", missing.join(", "))));
    }
    serde_yaml_ng::to_string(&config).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, jobs: &[&'static str]) -> anyhow::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prometheus.yml");
        std::fs::write(&path, text).unwrap();
        let targets =
            jobs.iter().map(|job| (*job, vec!["127.0.0.1:9101".parse().unwrap()])).collect();
        derive(&path, &targets, Some("1s"))
            .map(|yaml| yaml.replace(folder.path().to_str().unwrap(), "DIR"))
    }

    const TEXT: &str = "global: {scrape_interval: 5s}\nrule_files: [rules/*.yml]\nscrape_configs:\n\
        - {job_name: a, scheme: http, dns_sd_configs: [{names: [a]}]}\n";

    #[test]
    fn addresses_take_the_place_of_discovery_and_the_rest_stays() {
        let config: Value = serde_yaml_ng::from_str(&example(TEXT, &["a"]).unwrap()).unwrap();
        let expected = "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [DIR/rules/*.yml]\nscrape_configs:\n\
            - {job_name: a, scheme: http, static_configs: [{targets: ['127.0.0.1:9101']}]}\n";
        assert_eq!(config, serde_yaml_ng::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn a_job_without_a_service_and_a_service_without_a_job_are_told() {
        for (jobs, said) in
            [(&[][..], "there is no service for job \"a\""), (&["a", "b"], "there is no job b")]
        {
            let error = example(TEXT, jobs).unwrap_err().to_string();
            assert!(error.ends_with(said), "{error}");
        }
    }
}
