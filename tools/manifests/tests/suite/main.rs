//! What the files around the programs must keep to, each rule with a seeded breach that it must
//! find: the manifests of Kubernetes (`policy` and `pod`, `references`, `network`, `schemas`; their
//! agreement with the programs, `agreement`), `workflows`, the `rights` that both ask for,
//! `compose` and `dockerfile`, and `secrets` in any file.
#![cfg(test)]

mod agreement;
mod compose;
mod dockerfile;
mod network;
mod overlay;
mod pod;
mod policy;
mod references;
mod rights;
mod schemas;
mod secrets;
mod workflows;
