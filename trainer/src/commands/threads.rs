//! `--threads`, and what the process used.

use crate::training::in_pool;

/// How many threads may work.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Threads {
    /// Threads that work; 0 is one for each core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
}

impl Threads {
    /// Runs `work` in a pool of so many threads.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        in_pool(self.threads, work)
    }
}

/// The largest resident set that this process has had, in bytes; `None` where the system does not
/// say.
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
