//! Everything from the topics to Prometheus, in the order in which it is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::child::{Service, Watchdog};
use crate::error::UpError;
use crate::ports::{Ports, local};
use crate::prometheus::{Targets, derive};
use crate::settings::Settings;
use crate::wait::last_lines;

/// The running services. Dropping them kills them; [`stop`](Self::stop) ends them in order.
///
/// Fields are dropped in this order: the services are killed by [`Drop`], then the watchdog goes.
#[derive(Debug)]
pub struct Stack {
    services: Vec<Service>,
    watchdog: Watchdog,
    ports: Ports,
    state: PathBuf,
    has_prometheus: bool,
}

/// Where things are, absolute.
struct Paths {
    root: PathBuf,
    bin: PathBuf,
    state: PathBuf,
    logs: PathBuf,
}

impl Paths {
    fn of(settings: &Settings) -> Result<Self, UpError> {
        let root = absolute(&settings.root)?;
        let state = root.join(&settings.state);
        let logs = state.join("logs");
        fs::create_dir_all(&logs).map_err(UpError::io(format!("creating {}", logs.display())))?;
        let bin = match &settings.bin {
            Some(bin) => absolute(bin)?,
            None => std::env::current_exe()
                .map_err(UpError::io("finding this program"))?
                .parent()
                .unwrap_or(Path::new("."))
                .to_path_buf(),
        };
        Ok(Self {
            root,
            bin,
            state,
            logs,
        })
    }

    /// One of our programs, in the repository's folder and with Kafka's flags.
    fn program(&self, name: &str, words: &[&str], settings: &Settings) -> Result<Command, UpError> {
        let path = self.bin.join(name);
        if !path.is_file() {
            return Err(UpError::NoProgram { path });
        }
        let mut command = Command::new(path);
        command
            .current_dir(&self.root)
            .args(words)
            .args(["--bootstrap-servers", &settings.bootstrap_servers]);
        for property in &settings.properties {
            command.args(["--kafka", property]);
        }
        Ok(command)
    }
}

