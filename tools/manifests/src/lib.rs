//! What `k8s/` and `.github/workflows/` must keep to, as functions that list every breach.
//!
//! [`render`] turns an overlay into the objects that a cluster would get, by kustomize itself. [`policy::problems`] holds them to
//! the restricted Pod Security Standard and to what else an operator relies on: limits, probes, budgets, pinned images, no secret values,
//! references that lead somewhere, network policies that name every pod. [`workflow::problems`] does the same for the workflows.
//! What the manifests have in common with the programs is compared by the tests, with the very types that the programs read
//! their flags into.

mod object;
pub mod policy;
pub mod prometheus_rules;
mod render;
mod tool;
pub mod workflow;

pub use object::Object;
pub use render::{RenderError, parse, render};
pub use tool::{Tool, ToolError};
