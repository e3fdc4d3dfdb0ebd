//! Brings the images of the services to AWS ECR, and says by digest what may run.
//!
//! [`plan`] says what is to be and what of it is missing, without a request. [`apply`] makes it so: repositories with immutable
//! tags, scans at each push; then layers by the OCI distribution protocol ([`push`]), then the manifest by ECR's own API, under
//! the revision's tag; then it reads the digest back, compares it with the one computed from the [`archive`], and waits for the
//! scan. [`pin`] writes digests into a kustomize overlay, all or none. [`prune`] deletes what is neither pinned nor new.
//!
//! Every step looks first and does what is missing, so each can be run again after it broke off.

pub mod apply;
pub mod archive;
pub mod cli;
pub mod ecr;
pub mod pin;
pub mod plan;
pub mod prune;
pub mod push;
pub mod severity;
pub mod table;
pub mod trouble;
