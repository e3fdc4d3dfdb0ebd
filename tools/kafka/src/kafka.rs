//! One broker, from its first start to its end.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::error::StartError;
use crate::install::{self, Installed};
use crate::lock::lock;
use crate::ports::Port;
use crate::process::Process;
use crate::properties;
use crate::ready::is_ready;
use crate::settings::{Jvm, Options, cache_folder};
use crate::wait::last_lines;
use crate::watchdog::Watchdog;

const LOG4J: &str = include_str!("../log4j2.properties");
/// Any 16 bytes in URL-safe base64. Data of another id was made by somebody else, and is refused.
const CLUSTER_ID: &str = "dmVyZGljdC1rYWZrYS0xMA";

/// How long a broker whose owner was killed may take to be gone.
const OWNED_WITHIN: Duration = Duration::from_secs(15);

/// A Kafka broker of our own. It ends when this is dropped, and when this process ends without
/// dropping it.
///
/// Fields are dropped in this order: the broker is killed, then the watchdog goes, then the folder.
#[derive(Debug)]
pub struct Kafka {
    broker: Option<Process>,
    watchdog: Watchdog,
    port: Port,
    controller: Port,
    secured: Option<Port>,
    /// The folder with `data/`, `server.properties` and `kafka.log`.
    home: PathBuf,
    _temporary: Option<TempDir>,
    lock: File,
    installed: Installed,
    options: Options,
}

impl Kafka {
    /// Formats the data folder if it is new, starts the broker and waits until it answers, which
    /// takes 2 to 5 seconds.
    ///
    /// # Errors
    /// Kafka is not installed, a port is taken, the folder belongs to another cluster, or the
    /// broker does not come up; the text then quotes its log.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let cache = cache_folder(options.cache.clone())?;
        let installed = install::find(&cache)?;
        let port = Port::take(&cache, options.port)?;
        let controller = Port::take(&cache, None)?;
        let has_users = !options.users.is_empty();
        let secured = has_users.then(|| Port::take(&cache, None)).transpose()?;
        let (home, temporary) = match &options.data {
            Some(path) => {
                let creating = StartError::at("creating", &path);
                fs::create_dir_all(path).map_err(creating)?;
                // Absolute, since Kafka reads it from its configuration.
                let finding = StartError::at("finding", &path);
                (path.canonicalize().map_err(finding)?, None)
            }
            None => {
                let folder = tempfile::Builder::new().prefix("verdict-kafka-").tempdir();
                let folder = folder.map_err(StartError::io("creating a temporary folder"))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        let lock = lock(&home, OWNED_WITHIN)?;
        let watchdog = Watchdog::start(temporary.as_ref().map(TempDir::path))?;
        let mut kafka = Self {
            broker: None,
            watchdog,
            port,
            controller,
            secured,
            home,
            _temporary: temporary,
            lock,
            installed,
            options,
        };
        kafka.format()?;
        kafka.configure(&kafka.data())?;
        let log = kafka.log();
        // A log of this life; a restart goes on in it.
        File::create(&log).map_err(StartError::at("creating", &log))?;
        kafka.launch()?;
        Ok(kafka)
    }

    /// The address for clients: `127.0.0.1:PORT`, the same for the whole life, restarts included.
    pub fn bootstrap(&self) -> String {
        self.address().to_string()
    }

    /// The address for clients.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }

    /// The address at which users are asked for their passwords; `None` without users.
    pub fn secured(&self) -> Option<String> {
        let port = self.secured.as_ref()?;
        Some(format!("127.0.0.1:{}", port.number))
    }

    /// A command of Kafka's own, by its class, for instance `org.apache.kafka.tools.AclCommand`:
    /// the program and its first arguments.
    pub fn tool(&self, class: &str) -> Vec<String> {
        let java = self.installed.java.display().to_string();
        let libs = self.installed.class_path.to_string_lossy();
        // A short life: the first compiler only.
        let words = [&java, "-XX:TieredStopAtLevel=1", "-cp", &libs, class];
        words.map(str::to_owned).to_vec()
    }

    /// The broker's pid; `None` while it is down.
    pub fn pid(&self) -> Option<u32> {
        self.broker.as_ref().map(Process::id)
    }

    /// The broker's log file.
    pub fn log(&self) -> PathBuf {
        self.home.join("kafka.log")
    }

    /// The folder with the broker's data, configuration and log.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Whether the process runs. It may still end by itself, for a full disk for instance.
    ///
    /// # Errors
    /// It did, and the text quotes its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        let checked = self.broker.as_mut().ok_or(StartError::NotRunning)?.check();
        if checked.is_err() {
            self.kill9()?;
        }
        checked
    }

    /// When this process is gone without having ended them, these are ended before the broker is:
    /// so its clients can leave their groups.
    ///
    /// # Errors
    /// The watchdog is gone.
    pub fn guard(&mut self, clients: &[u32]) -> Result<(), StartError> {
        self.watchdog.guard(self.broker.as_ref().map(Process::id), clients)
    }

