//! The stages of the pipeline, each from files to files, as `dvc.yaml` runs them one after another.

pub mod npz;
