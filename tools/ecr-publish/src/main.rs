//! Brings the images of the services to AWS ECR, and says by digest which of them may run.
//!
//! [`plan`] is what is wanted and what of it is missing. [`apply`] makes it: repositories with
//! immutable tags that scan at each push; then layers by the OCI distribution protocol ([`push`]),
//! then the manifests by ECR's own API under the revision's tag; then it reads the digest back,
//! compares it with the one of the [`archive`], and waits for the [`scan`]. [`pin`] writes digests
//! into a kustomize overlay. Every step looks first and does only what is missing, so a run that
//! broke off is simply started again.

mod apply;
mod archive;
mod cli;
mod commands;
mod ecr;
mod error;
mod pin;
mod plan;
mod push;
mod scan;

use std::process::ExitCode;

use clap::Parser;
use verdict_telemetry::output;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // AWS's client and the registry's must take their cryptography from one provider.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        output::note("ecr-publish: another cryptography is installed already");
        return ExitCode::FAILURE;
    }
    let answer = commands::run(cli).await;
    match answer.and_then(|text| Ok(output::buffered(|out| out.write_all(text.as_bytes()))?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("ecr-publish: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
