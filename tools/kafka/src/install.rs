//! Kafka's jars and a Java for it, as `install.sh` has put them into the cache that all clones of a
//! user share.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::StartError;

/// The version of Apache Kafka that is started: the one in `pom.xml`.
pub const KAFKA_VERSION: &str = "4.2.2";

/// One jar a line: sha256, group, artifact, version.
const JARS: &str = include_str!("../jars.tsv");

/// What a broker is started with.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub(crate) java: PathBuf,
    pub(crate) class_path: OsString,
}

/// Looks for all of it, and reads every jar to compare its checksum.
///
/// # Errors
/// Something is missing, or a jar is not the one that it should be.
pub(crate) fn find(cache: &Path) -> Result<Installed, StartError> {
    let home = cache.join(format!("kafka-{KAFKA_VERSION}"));
    let missing = |path: &Path| StartError::NotInstalled { path: path.to_owned() };
    let java = home.join("java");
    // The link may point to a Java that was removed since.
    if !java.exists() {
        return Err(missing(&java));
    }
    let mut class_path = OsString::new();
    for (expected, name) in jars() {
        let path = home.join("libs").join(name);
        let found = match sha256(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing(&path)),
            found => found.map_err(StartError::at("reading", &path))?,
        };
        if found != expected {
            return Err(StartError::Unusable(format!(
                "{} has sha256 {found}, and must have {expected}: remove it, and \
                 `tools/kafka/install.sh` fetches it anew",
                path.display()
            )));
        }
        if !class_path.is_empty() {
            class_path.push(":");
        }
        class_path.push(path);
    }
    Ok(Installed { java, class_path })
}

/// Checksum and file name of each jar.
fn jars() -> impl Iterator<Item = (&'static str, String)> {
    JARS.lines().filter_map(|line| {
        let mut words = line.split('\t');
        let (sum, _group, artifact, version) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        Some((sum, format!("{artifact}-{version}.jar")))
    })
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_jars_are_those_of_the_version() {
        let names: Vec<String> = jars().map(|(_, name)| name).collect();
        assert_eq!(names.len(), JARS.lines().count());
        let broker = format!("kafka_2.13-{KAFKA_VERSION}.jar");
        assert!(names.contains(&broker), "{names:?}");
        let pom = include_str!("../pom.xml");
        assert!(pom.contains(&format!("<kafka.version>{KAFKA_VERSION}</kafka.version>")));
    }

    #[test]
    fn what_is_missing_and_what_is_another_jar_is_told() {
        let cache = tempfile::tempdir().unwrap();
        let home = cache.path().join(format!("kafka-{KAFKA_VERSION}"));
        let said = || find(cache.path()).unwrap_err().to_string();
        assert!(said().contains("java is not there"), "{}", said());
        fs::create_dir_all(home.join("libs")).unwrap();
        fs::write(home.join("java"), "").unwrap();
        let (expected, first) = jars().next().unwrap();
        assert!(said().contains(&format!("{first} is not there")), "{}", said());
        fs::write(home.join("libs").join(first), "other bytes").unwrap();
        assert!(said().contains(&format!("must have {expected}")), "{}", said());
    }
}
