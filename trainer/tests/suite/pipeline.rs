//! The pipeline of dvc.yaml in a git repository of its own, run by DVC.

use crate::made::{reviews, write_csv};
use serde_yaml_ng::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use verdict_testkit::{python_tools, repository, run};

/// The stages of dvc.yaml in their order.
pub const STAGES: [&str; 6] = [
    "data_ingestion",
    "data_preprocessing",
    "feature_engineering",
    "model_building",
    "model_evaluation",
    "model_registration",
];

/// A copy of what the pipeline needs, and 400 reviews that are made up.
pub struct Pipeline {
    root: TempDir,
    /// The home directory, with DVC's settings and its caches of the machine.
    home: TempDir,
    tools: PathBuf,
    env: BTreeMap<String, String>,
}

impl Pipeline {
    /// `None` where there is no DVC.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let pipeline = Self {
            root: TempDir::new().unwrap(),
            home: TempDir::new().unwrap(),
            tools: python_tools("dvc")?,
            env: BTreeMap::new(),
        };
        fs::create_dir(pipeline.path(".dvc")).unwrap();
        let files = "dvc.yaml params.yaml .dvc/config .dvc/.gitignore .dvcignore .gitignore";
        for name in files.split_whitespace() {
            fs::copy(repository().join(name), pipeline.path(name)).unwrap();
        }
        write_csv(&pipeline.path("reviews.csv"), &reviews(400));
        pipeline.set("data_ingestion.source", "reviews.csv");
        pipeline.set("data_ingestion.sha256", Value::Null);
        pipeline.set("feature_engineering.max_features", 300);
        pipeline.git("init --quiet");
        pipeline.commit();
        Some(pipeline)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Sets a variable for later commands of DVC and stages.
    pub fn env(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Sets a key of params.yaml, `section.key`.
    pub fn set(&self, key: &str, value: impl Into<Value>) {
        let mut params: Value = serde_yaml_ng::from_slice(&self.bytes("params.yaml")).unwrap();
        let mut folder = &mut params;
        for name in key.split('.') {
            folder = folder.get_mut(name).unwrap();
        }
        *folder = value.into();
        fs::write(self.path("params.yaml"), serde_yaml_ng::to_string(&params).unwrap()).unwrap();
    }

    /// Runs DVC; what it said on standard output.
    pub fn dvc(&self, typed: &str) -> String {
        self.run(&self.tools.join("dvc"), typed)
    }

    pub fn python(&self, typed: &str) -> String {
        self.run(&self.tools.join("python"), typed)
    }

    pub fn git(&self, typed: &str) -> String {
        self.run(Path::new("git"), typed)
    }

    pub fn commit(&self) {
        self.git("add --all");
        self.git("commit --quiet --message next");
    }

    /// `dvc repro`: the stages that ran, and those that did not change or whose outcome is in the
    /// cache.
    pub fn repro(&self) -> (Vec<String>, Vec<String>) {
        let said = self.dvc("repro");
        let stages = |before: &str, after: &str| {
            let names = said.lines().filter_map(|line| {
                Some(line.strip_prefix(before)?.strip_suffix(after)?.to_owned())
            });
            names.collect::<Vec<_>>()
        };
        let ran = stages("Running stage '", "':");
        let mut skipped = stages("Stage '", "' didn't change, skipping");
        skipped.extend(stages("Stage '", "' is cached - skipping run, checking out outputs"));
        assert_eq!(ran.len() + skipped.len(), STAGES.len(), "{said}");
        (ran, skipped)
    }

    /// `dvc repro` must run the stages from `first` on and no other.
    pub fn assert_repro_runs_from(&self, first: usize) {
        let (skipped, ran) = STAGES.split_at(first);
        assert_eq!(self.repro(), (owned(ran), owned(skipped)));
    }

    fn run(&self, program: &Path, typed: &str) -> String {
        let trainer = Path::new(env!("CARGO_BIN_EXE_trainer")).parent().unwrap();
        let path =
            std::env::join_paths([trainer, &self.tools, Path::new("/usr/bin"), Path::new("/bin")]);
        let mut command = Command::new(program);
        command
            .args(typed.split_whitespace())
            .current_dir(self.root.path())
            // Neither settings nor caches of whoever runs the tests.
            .env_clear()
            .env("PATH", path.unwrap())
            .env("HOME", self.home.path())
            .env("DVC_SITE_CACHE_DIR", self.home.path().join("site"))
            .env("DVC_NO_ANALYTICS", "true")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "test")
            .env("GIT_AUTHOR_EMAIL", "test@localhost")
            .env("GIT_COMMITTER_NAME", "test")
            .env("GIT_COMMITTER_EMAIL", "test@localhost")
            .envs(&self.env);
        run(&mut command)
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
