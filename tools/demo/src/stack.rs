//! Everything from Kafka to Prometheus, in the order in which it is needed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use ureq::Agent;
use verdict_kafka::{Process, StartError, last_lines, lock};

use crate::broker::Broker;
use crate::plan::{Paths, Plan};
use crate::ports::{Ports, local};
use crate::settings::Settings;
use crate::trickle::Trickle;

/// How long Kafka may take to end in order; its log is good after a kill too, and is read again at
/// the next start.
const KAFKA_ENDS_WITHIN: Duration = Duration::from_secs(2);
/// How long services may take to end when a start is given up.
const GIVEN_UP_WITHIN: Duration = Duration::from_millis(1500);
/// How a state folder names the Kafka that is started with it.
const OWN: &str = "a Kafka of its own";
/// How long the processes of a demo that was killed may take to be gone.
const OWNED_WITHIN: Duration = Duration::from_secs(15);

/// It was asked to stop before everything ran.
#[derive(Debug, thiserror::Error)]
#[error("stopped while it started")]
pub(crate) struct Stopped;

/// Kafka and the running services. Dropping them kills them; [`stop`](Self::stop) ends them in
/// order.
///
/// Fields are dropped in this order: the services are killed before Kafka.
#[derive(Debug)]
pub(crate) struct Stack {
    trickle: Option<Trickle>,
    services: Vec<Process>,
    pub(crate) broker: Broker,
    /// Where each service listens.
    pub(crate) ports: Ports,
    /// The folder with Kafka's data, logs, models and what Prometheus collected.
    pub(crate) state: PathBuf,
    lock: File,
    pub(crate) has_prometheus: bool,
}

impl Stack {
    /// Starts Kafka, makes the topics, starts every service, and returns when all are ready. `stop`
    /// ends the start early.
    ///
    /// # Errors
    /// Kafka cannot be had, a program is not built, a port is taken, or a service does not become
    /// ready; the text quotes its log. Whatever was started is ended.
    pub(crate) fn start(settings: &Settings, stop: &AtomicBool) -> anyhow::Result<Self> {
        let paths = Paths::of(settings)?;
        let lock = lock(&paths.state, OWNED_WITHIN).map_err(|error| match error {
            StartError::InUse { folder } => anyhow::anyhow!(
                "another demo runs with {}: end it, or choose another folder with --state",
                folder.display()
            ),
            other => other.into(),
        })?;
        let ports = Ports::choose(settings)?;
        let broker = Broker::start(settings, &paths.state)?;
        let plan = Plan::new(settings, &paths, &broker);
        let mut stack = Self {
            trickle: None,
            services: Vec::new(),
            broker,
            ports,
            state: paths.state.clone(),
            lock,
            has_prometheus: false,
        };
        match stack.bring_up(&plan, stop) {
            Ok(()) => Ok(stack),
            Err(error) => {
                // In order, so that consumers leave their group: the next start need not wait for
                // them. What is reported is what failed first.
                stack.stop(GIVEN_UP_WITHIN).unwrap_or(());
                Err(error)
            }
        }
    }

