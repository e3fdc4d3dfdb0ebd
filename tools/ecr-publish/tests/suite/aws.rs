//! ECR's API by moto, and a registry: Debian's docker-registry, which asks for the same token.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use verdict_testkit::{Moto, Process, installed, post};

/// What moto answers to GetAuthorizationToken.
pub(crate) const TOKEN: &str = "123456789012-auth-token";
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

/// ECR and the registry.
pub(crate) struct Aws {
    moto: Moto,
    registry: String,
    _registry: Process,
    pub(crate) folder: TempDir,
}

impl Aws {
    /// Both, with nothing in them. `None` is [`left_out`](verdict_testkit::left_out).
    pub(crate) fn start() -> Option<Self> {
        let moto = Moto::start()?;
        if !installed("docker-registry", "docker-registry") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("users");
        fs::write(&users, format!("AWS:{}\n", bcrypt::hash(TOKEN, 4).unwrap())).unwrap();
        let settings = folder.path().join("registry.yml");
        let text = json!({
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": folder.path().join("registry")}},
            "http": {"addr": "127.0.0.1:0"},
            "auth": {"htpasswd": {"realm": "ecr", "path": users}},
        });
        fs::write(&settings, text.to_string()).unwrap();
        let server = Process::start(Command::new("docker-registry").arg("serve").arg(&settings));
        let line = server.err.next_with("listening on ");
        let address = line.split_once("listening on ").unwrap().1;
        let address = address.split(['"', ' ', '\n']).next().unwrap();
        Some(Self { moto, registry: format!("http://{address}"), _registry: server, folder })
    }

    pub(crate) fn api(&self) -> &str {
        &self.moto.endpoint
    }

    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// The program with these arguments, between spaces, pointed at another server of ECR's API.
    pub(crate) fn command_at(&self, api: &str, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecr-publish"));
        command
            .args(arguments.split(' '))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_ACCESS_KEY_ID", "test-key-id")
            .env("AWS_SECRET_ACCESS_KEY", "test-secret")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL", api)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("ECR_PUSH_TO", &self.registry)
            .current_dir(self.folder.path());
        command
    }

    /// Runs the program; its answer if it succeeded, else what it reported.
    pub(crate) fn run(&self, arguments: &str) -> Result<Value, String> {
        let arguments = format!("{arguments} --json");
        answer(&self.command_at(self.api(), &arguments).output().unwrap())
    }

    /// Applies the archive of `web` and awaits no scan.
    pub(crate) fn apply_web(&self, revision: &str) -> Result<Value, String> {
        self.run(&format!("apply --severity off --service web --revision {revision}"))
    }

    /// An archive `dist/SERVICE.tar`, and the digest of what it holds.
    pub(crate) fn archive(&self, service: &str, content: &str) -> String {
        let dist = self.folder.path().join("dist");
        fs::create_dir_all(&dist).unwrap();
        let mut layout = Layout::default();
        let root = layout.image(content);
        let digest = root["digest"].as_str().unwrap().to_owned();
        layout.write(&dist.join(format!("{service}.tar")), root);
        digest
    }

    /// What moto answers to a request of ECR's API.
    pub(crate) fn ecr(&self, action: &str, request: &Value) -> Value {
        let target = format!("AmazonEC2ContainerRegistry_V20150921.{action}");
        // moto takes region and service from the signature, and does not check it.
        let scope = "AWS4-HMAC-SHA256 Credential=k/20260101/eu-central-1/ecr/aws4_request";
        let headers = [
            ("X-Amz-Target", &*target),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Authorization", scope),
        ];
        post(self.api(), &headers, &request.to_string()).unwrap().json()
    }

    /// How many repositories there are.
    pub(crate) fn repositories(&self) -> usize {
        self.ecr("DescribeRepositories", &json!({}))["repositories"].as_array().unwrap().len()
    }

