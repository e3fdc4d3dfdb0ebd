//! Everything from Kafka to Prometheus, in the order in which it is needed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use verdict_kafka::{StartError, Watchdog, last_lines, lock};

use crate::broker::Broker;
use crate::child::Service;
use crate::error::DemoError;
use crate::plan::{self, Paths, Plan};
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

/// Kafka and the running services. Dropping them kills them; [`stop`](Self::stop) ends them in
/// order.
///
/// Fields are dropped in this order: the services are killed by [`Drop`], then Kafka and the
/// watchdog go.
#[derive(Debug)]
pub struct Stack {
    trickle: Option<Trickle>,
    services: Vec<Service>,
    broker: Broker,
    watchdog: Watchdog,
    ports: Ports,
    state: PathBuf,
    owned: File,
    has_prometheus: bool,
}

impl Stack {
    /// Starts Kafka, makes the topics, starts every service, and returns when all are ready. `stop`
    /// ends the start early.
    ///
    /// # Errors
    /// Kafka cannot be had, a program is not built, a port is taken, or a service does not become
    /// ready; the text quotes its log. Whatever was started is ended.
    pub fn start(settings: &Settings, stop: &AtomicBool) -> Result<Self, DemoError> {
        let paths = Paths::of(settings)?;
        let owned = match lock(&paths.state, OWNED_WITHIN) {
            Err(StartError::InUse { folder }) => return Err(DemoError::InUse { state: folder }),
            owned => owned?,
        };
        let ports = Ports::choose(settings)?;
        let broker = Broker::start(settings, &paths.state)?;
        let plan = Plan::new(settings, &paths, &broker);
        let mut stack = Self {
            trickle: None,
            services: Vec::new(),
            broker,
            watchdog: Watchdog::start(None)?,
            ports,
            state: paths.state.clone(),
            owned,
            has_prometheus: false,
        };
        match stack.bring_up(&plan, stop) {
            Ok(()) => Ok(stack),
            Err(error) => {
                // In order, so that consumers leave their group: the next start need not wait for
                // them. What failed is told.
                stack.stop(GIVEN_UP_WITHIN).unwrap_or(());
                Err(error)
            }
        }
    }

    fn bring_up(&mut self, plan: &Plan<'_>, stop: &AtomicBool) -> Result<(), DemoError> {
        let settings = plan.settings;
        if !self.broker.is_in_memory() {
            run_once(plan.program("producer", &["topics", "ensure"])?, |ended, said| {
                DemoError::Topics { bootstrap: self.broker.bootstrap(), ended, said }
            })?;
            adopt(plan)?;
        }
        // Consumers first: web is ready without them, and its first visitor would wait.
        for (name, command, port) in plan.services(&self.ports)? {
            self.launch(&name, command, port, "/readyz", &plan.paths.logs)?;
        }
        if !settings.no_prometheus && is_installed("prometheus") {
            let (command, port) = (plan.prometheus(&self.ports)?, self.ports.prometheus);
            self.launch("prometheus", command, port, "/-/ready", &plan.paths.logs)?;
            self.has_prometheus = true;
        }
        // All start at once; none is ready before Kafka has told it what it needs.
        for service in &mut self.services {
            service.await_ready(settings.ready_within(), stop)?;
        }
        if !settings.no_trickle {
            let interval = Duration::from_secs(60) / settings.trickle.get();
            self.trickle = Some(Trickle::start(local(self.ports.web), interval));
        }
        Ok(())
    }

    /// What the services stand on.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Where each service listens.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Whether Prometheus runs too.
    #[must_use]
    pub fn has_prometheus(&self) -> bool {
        self.has_prometheus
    }

    /// The folder with Kafka's data, logs, models and what Prometheus collected.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder of the model versions, for `trainer --registry`.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        plan::registry(&self.state)
    }

    /// Whether Kafka and every service run still.
    ///
    /// # Errors
    /// One ended by itself, and the text quotes its log.
    pub fn check(&mut self) -> Result<(), DemoError> {
        if let Broker::Own(kafka) = &mut self.broker {
            kafka.check()?;
        }
        self.services.iter_mut().try_for_each(Service::check)
    }

    /// Asks every service to end and waits for that, then ends Kafka.
    ///
    /// # Errors
    /// A service did not end within that time, and was killed.
    pub fn stop(mut self, within: Duration) -> Result<(), DemoError> {
        drop(self.trickle.take());
        for service in self.services.iter_mut().rev() {
            service.terminate()?;
        }
        let mut result = Ok(());
        for mut service in std::mem::take(&mut self.services).into_iter().rev() {
            let ended = service.join(within);
            result = result.and(ended);
        }
        if let Broker::Own(kafka) = &mut self.broker {
            match kafka.terminate(KAFKA_ENDS_WITHIN) {
                Err(StartError::NotEnded { .. }) | Ok(()) => {}
                Err(error) => result = result.and(Err(error.into())),
            }
        }
        result
    }

    fn launch(
        &mut self,
        name: &str,
        command: Command,
        port: u16,
        ready: &str,
        logs: &Path,
    ) -> Result<(), DemoError> {
        let ready = format!("http://{}{ready}", local(port));
        self.services.push(Service::start(name, command, ready, logs, &self.owned)?);
        let pids: Vec<u32> = self.services.iter().map(Service::pid).collect();
        match &mut self.broker {
            Broker::Own(kafka) => kafka.guard(&pids)?,
            _ => self.watchdog.guard(None, &pids)?,
        }
        Ok(())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for service in self.services.iter_mut().rev() {
            // Nobody is left to tell, and one that is gone already is what is wanted.
            service.kill().unwrap_or(());
        }
    }
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

/// Runs a command to its end; what it said last is for the error.
fn run_once(
    mut command: Command,
    failed: impl FnOnce(String, String) -> DemoError,
) -> Result<(), DemoError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(DemoError::io("starting a command of ours"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = last_lines(&String::from_utf8_lossy(&said), 6);
    Err(failed(output.status.to_string(), said))
}

/// Registers the model that was named and lets it serve, unless that was done before: then whatever
/// was trained after it goes on serving. A state folder goes with one Kafka, since the versions
/// that Kafka's log names are kept in it.
fn adopt(plan: &Plan<'_>) -> Result<(), DemoError> {
    let (state, model) = (&plan.paths.state, &plan.settings.model);
    let file = state.join("adopted");
    let given = plan.settings.bootstrap_servers.as_deref();
    let kafka = given.unwrap_or(OWN);
    let adopted = format!("{kafka}\n{}\n", plan.identity(model)?);
    let before = fs::read_to_string(&file).unwrap_or_default();
    if before == adopted {
        return Ok(());
    }
    if let Some(other) = before.lines().next().filter(|other| *other != kafka) {
        return Err(DemoError::OtherKafka { state: state.clone(), other: other.to_owned() });
    }
    let registry = plan::registry(state).display().to_string();
    let words = ["publish", "--model", model, "--registry", &registry];
    run_once(plan.program("trainer", &words)?, |ended, said| DemoError::Adopt {
        model: model.clone(),
        ended,
        said,
    })?;
    fs::write(&file, adopted).map_err(DemoError::io(format!("writing {}", file.display())))
}
