//! Which names are allowed: those that a file system, a URI and MLflow all accept, so that a name
//! valid in one registry is valid in the other.

use crate::{RegistryError, Result, flavor};

/// The name of the model in its directory.
pub const MODEL_FILE: &str = "model.verdict";
/// The name of the file that describes a version.
pub(crate) const VERSION_FILE: &str = "version.json";

/// Longest name in bytes.
const LONGEST: usize = 128;
const NAME: &str = "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or digit";

/// A model's name.
pub(crate) fn model(name: &str) -> Result<()> {
    plain("name of the model", name)
}

/// An alias. MLflow keeps `latest` and `v1`, `v2`, … for itself, and refuses a plain number.
pub(crate) fn alias(alias: &str) -> Result<()> {
    plain("alias", alias)?;
    let number = alias.strip_prefix(['v', 'V']).unwrap_or(alias);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || alias.eq_ignore_ascii_case("latest") {
        let bound = "must not be \"latest\", a number, or \"v\" and a number";
        return Err(RegistryError::invalid("alias", bound, format_args!("{alias:?}")));
    }
    Ok(())
}

/// The name of a file beside the model.
pub(crate) fn file(name: &str) -> Result<()> {
    plain("name of the file", name)?;
    if [MODEL_FILE, VERSION_FILE].contains(&name) || flavor::FILES.contains(&name) {
        let bound = "must not be that of the registry's own files";
        return Err(RegistryError::invalid("name of the file", bound, format_args!("{name:?}")));
    }
    Ok(())
}

fn plain(what: &str, name: &str) -> Result<()> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST && name.bytes().all(known) {
        return Ok(());
    }
    Err(RegistryError::invalid(what, NAME, format_args!("{name:?}")))
}
