//! What may be a name. The narrowest of what a file system, a URI and MLflow take, so that a name good for one registry is
//! good for the other.

use crate::RegistryError;

/// Most bytes of a name.
const LONGEST: usize = 128;
const NAME: &str = "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or digit";

/// A model's name.
pub(crate) fn model(name: &str) -> Result<(), RegistryError> {
    plain("name of the model", name)
}

/// An alias. MLflow keeps `latest` and `v1`, `v2`, … for itself, and refuses a plain number.
pub(crate) fn alias(alias: &str) -> Result<(), RegistryError> {
    plain("alias", alias)?;
    let number = alias.strip_prefix(['v', 'V']).unwrap_or(alias);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || alias.eq_ignore_ascii_case("latest") {
        return Err(RegistryError::Invalid {
            what: "alias".to_owned(),
            bound: "must not be \"latest\", a number, or \"v\" and a number",
            got: format!("{alias:?}"),
        });
    }
    Ok(())
}

/// The name of a file beside the model.
pub(crate) fn file(name: &str) -> Result<(), RegistryError> {
    plain("name of the file", name)?;
    if [crate::MODEL_FILE, crate::directory::VERSION_FILE].contains(&name) {
        return Err(RegistryError::Invalid {
            what: "name of the file".to_owned(),
            bound: "must not be that of the registry's own files",
            got: format!("{name:?}"),
        });
    }
    Ok(())
}

fn plain(what: &str, name: &str) -> Result<(), RegistryError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST && name.bytes().all(known) {
        return Ok(());
    }
    Err(RegistryError::Invalid { what: what.to_owned(), bound: NAME, got: format!("{name:?}") })
}
