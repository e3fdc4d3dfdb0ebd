//! What the sources of a pure crate may not name.

/// Files, environment, clock, network and processes, as the standard library names them.
pub const FORBIDDEN: [&str; 6] =
    ["std::fs", "std::env", "std::net", "std::process", "SystemTime", "Instant::now"];

/// The lines of `source` that name one of [`FORBIDDEN`], outside comments and unit tests.
#[must_use]
pub fn impure(source: &str) -> Vec<&str> {
    let code = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or(source);
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| FORBIDDEN.iter().any(|name| line.contains(name))).collect()
}