impl Stack {
    /// Makes the topics, starts every service, and returns when all are ready. `stop` ends the start early.
    ///
    /// # Errors
    /// Kafka is not there, a program is not built, a port is taken, or a service does not become ready; the text quotes its
    /// log. Whatever was started is ended.
    pub fn start(settings: &Settings, stop: &AtomicBool) -> Result<Self, UpError> {
        let paths = Paths::of(settings)?;
        let ports = Ports::choose(settings)?;
        ensure_topics(&paths, settings)?;
        let mut stack = Self {
            services: Vec::new(),
            watchdog: Watchdog::start()?,
            ports,
            state: paths.state.clone(),
            has_prometheus: false,
        };
        // Consumers first: web is ready without them, and its first visitor would wait.
        for (name, command, port) in stack.plan(&paths, settings)? {
            stack.launch(&name, command, port, "/readyz", &paths)?;
        }
        if !settings.no_prometheus && is_installed("prometheus") {
            let (command, port) = (stack.prometheus(&paths, settings)?, stack.ports.prometheus);
            stack.launch("prometheus", command, port, "/-/ready", &paths)?;
            stack.has_prometheus = true;
        }
        stack.await_ready(settings.ready_within(), stop)?;
        Ok(stack)
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

    /// The folder with logs, models and what Prometheus collected.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Whether every service runs still.
    ///
    /// # Errors
    /// One ended by itself, and the text quotes its log.
    pub fn check(&mut self) -> Result<(), UpError> {
        self.services.iter_mut().try_for_each(Service::check)
    }

    /// Asks every service to end and waits for that. Who publishes ends before who scores.
    ///
    /// # Errors
    /// One did not end within that time, and was killed.
    pub fn stop(mut self, within: Duration) -> Result<(), UpError> {
        for service in self.services.iter_mut().rev() {
            service.terminate()?;
        }
        let mut result = Ok(());
        for mut service in std::mem::take(&mut self.services).into_iter().rev() {
            let ended = service.join(within);
            result = result.and(ended);
        }
        result
    }

    fn launch(
        &mut self,
        name: &str,
        command: Command,
        port: u16,
        ready: &str,
        paths: &Paths,
    ) -> Result<(), UpError> {
        let ready = format!("http://{}{ready}", local(port));
        self.services
            .push(Service::start(name, command, ready, &paths.logs)?);
        self.watchdog.guard(&self.services)
    }

    /// All start at once; none is ready before Kafka has told it what it needs.
    fn await_ready(&mut self, within: Duration, stop: &AtomicBool) -> Result<(), UpError> {
        self.services
            .iter_mut()
            .try_for_each(|service| service.await_ready(within, stop))
    }

    fn plan(
        &self,
        paths: &Paths,
        settings: &Settings,
    ) -> Result<Vec<(String, Command, u16)>, UpError> {
        let mut plan = Vec::new();
        let many = self.ports.consumers.len() > 1;
        for (number, port) in (1..).zip(&self.ports.consumers) {
            let mut consumer = paths.program("consumer", &["run"], settings)?;
            listen(&mut consumer, *port)
                .args(["--model", &settings.model])
                .args(["--drift-window", &settings.drift_window.to_string()]);
            if let Some(shadow) = &settings.shadow {
                consumer.args(["--shadow", shadow]);
            }
            let name = if many {
                format!("consumer-{number}")
            } else {
                "consumer".to_owned()
            };
            plan.push((name, consumer, *port));
        }
        let mut monitor = paths.program("consumer", &["monitor"], settings)?;
        listen(&mut monitor, self.ports.monitor)
            .args(["--audit-every-s", &settings.audit_every_s.to_string()]);
        plan.push(("monitor".to_owned(), monitor, self.ports.monitor));

        let mut trainer = paths.program("trainer", &["watch"], settings)?;
        listen(&mut trainer, self.ports.trainer)
            .arg("--params")
            .arg(&settings.params)
            .arg("--root")
            .arg(paths.state.join("trainer"))
            .arg("--registry")
            .arg(self.registry())
            .args(["--new-labels", &settings.new_labels.to_string()]);
        plan.push(("trainer".to_owned(), trainer, self.ports.trainer));

        let mut web = paths.program("web", &["--reply-partition", "0"], settings)?;
        listen(&mut web, self.ports.web);
        plan.push(("web".to_owned(), web, self.ports.web));
        Ok(plan)
    }

    /// The folder of the model versions, for `trainer --registry`.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.state.join("registry")
    }

    fn prometheus(&self, paths: &Paths, settings: &Settings) -> Result<Command, UpError> {
        let ports = &self.ports;
        let targets = Targets::from([
            ("verdict-web", vec![local(ports.web)]),
            (
                "verdict-consumer",
                ports.consumers.iter().copied().map(local).collect(),
            ),
            ("verdict-producer", vec![local(ports.producer)]),
            ("verdict-trainer", vec![local(ports.trainer)]),
            ("verdict-monitor", vec![local(ports.monitor)]),
        ]);
        let source = paths.root.join("observability/prometheus/prometheus.yml");
        let config = derive(&source, &targets, settings.scrape_interval.as_deref())?;
        let file = paths.state.join("prometheus.yml");
        fs::write(&file, config).map_err(UpError::io(format!("writing {}", file.display())))?;
        let mut command = Command::new("prometheus");
        command
            .current_dir(&paths.state)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                paths.state.join("prometheus").display()
            ))
            .arg(format!("--web.listen-address={}", local(ports.prometheus)))
            .arg("--log.level=warn");
        Ok(command)
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

fn listen(command: &mut Command, port: u16) -> &mut Command {
    command.args(["--listen", &local(port).to_string()])
}

fn absolute(path: &Path) -> Result<PathBuf, UpError> {
    path.canonicalize()
        .map_err(UpError::io(format!("finding {}", path.display())))
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

fn ensure_topics(paths: &Paths, settings: &Settings) -> Result<(), UpError> {
    let mut producer = paths.program("producer", &["topics", "ensure"], settings)?;
    let output = producer
        .stdin(Stdio::null())
        .output()
        .map_err(UpError::io("starting the producer"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(UpError::Topics {
        bootstrap: settings.bootstrap_servers.clone(),
        ended: output.status.to_string(),
        said: last_lines(&String::from_utf8_lossy(&said), 6),
    })
}
