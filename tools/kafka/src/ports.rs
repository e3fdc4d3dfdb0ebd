//! Ports that stay ours: while a broker is down between a kill and a restart, no other test may
//! take its address.

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use crate::error::StartError;
use crate::wait::poll;

/// Below the range from which operating systems take the ports of outgoing connections, so that
/// none of those lands on a port between our look at it and the broker's.
const FIRST: u16 = 21_000;
const LAST: u16 = 24_999;
const N_PORTS: u32 = LAST as u32 - FIRST as u32 + 1;

/// Who was killed a moment ago lets go of its port only when the system has cleared it away.
const PATIENCE: Duration = Duration::from_secs(2);

/// A port of 127.0.0.1, and the lock that keeps other users of this crate away from it. The system
/// lets go of the lock when the process ends, however it ends.
#[derive(Debug)]
pub struct Port {
    /// The port.
    pub number: u16,
    _lock: File,
}

impl Port {
    /// The port asked for, or one that is free. Locks are in the folder `cache`. Each process looks
    /// for a free one from another place on, so that those with different caches do not meet.
    ///
    /// # Errors
    /// It is taken for longer than a moment, or none is free.
    pub fn take(cache: &Path, wanted: Option<u16>) -> Result<Self, StartError> {
        let folder = cache.join("ports");
        fs::create_dir_all(&folder).map_err(StartError::io(format!(
            "creating {} (say where else with XDG_CACHE_HOME)",
            folder.display()
        )))?;
        if let Some(port) = wanted {
            return poll(PATIENCE, || try_take(&folder, port))?
                .ok_or(StartError::PortTaken { port });
        }
        let begin = std::process::id().wrapping_mul(97) % N_PORTS;
        let steps = (begin..begin + N_PORTS).map(|step| u16::try_from(step % N_PORTS));
        for step in steps.map_while(Result::ok) {
            if let Some(port) = try_take(&folder, FIRST + step)? {
                return Ok(port);
            }
        }
        let text = format!("no port from {FIRST} to {LAST} is free on 127.0.0.1");
        Err(StartError::Unusable(text))
    }
}

fn try_take(folder: &Path, number: u16) -> Result<Option<Port>, StartError> {
    let path = folder.join(number.to_string());
    let lock = File::create(&path).map_err(StartError::at("opening", &path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => {
            return Err(StartError::at("locking", &path)(error));
        }
    }
    // The lock keeps our kind away; whoever else listens shows when we try to. Connections of a
    // former broker that the system has not forgotten yet (TIME_WAIT) do not matter: the standard
    // library binds over them, as Kafka does.
    let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
    Ok(is_free.then_some(Port { number, _lock: lock }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_out_once_until_it_is_let_go() {
        let cache = tempfile::tempdir().unwrap();
        let first = Port::take(cache.path(), None).unwrap();
        let second = Port::take(cache.path(), None).unwrap();
        assert_ne!(first.number, second.number);
        let again = Port::take(cache.path(), Some(first.number)).unwrap_err();
        assert!(
            again.to_string().starts_with(&format!("port {} of 127.0.0.1 is taken", first.number))
        );
        let number = first.number;
        drop(first);
        assert_eq!(Port::take(cache.path(), Some(number)).unwrap().number, number);
    }

    #[test]
    fn a_port_that_another_program_listens_on_is_not_free() {
        let cache = tempfile::tempdir().unwrap();
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        assert!(matches!(Port::take(cache.path(), Some(port)), Err(StartError::PortTaken { .. })));
    }
}