    fn bring_up(&mut self, plan: &Plan<'_>, stop: &AtomicBool) -> anyhow::Result<()> {
        let settings = plan.settings;
        if !self.broker.is_in_memory() {
            run_once(plan.program("producer", &["topics", "ensure"])?, || {
                let bootstrap = self.broker.bootstrap();
                format!(
                    "Kafka at {bootstrap} cannot be used (--bootstrap-servers); \
                     `producer topics ensure` says"
                )
            })?;
            adopt(plan)?;
        }
        // Consumers first: web is ready without them, and its first visitor would wait.
        let mut services = plan.services(&self.ports)?;
        if !settings.no_prometheus && is_installed("prometheus") {
            let (command, port) = (plan.prometheus(&self.ports)?, self.ports.prometheus);
            services.push(("prometheus".to_owned(), command, port));
            self.has_prometheus = true;
        }
        let mut pages = Vec::new();
        for (name, command, port) in services {
            let page = if name == "prometheus" { "/-/ready" } else { "/readyz" };
            pages.push(format!("http://{}{page}", local(port)));
            self.launch(&name, command, &plan.paths.logs)?;
        }
        // All start at once; none is ready before Kafka has answered it.
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(2)));
        let agent: Agent = config.http_status_as_error(false).build().into();
        for (service, page) in self.services.iter_mut().zip(&pages) {
            service.await_ready(settings.ready_within(), || {
                if stop.load(Ordering::Relaxed) {
                    bail!(Stopped);
                }
                Ok(ready(&agent, page))
            })?;
        }
        if !settings.no_trickle {
            let interval = Duration::from_secs(60) / settings.trickle.get();
            self.trickle = Some(Trickle::start(local(self.ports.web), interval));
        }
        Ok(())
    }

    /// Whether Kafka and every service run still.
    ///
    /// # Errors
    /// One ended by itself, and the text quotes its log.
    pub(crate) fn check(&mut self) -> Result<(), StartError> {
        if let Broker::Own(kafka) = &mut self.broker {
            kafka.check()?;
        }
        self.services.iter_mut().try_for_each(Process::check)
    }

    /// Asks every service to end and waits for that, then ends Kafka.
    ///
    /// # Errors
    /// A service did not end within that time, and was killed.
    pub(crate) fn stop(mut self, within: Duration) -> Result<(), StartError> {
        drop(self.trickle.take());
        for service in self.services.iter_mut().rev() {
            service.terminate()?;
        }
        let mut result = Ok(());
        for service in self.services.iter_mut().rev() {
            let ended = service.join(within);
            result = result.and(ended);
        }
        if let Broker::Own(kafka) = &mut self.broker {
            match kafka.terminate(KAFKA_ENDS_WITHIN) {
                Err(StartError::NotEnded { .. }) | Ok(()) => {}
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    }

    fn launch(&mut self, name: &str, command: Command, logs: &Path) -> anyhow::Result<()> {
        let log = logs.join(format!("{name}.log"));
        // A log of this life.
        File::create(&log).with_context(|| format!("opening {}", log.display()))?;
        self.services.push(Process::start(name, command, log, &self.lock)?);
        let pids: Vec<u32> = self.services.iter().map(Process::id).collect();
        Ok(self.broker.guard(&pids)?)
    }
}

/// Whether a page answers 200; otherwise what it says, in parentheses.
fn ready(agent: &Agent, page: &str) -> Result<(), String> {
    let said = match agent.get(page).call() {
        Ok(answer) if answer.status() == 200 => return Ok(()),
        Ok(mut answer) => answer.body_mut().read_to_string().unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Err(format!(" ({})", said.trim().replace('\n', ", ")))
}

fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command to its end; an error begins as `failed` says, and ends with its last lines.
fn run_once(mut command: Command, failed: impl FnOnce() -> String) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().context("starting a command of ours")?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = last_lines(&String::from_utf8_lossy(&said), 6);
    bail!("{} ({}):\n{said}", failed(), output.status)
}

/// Registers the model that was named and lets it serve, unless that was done before: then whatever
/// was trained after it goes on serving. A state folder goes with one Kafka, since the versions
/// that Kafka's log names are kept in it.
fn adopt(plan: &Plan<'_>) -> anyhow::Result<()> {
    let (state, model) = (&plan.paths.state, &plan.settings.model);
    let file = state.join("adopted");
    let kafka = plan.settings.bootstrap_servers.as_deref().unwrap_or(OWN);
    let adopted = format!("{kafka}\n{}\n", plan.identity(model)?);
    let before = fs::read_to_string(&file).unwrap_or_default();
    if before == adopted {
        return Ok(());
    }
    if let Some(other) = before.lines().next().filter(|other| *other != kafka) {
        let state = state.display();
        bail!("the models in {state} go with {other}: choose another folder with --state");
    }
    let registry = plan.paths.registry().display().to_string();
    let words = ["publish", "--model", model, "--registry", &registry];
    run_once(plan.program("trainer", &words)?, || {
        format!("model {model} cannot serve (--model, --state); `trainer publish` says")
    })?;
    fs::write(&file, adopted).with_context(|| format!("writing {}", file.display()))
}
