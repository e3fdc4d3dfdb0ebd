//! Ports that stay ours: while a broker is down between a kill and a restart, no other test may take its address.

use std::convert::Infallible;
use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use crate::error::StartError;
use crate::wait::poll;

/// Below the range from which operating systems take the ports of outgoing connections, so that none of those lands on
/// a port between our look at it and the broker's.
const FIRST: u16 = 21_000;
const LAST: u16 = 24_999;

/// Who was killed a moment ago lets go of its port only when the system has cleared it away.
const PATIENCE: Duration = Duration::from_secs(2);

/// A port of 127.0.0.1, and the lock that keeps other users of this crate away from it. The system lets go of the lock
/// when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    _lock: File,
}

/// The port asked for, or the first one that is free.
pub(crate) fn take(cache: &Path, wanted: Option<u16>) -> Result<Port, StartError> {
    let folder = cache.join("ports");
    fs::create_dir_all(&folder).map_err(StartError::io(format!(
        "creating {} (say where else with XDG_CACHE_HOME)",
        folder.display()
    )))?;
    match wanted {
        Some(number) => poll(PATIENCE, || try_take(&folder, number))?
            .ok_or(StartError::PortTaken { port: number }),
        None => {
            for number in FIRST..=LAST {
                if let Some(port) = try_take(&folder, number)? {
                    return Ok(port);
                }
            }
            Err(StartError::NoPort { first: FIRST, last: LAST })
        }
    }
}

fn try_take(folder: &Path, number: u16) -> Result<Option<Port>, StartError> {
    let path = folder.join(number.to_string());
    let lock =
        File::create(&path).map_err(StartError::io(format!("opening {}", path.display())))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => {
            return Err(StartError::Io { what: format!("locking {}", path.display()), error });
        }
    }
    // The lock keeps our kind away; whoever else listens shows when we try to. Connections of a
    // former broker that the system has not forgotten yet (TIME_WAIT) do not matter: the standard
    // library binds over them, as Kafka does.
    Ok(can_listen(number).then_some(Port { number, _lock: lock }))
}

fn can_listen(number: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
}

/// Whether nobody listens on this port of 127.0.0.1. Waits a moment for whoever is about to let go
/// of it.
pub fn is_free(number: u16) -> bool {
    let free = poll(PATIENCE, || -> Result<_, Infallible> { Ok(can_listen(number).then_some(())) });
    free.is_ok_and(|free| free.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_out_once_until_it_is_let_go() {
        let cache = tempfile::tempdir().unwrap();
        let first = take(cache.path(), None).unwrap();
        let second = take(cache.path(), None).unwrap();
        assert_ne!(first.number, second.number);
        let again = take(cache.path(), Some(first.number)).unwrap_err();
        assert!(
            again.to_string().starts_with(&format!("port {} of 127.0.0.1 is taken", first.number))
        );
        let number = first.number;
        drop(first);
        assert_eq!(take(cache.path(), Some(number)).unwrap().number, number);
    }

    #[test]
    fn a_port_that_another_program_listens_on_is_not_free() {
        let cache = tempfile::tempdir().unwrap();
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        assert!(matches!(take(cache.path(), Some(port)), Err(StartError::PortTaken { .. })));
    }
}