    /// The digest under a tag, as ECR has it, or the code of the error.
    pub(crate) fn tagged(&self, repository: &str, tag: &str) -> String {
        let request = json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
        let answer = self.ecr("DescribeImages", &request);
        let digest = &answer["imageDetails"][0]["imageDigest"];
        digest.as_str().or(answer["__type"].as_str()).unwrap().to_owned()
    }

    /// Puts a manifest of ECR's into the registry, which takes it only if it has all that the
    /// manifest names, and asserts that the registry computes the same digest.
    #[track_caller]
    pub(crate) fn assert_registry_takes(&self, repository: &str, digest: &str) {
        let request = json!({"repositoryName": repository, "imageIds": [{"imageDigest": digest}]});
        let answer = self.ecr("BatchGetImage", &request);
        let manifest = answer["images"][0]["imageManifest"].as_str().unwrap();
        let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
        let answer = agent
            .put(format!("{}/v2/{repository}/manifests/{digest}", self.registry))
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .header("Authorization", &format!("Basic {}", STANDARD.encode(format!("AWS:{TOKEN}"))))
            .send(manifest)
            .unwrap_or_else(|error| panic!("the registry does not take {manifest}: {error}"));
        assert_eq!(answer.headers().get("Docker-Content-Digest").unwrap(), digest);
    }

    /// What the scans of an image answer from now on.
    pub(crate) fn scans_answer(&self, digest: &str, status: &str, counts: &Value) {
        let result = json!({"results": [{
            "registryId": "123456789012",
            "repositoryName": "verdict/web",
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": status, "description": "as the test wants it"},
            "imageScanFindings": {"findingSeverityCounts": counts},
        }], "region": "eu-central-1"});
        let url = format!("{}/moto-api/static/ecr/scan-finding-results", self.api());
        post(&url, &[("Content-Type", "application/json")], &result.to_string()).unwrap();
    }
}

/// What a run that succeeded answered, or the last line of one that failed. Neither has the token.
pub(crate) fn answer(output: &Output) -> Result<Value, String> {
    let out = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    for token in [TOKEN.to_owned(), STANDARD.encode(format!("AWS:{TOKEN}"))] {
        assert!(!out.contains(&token) && !errors.contains(&token), "{out}{errors}");
    }
    if output.status.success() {
        let last = out.lines().last().unwrap_or_default();
        return Ok(serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}")));
    }
    let last = errors.lines().last().unwrap_or_default();
    assert!(last.starts_with("ecr-publish: "), "{errors}");
    Err(last.to_owned())
}

/// An OCI layout that is being made.
#[derive(Default)]
pub(crate) struct Layout {
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    pub(crate) fn blob(&mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let digest = format!("sha256:{:x}", Sha256::digest(&bytes));
        let descriptor = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        self.blobs.insert(digest, bytes);
        descriptor
    }

    /// An image with two layers, one of them as long as a small program.
    pub(crate) fn image(&mut self, content: &str) -> Value {
        let long: Vec<u8> = content.bytes().cycle().take(600_000).collect();
        let layer = "application/vnd.oci.image.layer.v1.tar";
        let layers = [
            self.blob(layer, format!("a layer that all have, {}", content.len() % 2)),
            self.blob(layer, long),
        ];
        let config = self.blob(
            "application/vnd.oci.image.config.v1+json",
            json!({"architecture": "amd64", "os": "linux", "config": {"Labels": {"content": content}}}).to_string(),
        );
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
        self.blob(media_type, manifest.to_string())
    }

    /// An index of images.
    pub(crate) fn index(&mut self, images: &[Value]) -> Value {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": images});
        self.blob(media_type, index.to_string())
    }

    pub(crate) fn write(&self, path: &Path, root: Value) {
        let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
        let mut add = |name: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, bytes).unwrap();
        };
        add("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
        let index = json!({"schemaVersion": 2, "manifests": [root]});
        add("index.json", index.to_string().as_bytes());
        for (digest, bytes) in &self.blobs {
            add(&format!("blobs/{}", digest.replacen(':', "/", 1)), bytes);
        }
        tar.finish().unwrap();
    }
}
