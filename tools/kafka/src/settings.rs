//! How to start, and where the environment has a say.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::StartError;

/// What the JVM is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jvm {
    /// A quick start: the first compiler only and the simple collector, which halve the time to the
    /// first answer.
    #[default]
    QuickStart,
    /// Throughput: the JVM's own choices, for whoever measures.
    Throughput,
}

/// How to start Kafka. The default suits tests: everything temporary, on free ports.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for data, configuration and log; `None` is a temporary one that ends with the
    /// broker. A folder that was formatted before is used as it is.
    pub data: Option<PathBuf>,
    /// The port for clients on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// What the JVM is tuned for.
    pub jvm: Jvm,
    /// The time it may take until it answers, after each start.
    pub ready_within: Duration,
    /// The folder into which `install.sh` has put Kafka; `None` is `verdict` in `$XDG_CACHE_HOME`,
    /// or else in `~/.cache`.
    pub cache: Option<PathBuf>,
    /// Broker properties beside or instead of ours, later ones winning.
    pub properties: Vec<(String, String)>,
    /// Users and their passwords. When there are any, a second listener asks for them
    /// (SCRAM-SHA-512), and they may do what ACLs allow and nothing else; who comes to the first
    /// one may do everything.
    pub users: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data: None,
            port: None,
            jvm: Jvm::QuickStart,
            ready_within: Duration::from_secs(90),
            cache: None,
            properties: Vec::new(),
            users: Vec::new(),
        }
    }
}

/// The cache folder that applies.
///
/// # Errors
/// None was given and the environment names none.
pub fn cache_folder(given: Option<PathBuf>) -> Result<PathBuf, StartError> {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    given
        .or_else(|| absolute("XDG_CACHE_HOME").map(|cache| cache.join("verdict")))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache").join("verdict")))
        .ok_or_else(|| {
            let text = "neither XDG_CACHE_HOME nor HOME is set: say where Kafka's jars are to be \
                        kept (--cache)";
            StartError::Unusable(text.to_owned())
        })
}
