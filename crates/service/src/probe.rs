//! Asks a running service whether it is well, for health checks in images that have neither a shell nor curl.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use hyper::StatusCode;
use tokio::time::timeout;
use verdict_telemetry::output;

use crate::get::{GetError, get};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Question {
    /// Whether it is ready for work
    Ready,
    /// Whether it makes progress
    Alive,
}

impl Question {
    fn path(self) -> &'static str {
        match self {
            Self::Ready => "/readyz",
            Self::Alive => "/healthz",
        }
    }
}

/// The flags of the command `healthcheck`, which every service has.
#[derive(Debug, Clone, clap::Args)]
pub struct ProbeArgs {
    /// Address that the service listens on, 0.0.0.0 standing for this machine [default: the service's own default]
    #[arg(long, env = "VERDICT_LISTEN", value_name = "IP:PORT")]
    pub listen: Option<SocketAddr>,

    /// What to ask
    #[arg(long, value_enum, default_value_t = Question::Ready)]
    pub ask: Question,

    /// Longest wait for the answer, in ms
    #[arg(long, value_name = "MS", default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub timeout_ms: u64,
}

impl ProbeArgs {
    /// Asks the service, at `port` of this machine unless `--listen` or the environment says
    /// otherwise. Returns 0 when it is well, else 1, and why stands on standard error after the
    /// name of the program.
    #[must_use]
    pub fn run(&self, program: &str, port: u16) -> ExitCode {
        let address = self.listen.unwrap_or((Ipv4Addr::LOCALHOST, port).into());
        match probe(address, self.ask, Duration::from_millis(self.timeout_ms)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output::note(format_args!("{program}: {error}"));
                ExitCode::from(1)
            }
        }
    }
}

/// The service is not well, or could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No runtime could be started to ask with.
    #[error("cannot ask {address}: {reason}")]
    Runtime {
        /// Who was to be asked.
        address: SocketAddr,
        /// Why not.
        reason: io::Error,
    },
    /// Nothing accepts connections there.
    #[error("nothing answers on {address}: {reason} (--listen)")]
    Unreachable {
        /// Who was asked.
        address: SocketAddr,
        /// Why not.
        reason: io::Error,
    },
    /// What answers does not speak HTTP.
    #[error("{address} gives no HTTP answer: {reason}")]
    Protocol {
        /// Who was asked.
        address: SocketAddr,
        /// Why not.
        reason: hyper::Error,
    },
    /// The answer did not come in time.
    #[error("{address} gave no answer within {within:?} (--timeout-ms)")]
    Late {
        /// Who was asked.
        address: SocketAddr,
        /// How long the answer was waited for.
        within: Duration,
    },
    /// It answers that it is not.
    #[error("{address} answers {status}: {text}")]
    NotWell {
        /// Who was asked.
        address: SocketAddr,
        /// The answer's status, which is not 200.
        status: StatusCode,
        /// The answer's text: the checks that fail.
        text: String,
    },
}

/// Asks the service that listens on `address`; the unspecified address stands for this machine's own. It is well when the
/// page answers 200 within `within`.
///
/// Blocks, on a runtime of its own: not for use inside another.
///
/// # Errors
/// [`ProbeError`], which names the address, and the failing checks if there are any.
pub fn probe(address: SocketAddr, question: Question, within: Duration) -> Result<(), ProbeError> {
    let address = reachable(address);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|reason| ProbeError::Runtime { address, reason })?
        .block_on(async {
            timeout(within, ask(address, question.path()))
                .await
                .unwrap_or(Err(ProbeError::Late { address, within }))
        })
}

/// A service listens on "all addresses" in a container; it is asked on the one that is this machine's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

async fn ask(address: SocketAddr, path: &'static str) -> Result<(), ProbeError> {
    match get(&address.to_string(), path).await {
        Ok((StatusCode::OK, _)) => Ok(()),
        // The status is the answer; a text that is too long or is cut off takes nothing from it.
        Ok((status, text)) => {
            let text = match text {
                Ok(text) => String::from_utf8_lossy(&text).trim_end().replace('\n', ", "),
                Err(error) => format!("(no text: {error})"),
            };
            Err(ProbeError::NotWell { address, status, text })
        }
        Err(GetError::Unreachable { reason, .. }) => {
            Err(ProbeError::Unreachable { address, reason })
        }
        Err(GetError::Protocol { reason, .. }) => Err(ProbeError::Protocol { address, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_stand_for_this_machine() {
        for (listens, asked) in [
            ("0.0.0.0:9101", "127.0.0.1:9101"),
            ("[::]:9101", "[::1]:9101"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            let (listens, asked) = (listens.parse().unwrap(), asked.parse().unwrap());
            assert_eq!(reachable(listens), asked);
        }
    }
}
