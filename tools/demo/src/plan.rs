//! Which programs run, with which flags.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use crate::broker::Broker;
use crate::ports::{Ports, local};
use crate::prometheus::{Targets, derive};
use crate::settings::Settings;

/// Where things are, absolute.
#[derive(Debug)]
pub(crate) struct Paths {
    /// The folder in which everything runs: the repository.
    root: PathBuf,
    /// The folder of the services' programs: that of this one.
    bin: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) logs: PathBuf,
}

impl Paths {
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Self> {
        let root = std::env::current_dir().context("finding the working directory")?;
        let state = root.join(&settings.state);
        let logs = state.join("logs");
        fs::create_dir_all(&logs).with_context(|| {
            format!("creating {} (choose another folder with --state)", logs.display())
        })?;
        let demo = std::env::current_exe().context("finding this program")?;
        let bin = demo.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Self { root, bin, state, logs })
    }

    /// The folder of the model versions.
    pub(crate) fn registry(&self) -> PathBuf {
        self.state.join("registry")
    }
}

/// What to start, where, and on what.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) paths: &'a Paths,
    bootstrap: String,
    in_memory: bool,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(settings: &'a Settings, paths: &'a Paths, broker: &Broker) -> Self {
        Self { settings, paths, bootstrap: broker.bootstrap(), in_memory: broker.is_in_memory() }
    }

    /// One of our programs, in the repository's folder and with Kafka's flags.
    pub(crate) fn program(&self, name: &str, words: &[&str]) -> anyhow::Result<Command> {
        let path = self.paths.bin.join(name);
        anyhow::ensure!(
            path.is_file(),
            "{} is not there: build the services (cargo build)",
            path.display()
        );
        let mut command = Command::new(path);
        command
            .current_dir(&self.paths.root)
            .args(words)
            .args(["--bootstrap-servers", &self.bootstrap]);
        for property in &self.settings.properties {
            command.args(["--kafka", property]);
        }
        if self.in_memory {
            // Its fetches are not woken by records, so none may wait long.
            command.args(["--kafka", "fetch.wait.max.ms=5"]);
        }
        Ok(command)
    }

    /// What distinguishes one model from another: the checksum of a local file, or else the name it
    /// was given.
    pub(crate) fn identity(&self, model: &str) -> anyhow::Result<String> {
        let mut path = self.paths.root.join(model);
        if path.is_dir() {
            path.push("model.verdict");
        }
        if !path.is_file() {
            return Ok(model.to_owned());
        }
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(format!("{:x}", Sha256::digest(bytes)))
    }

    /// Name, command and port of each service. In memory there is nothing to learn from and nothing
    /// to audit.
    pub(crate) fn services(&self, ports: &Ports) -> anyhow::Result<Vec<(String, Command, u16)>> {
        let mut services = Vec::new();
        for (number, port) in (1..).zip(&ports.consumers) {
            let name = if ports.consumers.len() > 1 {
                format!("consumer-{number}")
            } else {
                "consumer".to_owned()
            };
            let consumer = self.consumer(&name, *port)?;
            services.push((name, consumer, *port));
        }
        if !self.in_memory {
            let mut monitor = self.program("consumer", &["monitor"])?;
            let audit_every_s = self.settings.audit_every_s.to_string();
            listen(&mut monitor, ports.monitor).args(["--audit-every-s", &audit_every_s]);
            services.push(("monitor".to_owned(), monitor, ports.monitor));
            services.push(("trainer".to_owned(), self.trainer(ports.trainer)?, ports.trainer));
        }
        let mut web = self.program("web", &["--reply-partition", "0"])?;
        listen(&mut web, ports.web)
            // Ctrl-C is for now, not for when the last visitor has read its answer.
            .args(["--drain-ms", "1000"])
            // All visitors are of this machine.
            .args(["--max-connections-per-address", "1024"]);
        if let Some(consumer) = ports.consumers.first() {
            web.args(["--consumer-pages", &local(*consumer).to_string()]);
        }
        if !self.in_memory {
            web.args(["--monitor-pages", &local(ports.monitor).to_string()]);
        }
        services.push(("web".to_owned(), web, ports.web));
        Ok(services)
    }

    fn consumer(&self, name: &str, port: u16) -> anyhow::Result<Command> {
        // With a lasting name, what a killed consumer left open is ended by its successor.
        let mut consumer = self.program("consumer", &["run", "--instance", name])?;
        listen(&mut consumer, port)
            .args(["--model", &self.settings.model])
            .args(["--drift-window", &self.settings.drift_window.to_string()]);
        if let Some(shadow) = &self.settings.shadow {
            consumer.args(["--shadow", shadow]);
        }
        Ok(consumer)
    }

    fn trainer(&self, port: u16) -> anyhow::Result<Command> {
        let mut trainer = self.program("trainer", &["watch"])?;
        listen(&mut trainer, port)
            .arg("--params")
            .arg(&self.settings.params)
            .arg("--root")
            .arg(self.paths.state.join("trainer"))
            .arg("--registry")
            .arg(self.paths.registry())
            .args(["--new-labels", &self.settings.new_labels.to_string()]);
        Ok(trainer)
    }

    /// Prometheus, with a configuration that is made of the one for containers.
    pub(crate) fn prometheus(&self, ports: &Ports) -> anyhow::Result<Command> {
        let targets = Targets::from([
            ("verdict-web", vec![local(ports.web)]),
            ("verdict-consumer", ports.consumers.iter().copied().map(local).collect()),
            ("verdict-producer", vec![local(ports.producer)]),
            ("verdict-trainer", vec![local(ports.trainer)]),
            ("verdict-monitor", vec![local(ports.monitor)]),
        ]);
        let Paths { root, state, .. } = self.paths;
        let source = root.join("observability/prometheus/prometheus.yml");
        let config = derive(&source, &targets, self.settings.scrape_interval.as_deref())?;
        let file = state.join("prometheus.yml");
        fs::write(&file, config).with_context(|| format!("writing {}", file.display()))?;
        let storage = state.join("prometheus");
        let mut command = Command::new("prometheus");
        command
            .current_dir(state)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", storage.display()))
            .arg(format!("--web.listen-address={}", local(ports.prometheus)))
            .arg("--log.level=warn");
        Ok(command)
    }
}

fn listen(command: &mut Command, port: u16) -> &mut Command {
    command.args(["--listen", &local(port).to_string()])
}
