//! How a model is named on a command line, in a setting and in a model pointer.

use crate::names;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a model is. Written and read as
///
/// | form | means |
/// |---|---|
/// | `models:/NAME/VERSION`, `models:/NAME@ALIAS` | a version in the MLflow server that is set |
/// | `dir:ROOT/NAME/VERSION`, `dir:ROOT/NAME@ALIAS` | a version in the directory registry at ROOT |
/// | anything else | a file, or a directory with `model.verdict` |
///
/// A path that begins with one of the two schemes is written with `./` before it.
///
/// ```
/// use verdict_registry::{ModelUri, Which};
///
/// let uri: ModelUri = "models:/sentiment@production".parse()?;
/// let ModelUri::Mlflow { name, which } = &uri else { unreachable!() };
/// assert_eq!((name.as_str(), which), ("sentiment", &Which::Alias("production".into())));
/// assert_eq!(uri.to_string(), "models:/sentiment@production");
/// # Ok::<(), verdict_registry::UriError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelUri {
    /// A file, or a directory that holds `model.verdict`.
    Path(PathBuf),
    /// A version in a directory registry.
    Directory {
        /// The registry's directory.
        root: PathBuf,
        /// What the model is called.
        name: String,
        /// Which of its versions.
        which: Which,
    },
    /// A version in an MLflow server.
    Mlflow {
        /// What the model is called.
        name: String,
        /// Which of its versions.
        which: Which,
    },
}

/// Which version of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The version of this number, counted from 1.
    Version(u64),
    /// The one that this alias points to at the time of reading.
    Alias(String),
}

/// A text that names no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model {uri}: must be {form}; {problem}")]
pub struct UriError {
    uri: String,
    form: &'static str,
    problem: String,
}

const MLFLOW: &str = "models:/";
const DIRECTORY: &str = "dir:";

impl ModelUri {
    /// Reads a URI that may be a path of any bytes.
    ///
    /// # Errors
    /// As [`ModelUri::from_str`].
    pub fn of(uri: &Path) -> Result<Self, UriError> {
        match uri.to_str() {
            Some(text) => text.parse(),
            None => Ok(Self::Path(uri.to_path_buf())),
        }
    }
}

impl FromStr for ModelUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let error = |form, problem| UriError { uri: text.to_owned(), form, problem };
        if let Some(rest) = text.strip_prefix(MLFLOW) {
            let form = "models:/NAME/VERSION or models:/NAME@ALIAS";
            let (name, which) = named(rest).map_err(|problem| error(form, problem))?;
            return Ok(Self::Mlflow { name, which });
        }
        let Some(rest) = text.strip_prefix(DIRECTORY) else {
            return Ok(Self::Path(PathBuf::from(text)));
        };
        let form = "dir:ROOT/NAME/VERSION or dir:ROOT/NAME@ALIAS";
        let no_root = || error(form, "there is no ROOT".to_owned());
        let (above, last) = rest.rsplit_once('/').ok_or_else(no_root)?;
        let (root, named_by) = if last.contains('@') {
            (above, last.to_owned())
        } else {
            let (root, name) = above.rsplit_once('/').ok_or_else(no_root)?;
            (root, format!("{name}/{last}"))
        };
        let (name, which) = named(&named_by).map_err(|problem| error(form, problem))?;
        // `dir:/NAME/1` has the root directory of the system as its ROOT.
        let root = PathBuf::from(if root.is_empty() { "/" } else { root });
        Ok(Self::Directory { root, name, which })
    }
}

fn named(text: &str) -> Result<(String, Which), String> {
    let (name, which) = if let Some((name, alias)) = text.split_once('@') {
        names::alias(alias).map_err(|error| error.to_string())?;
        (name, Which::Alias(alias.to_owned()))
    } else if let Some((name, version)) = text.split_once('/') {
        let number = version.parse().ok().filter(|&number| number > 0);
        let number = number
            .ok_or_else(|| format!("VERSION must be a whole number from 1, got {version:?}"))?;
        (name, Which::Version(number))
    } else {
        return Err("neither a version nor an alias is given".to_owned());
    };
    names::model(name).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), which))
}

impl fmt::Display for ModelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Directory { root, name, which } => {
                write!(f, "{DIRECTORY}")?;
                if root != Path::new("/") {
                    root.display().fmt(f)?;
                }
                write!(f, "/{name}{which}")
            }
            Self::Mlflow { name, which } => write!(f, "{MLFLOW}{name}{which}"),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(number) => write!(f, "/{number}"),
            Self::Alias(alias) => write!(f, "@{alias}"),
        }
    }
}
