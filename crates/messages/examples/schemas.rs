//! Writes the JSON Schema of every message into a directory, and the topics as AsyncAPI beside it:
//! `cargo run -p verdict-messages --example schemas -- DIR`.

use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let directory: PathBuf = std::env::args_os().nth(1).ok_or("usage: schemas DIR")?.into();
    fs::create_dir_all(&directory)?;
    for (name, schema) in verdict_messages::schemas::all() {
        fs::write(directory.join(name), verdict_messages::schemas::text(&schema)?)?;
    }
    let topics = serde_yaml_ng::to_string(&verdict_messages::asyncapi::document())?;
    fs::write(directory.join("../asyncapi.yaml"), topics)?;
    Ok(())
}