    /// Ends the broker as a power cut would (SIGKILL). Its data stays for
    /// [`restart`](Self::restart).
    ///
    /// # Errors
    /// The system does not let us.
    pub fn kill9(&mut self) -> Result<(), StartError> {
        if let Some(mut broker) = self.broker.take() {
            broker.kill()?;
            self.watchdog.guard(None, &[])?;
        }
        Ok(())
    }

    /// Ends the broker in order (SIGTERM): it hands over, flushes and closes. Its data stays.
    ///
    /// # Errors
    /// It had not ended within that time, and was killed.
    pub fn terminate(&mut self, within: Duration) -> Result<(), StartError> {
        let Some(broker) = self.broker.as_mut() else {
            return Ok(());
        };
        broker.terminate()?;
        let ended = broker.join(within);
        self.kill9()?;
        ended
    }

    /// Freezes the broker (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// It is not running.
    pub fn pause(&self) -> Result<(), StartError> {
        self.broker.as_ref().ok_or(StartError::NotRunning)?.stop()
    }

    /// Lets a frozen broker go on (SIGCONT).
    ///
    /// # Errors
    /// It is not running.
    pub fn resume(&self) -> Result<(), StartError> {
        self.broker.as_ref().ok_or(StartError::NotRunning)?.signal(Signal::CONT)
    }

    /// Starts the broker again at the same address with the same data, and waits until it answers.
    /// One that still runs is killed first.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.kill9()?;
        self.launch()
    }

    fn configure(&self, data: &Path) -> Result<(), StartError> {
        let properties = properties::render(
            data,
            self.port.number,
            self.controller.number,
            self.secured.as_ref().map(|port| port.number),
            &self.options.properties,
        );
        for (name, text) in
            [("server.properties", properties.as_str()), ("log4j2.properties", LOG4J)]
        {
            let path = self.home.join(name);
            fs::write(&path, text).map_err(StartError::at("writing", &path))?;
        }
        Ok(())
    }

    fn format(&self) -> Result<(), StartError> {
        let (data, partial) = (self.data(), self.home.join("data.partial"));
        match fs::read_to_string(data.join("meta.properties")) {
            Ok(identity) => return self.is_ours(&identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StartError::at("reading", &data)(error)),
        }
        if data.exists() {
            return Err(self.foreign("it is no data folder of Kafka (no meta.properties)"));
        }
        // What is formatted gets its name when it is whole: a format that was cut off leaves only
        // the partial folder.
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(StartError::at("removing", &partial))?;
        }
        self.configure(&partial)?;
        let mut command = self.java("kafka.tools.StorageTool");
        command
            .args(["format", "--cluster-id", CLUSTER_ID, "--config"])
            .arg(self.home.join("server.properties"));
        for (user, password) in &self.options.users {
            let user = format!("SCRAM-SHA-512=[name={user},password={password}]");
            command.args(["--add-scram", &user]);
        }
        let output =
            command.stdin(Stdio::null()).output().map_err(StartError::io("starting java"))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let failed = StartError::Format {
                ended: output.status.to_string(),
                output: last_lines(&said, 20),
                data,
            };
            return Err(failed.or_disk_full(&said, &self.home));
        }
        fs::rename(&partial, &data).map_err(StartError::at("renaming", &partial))
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Whether what is in the data folder is of the cluster that this node is.
    fn is_ours(&self, identity: &str) -> Result<(), StartError> {
        let id = identity.lines().find_map(|line| line.strip_prefix("cluster.id="));
        match id {
            Some(CLUSTER_ID) => Ok(()),
            Some(other) => Err(self.foreign(&format!("it is of another Kafka cluster ({other})"))),
            None => Err(self.foreign("its meta.properties names no cluster")),
        }
    }

    fn foreign(&self, reason: &str) -> StartError {
        let data = self.data();
        let text = format!("{} cannot be used, {reason}: choose another folder", data.display());
        StartError::Unusable(text)
    }

    fn launch(&mut self) -> Result<(), StartError> {
        let mut command = self.java("kafka.Kafka");
        command.arg(self.home.join("server.properties"));
        let started = Process::start("Kafka", command, self.log(), &self.lock)?;
        let (address, within) = (self.address(), self.options.ready_within);
        let broker = self.broker.insert(started);
        self.watchdog.guard(Some(broker.id()), &[])?;
        let is_ready = || if is_ready(address) { Ok(()) } else { Err(String::new()) };
        broker.await_ready(within, || Ok(is_ready()))
    }

    fn java(&self, class: &str) -> Command {
        let mut command = Command::new(&self.installed.java);
        command.args(["-Xms256m", "-Xmx512m"]);
        if self.options.jvm == Jvm::QuickStart {
            command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
        }
        let log4j = self.home.join("log4j2.properties");
        command
            .arg(format!("-Dlog4j2.configurationFile={}", log4j.display()))
            .arg("-cp")
            .arg(&self.installed.class_path)
            .arg(class);
        command
    }
}

/// Whether `install.sh` has put Kafka and a Java into the usual cache.
///
/// # Errors
/// It has not, or what is there is not what should be.
pub fn is_installed() -> Result<(), StartError> {
    install::find(&cache_folder(None)?).map(drop)
}
