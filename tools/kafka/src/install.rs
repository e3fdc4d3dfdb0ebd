//! Kafka's jars: fetched once by Maven, kept in a cache that all projects of a user share.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::StartError;
use crate::wait::{ended, poll, tail};

/// The version of Apache Kafka that is started: the one in `pom.xml`.
pub const KAFKA_VERSION: &str = "4.3.1";

const POM: &str = include_str!("../pom.xml");
const MAVEN_WITHIN: Duration = Duration::from_secs(600);

/// Makes sure that the jars are in the cache, and returns the folder with them. A download of about 45 MB the first
/// time; nothing but a look after that.
///
/// # Errors
/// Maven is missing or fails, another process holds the lock for ten minutes, or the cache cannot be written.
pub fn install(cache: &Path) -> Result<PathBuf, StartError> {
    let home = cache.join(format!("kafka-{KAFKA_VERSION}"));
    if is_complete(&home) {
        return Ok(home.join("libs"));
    }
    fs::create_dir_all(cache).map_err(StartError::io(format!("creating {}", cache.display())))?;
    let _lock = lock(&cache.join(format!("kafka-{KAFKA_VERSION}.lock")))?;
    // Whoever had the lock before may have done it.
    if is_complete(&home) {
        return Ok(home.join("libs"));
    }
    let partial = cache.join(format!("kafka-{KAFKA_VERSION}.partial"));
    remove(&partial)?;
    let libs = partial.join("libs");
    fs::create_dir_all(&libs).map_err(StartError::io(format!("creating {}", libs.display())))?;
    fetch(cache, &partial, &libs)?;
    remove(&home)?;
    // The rename is what makes it complete: a download that was cut short leaves only the partial folder.
    fs::rename(&partial, &home)
        .map_err(StartError::io(format!("renaming {}", partial.display())))?;
    Ok(home.join("libs"))
}

/// Fetched with the very `pom.xml` of this build: a cache from another one is fetched anew.
fn is_complete(home: &Path) -> bool {
    fs::read_to_string(home.join("pom.xml")).is_ok_and(|pom| pom == POM)
}

fn fetch(cache: &Path, partial: &Path, libs: &Path) -> Result<(), StartError> {
    let pom = partial.join("pom.xml");
    fs::write(&pom, POM).map_err(StartError::io(format!("writing {}", pom.display())))?;
    let log = partial.join("maven.log");
    let output =
        File::create(&log).map_err(StartError::io(format!("creating {}", log.display())))?;
    let errors = output
        .try_clone()
        .map_err(StartError::io(format!("opening {}", log.display())))?;
    let started = Command::new("mvn")
        .args(["--batch-mode", "--quiet", "--strict-checksums", "--file"])
        .arg(&pom)
        .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", libs.display()))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn();
    let mut maven = match started {
        Ok(maven) => maven,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StartError::NoMaven {
                cache: cache.to_owned(),
            });
        }
        Err(error) => {
            return Err(StartError::Io {
                what: "starting mvn".to_owned(),
                error,
            });
        }
    };
    let failed = |ended: String| StartError::Maven {
        version: KAFKA_VERSION,
        ended,
        output: tail(&log),
    };
    match ended(&mut maven, MAVEN_WITHIN)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(failed(status.to_string())),
        None => {
            maven
                .kill()
                .and_then(|()| maven.wait())
                .map_err(StartError::io("ending mvn"))?;
            Err(failed(format!("no end after {MAVEN_WITHIN:?}")))
        }
    }
}

fn lock(path: &Path) -> Result<File, StartError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(StartError::io(format!("opening {}", path.display())))?;
    let taken = poll(MAVEN_WITHIN, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StartError::Io {
            what: format!("locking {}", path.display()),
            error,
        }),
    })?;
    taken.ok_or(StartError::Locked {
        path: path.to_owned(),
        waited: MAVEN_WITHIN,
    })?;
    Ok(file)
}

fn remove(folder: &Path) -> Result<(), StartError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StartError::Io {
            what: format!("removing {}", folder.display()),
            error,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_of_the_pom() {
        assert!(POM.contains(&format!("<kafka.version>{KAFKA_VERSION}</kafka.version>")));
    }

    #[test]
    fn a_folder_of_another_pom_is_not_complete() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_complete(dir.path()));
        fs::write(dir.path().join("pom.xml"), "<project/>").unwrap();
        assert!(!is_complete(dir.path()));
        fs::write(dir.path().join("pom.xml"), POM).unwrap();
        assert!(is_complete(dir.path()));
    }
}
