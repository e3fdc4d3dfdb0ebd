//! ECR's API by moto, and a registry: Debian's docker-registry, which asks for the same token. Both on the loopback interface.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use verdict_ecr_publish::archive::digest;

/// What moto answers to GetAuthorizationToken.
pub(crate) const TOKEN: &str = "123456789012-auth-token";
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

/// A program and its output of standard error, up to the line that tells its address.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command, told: impl Fn(&str) -> Option<String>) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "{command:?}: {said}");
            if let Some(address) = told(&line) {
                break address;
            }
            said.push_str(&line);
        };
        // Read to its end, so that the server never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log.by_ref(), &mut std::io::sink()));
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// What a test needs and this machine lacks.
#[expect(clippy::disallowed_methods, reason = "a test may ask whether it runs in CI")]
fn lacks(what: &str) -> bool {
    assert!(std::env::var("CI").is_err(), "CI runs every test: {what}");
    eprintln!("left out: {what}");
    true
}

#[expect(clippy::disallowed_methods, reason = "the Makefile says where Python's tools are")]
fn python_tools() -> Option<PathBuf> {
    let venv = std::env::var("VERDICT_VENV").ok().map(|venv| Path::new(&venv).join("bin"));
    venv.filter(|bin| bin.join("moto_server").is_file())
}

/// ECR and the registry.
pub(crate) struct Aws {
    api: Server,
    registry: Server,
    python: PathBuf,
    pub(crate) folder: tempfile::TempDir,
}

impl Aws {
    /// Both, with nothing in them; `None` where one cannot be had.
    pub(crate) fn start() -> Option<Self> {
        let Some(bin) = python_tools() else {
            lacks("VERDICT_VENV does not name an environment with moto (make test makes one)");
            return None;
        };
        if Command::new("docker-registry").arg("--version").output().is_err() {
            lacks("docker-registry is not installed (e.g. apt-get install docker-registry)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let api = Server::start(
            Command::new(bin.join("moto_server"))
                .args(["--host", "127.0.0.1", "--port", "0"])
                .env("PYTHONUNBUFFERED", "1"),
            |line| Some(line.split_once("Running on ")?.1.trim().to_owned()),
        );
        let password = bcrypt::hash(TOKEN, 4).unwrap();
        let users = folder.path().join("users");
        fs::write(&users, format!("AWS:{password}\n")).unwrap();
        let settings = folder.path().join("registry.yml");
        let text = json!({
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": folder.path().join("registry")}},
            "http": {"addr": "127.0.0.1:0"},
            "auth": {"htpasswd": {"realm": "ecr", "path": users}},
        });
        fs::write(&settings, text.to_string()).unwrap();
        let registry =
            Server::start(Command::new("docker-registry").arg("serve").arg(&settings), |line| {
                let address = line.split_once("listening on ")?.1;
                Some(format!("http://{}", address.split(['"', ' ', '\n']).next()?))
            });
        Some(Self { api, registry, python: bin.join("python"), folder })
    }

    pub(crate) fn api(&self) -> &str {
        &self.api.address
    }

    pub(crate) fn registry(&self) -> &str {
        &self.registry.address
    }

    /// The program, pointed at both.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(self.api(), arguments)
    }

    /// The program, pointed at another server of ECR's API.
    pub(crate) fn command_at(&self, api: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecr-publish"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("AWS_ACCESS_KEY_ID", "test-key-id")
            .env("AWS_SECRET_ACCESS_KEY", "test-secret")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL", api)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("ECR_PUSH_TO", self.registry())
            .current_dir(self.folder.path());
        command
    }

    /// Runs the program; its answer if it succeeded, else what it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Value, String> {
        answer(&self.command(arguments).output().unwrap())
    }

    /// Applies these services' archives in `dist`; scans are accepted below CRITICAL, since moto finds something HIGH in everything.
    pub(crate) fn apply(&self, revision: &str, more: &[&str]) -> Result<Value, String> {
        let mut arguments =
            vec!["apply", "--json", "--revision", revision, "--severity", "critical"];
        arguments.extend(more);
        self.run(&arguments)
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

    /// What boto3, with `ecr` as its client, prints.
    pub(crate) fn boto(&self, script: &str) -> String {
        let head = "import boto3, json\necr = boto3.client('ecr')\n";
        let output = Command::new(&self.python)
            .args(["-c", &format!("{head}{script}")])
            .env("AWS_ACCESS_KEY_ID", "test-key-id")
            .env("AWS_SECRET_ACCESS_KEY", "test-secret")
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("AWS_ENDPOINT_URL", self.api())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The digest that the registry gives to a manifest, which it takes only when it has all that the manifest names.
    pub(crate) fn registry_takes(&self, repository: &str, digest: &str) -> String {
        let manifest = self.boto(&format!(
            "print(ecr.batch_get_image(repositoryName='{repository}', imageIds=[{{'imageDigest': '{digest}'}}])['images'][0]['imageManifest'], end='')"
        ));
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
        let answer = agent
            .put(format!("{}/v2/{repository}/manifests/{digest}", self.registry()))
            .header("Content-Type", media_type)
            .header("Authorization", &format!("Basic {}", base64(&format!("AWS:{TOKEN}"))))
            .send(&manifest)
            .unwrap_or_else(|error| panic!("the registry does not take {manifest}: {error}"));
        let digest = answer.headers().get("Docker-Content-Digest").unwrap();
        digest.to_str().unwrap().to_owned()
    }

    /// The digest under a tag, as ECR says it.
    pub(crate) fn tagged(&self, repository: &str, tag: &str) -> String {
        self.boto(&format!(
            "try: print(ecr.describe_images(repositoryName='{repository}', imageIds=[{{'imageTag': '{tag}'}}])['imageDetails'][0]['imageDigest'])\nexcept Exception as e: print(type(e).__name__)"
        ))
    }

    /// What the scan of every image from now on says.
    pub(crate) fn scans_say(&self, repository: &str, digest: &str, status: &str, counts: &Value) {
        let result = json!({"results": [{
            "registryId": "123456789012", "repositoryName": repository, "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": status, "description": "as the test wants it"},
            "imageScanFindings": {"findingSeverityCounts": counts},
        }], "region": "eu-central-1"});
        let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
        agent
            .post(format!("{}/moto-api/static/ecr/scan-finding-results", self.api()))
            .header("Content-Type", "application/json")
            .send(result.to_string())
            .unwrap();
    }
}

/// What a run that succeeded answered, or what one that failed said. Neither ever tells the token.
pub(crate) fn answer(output: &Output) -> Result<Value, String> {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for text in [&out, &told] {
        assert!(
            !text.contains(TOKEN) && !text.contains(&base64(&format!("AWS:{TOKEN}"))),
            "{text}"
        );
    }
    if output.status.success() {
        let last = out.lines().last().unwrap_or_default();
        return Ok(serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}")));
    }
    let last = told.lines().last().unwrap_or_default();
    assert!(last.starts_with("ecr-publish: "), "{told}");
    Err(last.to_owned())
}

pub(crate) fn base64(text: &str) -> String {
    use ::base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

/// An OCI layout that is being made.
#[derive(Default)]
pub(crate) struct Layout {
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    pub(crate) fn blob(&mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let digest = digest(&bytes);
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
