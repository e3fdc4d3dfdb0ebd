//! Images to ECR: the real program, moto for ECR's API, and Debian's docker-registry for the layers.
//!
//! What is real: the layers, their protocol, the login, the registry's check that a manifest has all that it names, and the digest that it
//! computes. moto keeps what PutImage gives it, and computes no digests and scans nothing by itself; its scan finds one thing
//! HIGH in everything, once it is asked.
use std::fs;

use crate::{
    aws::{Aws, Layout, REGISTRY, TOKEN, answer},
    wire,
};
use serde_json::{Value, json};

const WEB: [&str; 2] = ["--service", "web"];

#[test]
fn from_nothing_everything_is_made_and_then_nothing_is_left_to_do() {
    let Some(aws) = Aws::start() else { return };
    let services = ["consumer", "producer", "trainer", "web"];
    let digests = services.map(|service| aws.archive(service, service));
    let first = aws.apply("r1", &[]).unwrap();
    // The scan rule, four repositories with a policy each, and four images.
    assert_eq!(first["changes"], json!(1 + 4 + 4 + 4), "{first}");
    for ((service, digest), image) in
        services.iter().zip(&digests).zip(first["images"].as_array().unwrap())
    {
        let repository = format!("verdict/{service}");
        assert_eq!(image["digest"], json!(digest));
        assert_eq!(image["reference"], json!(format!("{REGISTRY}/{repository}@{digest}")));
        assert_eq!((&image["pushed"], &image["blobs_sent"]), (&json!(true), &json!(3)));
        assert_eq!(aws.tagged(&repository, "r1"), *digest, "ECR's");
        assert_eq!(aws.registry_takes(&repository, digest), *digest, "the registry's");
    }
    let settings = aws.boto(
        "r = ecr.describe_repositories(repositoryNames=['verdict/web'])['repositories'][0]\n\
         print(r['imageTagMutability'], ecr.get_registry_scanning_configuration()['scanningConfiguration']['rules'][0]['repositoryFilters'][0]['filter'])",
    );
    assert_eq!(settings, "IMMUTABLE verdict/*");
    let again = aws.apply("r1", &[]).unwrap();
    assert_eq!(again["changes"], json!(0), "{again}");
    let sent: Vec<_> = again["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["blobs_sent"].clone())
        .collect();
    assert_eq!(sent, vec![json!(0); 4]);
    // The next revision shares a layer with the one before.
    aws.archive("web", "wet");
    let next = aws.apply("r2", &WEB).unwrap();
    assert_eq!((&next["changes"], &next["images"][0]["blobs_sent"]), (&json!(1), &json!(2)));
    eprintln!(
        "from nothing: {} changes; again: {}; next revision: {} of 3 blobs sent",
        first["changes"], again["changes"], next["images"][0]["blobs_sent"]
    );
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let Some(aws) = Aws::start() else { return };
    let digest = aws.archive("web", "web");
    let dry = aws.apply("r1", &["--service", "web", "--dry-run"]).unwrap();
    assert_eq!((&dry["changes"], &dry["images"][0]["digest"]), (&json!(4), &json!(digest)));
    assert_eq!(aws.boto("print(len(ecr.describe_repositories()['repositories']))"), "0");
    assert_eq!(aws.apply("r1", &WEB).unwrap()["changes"], dry["changes"]);
}

#[test]
fn a_push_that_breaks_off_leaves_no_tag_and_the_next_one_completes_it() {
    let Some(aws) = Aws::start() else { return };
    let digest = aws.archive("web", "web");
    // Enough for the first blobs, not for the long layer; and after that nothing answers.
    let broken = wire::cut_after(aws.registry(), 200_000);
    let failed = aws.apply("r1", &["--service", "web", "--push-to", broken.address()]).unwrap_err();
    assert!(
        failed.contains("nothing is tagged, and running this again sends what is missing"),
        "{failed}"
    );
    assert_eq!(aws.tagged("verdict/web", "r1"), "ImageNotFoundException");
    let unpinned = pin(&aws, "r1").unwrap_err();
    assert!(unpinned.contains("has no image of revision r1, so nothing is pinned"), "{unpinned}");
    let completed = aws.apply("r1", &WEB).unwrap();
    let sent = completed["images"][0]["blobs_sent"].as_u64().unwrap();
    assert!((1..3).contains(&sent), "what was there is not sent again: {completed}");
    assert_eq!(aws.tagged("verdict/web", "r1"), digest);
    assert_eq!(aws.registry_takes("verdict/web", &digest), digest);
    eprintln!("after a broken push: {sent} of 3 blobs sent");
}

#[test]
fn a_connection_that_breaks_once_is_tried_again() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let shaky = wire::cut_once_after(aws.registry(), 100_000);
    let output = aws
        .command(&[
            "apply",
            "--json",
            "--revision",
            "r1",
            "--severity",
            "off",
            "--service",
            "web",
            "--push-to",
            shaky.address(),
        ])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    answer(&output).unwrap();
    assert!(told.contains("broke off"), "{told}");
}

#[test]
fn throttled_requests_are_repeated() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let throttled = wire::refuse_first(
        aws.api(),
        3,
        r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
    );
    let output = aws
        .command_at(
            throttled.address(),
            &["apply", "--json", "--revision", "r1", "--severity", "off", "--service", "web"],
        )
        .output()
        .unwrap();
    assert_eq!(answer(&output).unwrap()["changes"], json!(4));
    assert_eq!(throttled.refused(), 3);
}

#[test]
fn a_tag_that_another_image_has_is_refused() {
    let Some(aws) = Aws::start() else { return };
    let first = aws.archive("web", "web");
    aws.apply("r1", &WEB).unwrap();
    let second = aws.archive("web", "another");
    let refused = aws.apply("r1", &WEB).unwrap_err();
    assert!(
        refused.contains(&first)
            && refused.contains(&second)
            && refused.contains("one revision has one image"),
        "{refused}"
    );
    assert_eq!(aws.tagged("verdict/web", "r1"), first);
}

#[test]
fn an_index_comes_after_its_images_and_each_is_scanned() {
    let Some(aws) = Aws::start() else { return };
    let mut layout = Layout::default();
    let on = |mut image: Value, os: &str, architecture: &str| {
        image["platform"] = json!({"os": os, "architecture": architecture});
        image
    };
    let images = [
        on(layout.image("amd64"), "linux", "amd64"),
        on(layout.image("arm64"), "linux", "arm64"),
        on(layout.image("attestation"), "unknown", "unknown"),
    ];
    let index = layout.index(&images);
    fs::create_dir_all(aws.folder.path().join("dist")).unwrap();
    layout.write(&aws.folder.path().join("dist/web.tar"), index.clone());
    let applied = aws.apply("r1", &WEB).unwrap();
    assert_eq!(applied["images"][0]["digest"], index["digest"]);
    // What moto finds in everything, in the two that run.
    assert_eq!(applied["images"][0]["findings"]["HIGH"], json!(2), "{applied}");
    for image in &images {
        let digest = image["digest"].as_str().unwrap();
        assert_eq!(aws.registry_takes("verdict/web", digest), digest);
    }
    pin_of(&aws, "r1", &["web"]).unwrap();
}

#[test]
fn repositories_become_stricter_and_never_looser() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    aws.boto("ecr.create_repository(repositoryName='verdict/web', imageTagMutability='MUTABLE')");
    let applied = aws.apply("r1", &WEB).unwrap();
    let settings: Vec<_> = applied["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["change"].as_str().unwrap())
        .collect();
    assert_eq!(settings, ["scan_on_push", "make_tags_immutable", "put_lifecycle_policy"]);
    aws.boto(
        "p = {'rules': [{'rulePriority': 1, 'selection': {'tagStatus': 'any', 'countType': 'imageCountMoreThan', 'countNumber': 3}, 'action': {'type': 'expire'}}]}\n\
         ecr.put_lifecycle_policy(repositoryName='verdict/web', lifecyclePolicyText=json.dumps(p))",
    );
    let refused = aws.apply("r1", &WEB).unwrap_err();
    assert!(refused.contains("repository verdict/web has another lifecycle policy"), "{refused}");
    let kept = aws.apply("r1", &["--service", "web", "--keep-lifecycle"]).unwrap();
    assert_eq!(kept["changes"], json!(0));
}

#[test]
fn scans_decide_and_one_that_never_ends_is_given_up() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let high = aws.run(&["apply", "--json", "--revision", "r1", "--service", "web"]).unwrap_err();
    assert!(high.contains("has found 1 HIGH") && high.contains("not to be pinned"), "{high}");
    assert!(
        aws.run(&[
            "pin",
            "--json",
            "--revision",
            "r1",
            "--service",
            "web",
            "--overlay",
            overlay(&aws).as_str()
        ])
        .unwrap_err()
        .contains("has found 1 HIGH, so nothing is pinned")
    );
    for (revision, status, part) in [
        ("r2", "IN_PROGRESS", "has not ended after 6 s"),
        ("r3", "UNSUPPORTED_IMAGE", "gives no result: UNSUPPORTED_IMAGE (as the test wants it)"),
    ] {
        let digest = aws.archive("web", revision);
        aws.scans_say("verdict/web", &digest, status, &json!({}));
        let arguments = ["--service", "web", "--scan-timeout", "6"];
        let error = aws.apply(revision, &arguments).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let digest = aws.archive("web", "clean");
    aws.scans_say("verdict/web", &digest, "COMPLETE", &json!({"MEDIUM": 2}));
    let clean = aws.run(&["apply", "--json", "--revision", "r4", "--service", "web"]);
    assert_eq!(clean.unwrap()["images"][0]["findings"], json!({"MEDIUM": 2}));
}

#[test]
fn bad_input_is_one_line_that_says_what_to_do() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let expired = wire::refuse_first(
        aws.api(),
        usize::MAX,
        r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#,
    );
    let denied = wire::refuse_first(
        aws.api(),
        usize::MAX,
        r#"{"__type":"AccessDeniedException","message":"User is not authorized to perform: ecr:GetAuthorizationToken"}"#,
    );
    fs::write(aws.folder.path().join("dist/consumer.tar"), "no archive").unwrap();
    for (api, arguments, part) in [
        (
            expired.address(),
            vec!["apply", "--revision", "r1", "--service", "web"],
            "the credentials have expired: log in again",
        ),
        (
            denied.address(),
            vec!["apply", "--revision", "r1", "--service", "web"],
            "deploy/iam/images-policy.json",
        ),
        (
            "http://127.0.0.1:1",
            vec!["apply", "--revision", "r1", "--service", "web"],
            "is the region right",
        ),
        (
            aws.api(),
            vec![
                "apply",
                "--revision",
                "r1",
                "--service",
                "web",
                "--registry",
                "1.dkr.ecr.us-east-1.amazonaws.com",
            ],
            "region eu-central-1 and these credentials lead to the registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com, not to 1.dkr.ecr.us-east-1",
        ),
        (
            aws.api(),
            vec!["apply", "--revision", "a b", "--service", "web"],
            "--revision must be 1 to 128 letters",
        ),
        (
            aws.api(),
            vec!["apply", "--revision", "r1", "--prefix", "Verdict"],
            "--prefix must be small letters",
        ),
        (aws.api(), vec!["apply", "--revision", "r1"], "consumer.tar: "),
        (
            aws.api(),
            vec!["apply", "--revision", "r1", "--service", "trainer"],
            "trainer.tar: No such file",
        ),
        (
            aws.api(),
            vec!["apply", "--revision", "r1", "--archive", "dist/web.tar"],
            "--archive is of one service",
        ),
        (
            aws.api(),
            vec!["apply", "--revision", "r1", "--service", "web", "--push-to", "ftp://x"],
            "--push-to must be http://",
        ),
        (
            aws.api(),
            vec!["pin", "--revision", "r1", "--overlay", "nowhere"],
            "is that the overlay?",
        ),
        (
            aws.api(),
            vec!["apply", "--service", "web"],
            "no commit is checked out here: give --revision",
        ),
    ] {
        let error = answer(&aws.command_at(api, &arguments).output().unwrap()).unwrap_err();
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    let mut nowhere = aws.command(&["apply", "--revision", "r1", "--service", "web"]);
    let error = answer(&nowhere.env_remove("AWS_REGION").output().unwrap()).unwrap_err();
    assert!(error.contains("no AWS region: give --region"), "{error}");
    assert_eq!(aws.boto("print(len(ecr.describe_repositories()['repositories']))"), "0");
}

#[test]
fn a_damaged_archive_is_known_before_anything_is_made() {
    let Some(aws) = Aws::start() else { return };
    let digest = aws.archive("web", "web");
    let path = aws.folder.path().join("dist/web.tar");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(10).position(|part| part == b"\"layers\":[").unwrap();
    bytes[at + 1] = b'L';
    fs::write(&path, bytes).unwrap();
    let error = aws.apply("r1", &WEB).unwrap_err();
    assert!(error.contains(&digest) && error.contains("the archive is damaged"), "{error}");
    assert_eq!(aws.boto("print(len(ecr.describe_repositories()['repositories']))"), "0");
}

const IMAGES: &str = "# Kept.\nimages:\n  - name: verdict-consumer\n    newName: REGISTRY/verdict/consumer\n    digest: sha256:0\n  - name: verdict-web\n    newName: REGISTRY/verdict/web\n    digest: sha256:0\n";

fn overlay(aws: &Aws) -> String {
    let folder = aws.folder.path().join("overlay");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("kustomization.yaml"), IMAGES.replace("REGISTRY", REGISTRY)).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn pin(aws: &Aws, revision: &str) -> Result<Value, String> {
    pin_of(aws, revision, &["consumer", "web"])
}

fn pin_of(aws: &Aws, revision: &str, services: &[&str]) -> Result<Value, String> {
    let overlay = overlay(aws);
    let mut arguments = vec![
        "pin",
        "--json",
        "--revision",
        revision,
        "--severity",
        "critical",
        "--overlay",
        &overlay,
    ];
    for service in services {
        arguments.extend(["--service", service]);
    }
    aws.run(&arguments)
}

#[test]
fn all_images_are_pinned_or_none() {
    let Some(aws) = Aws::start() else { return };
    let file = aws.folder.path().join("overlay/kustomization.yaml");
    let web = aws.archive("web", "web");
    let consumer = aws.archive("consumer", "consumer");
    aws.apply("r1", &WEB).unwrap();
    let half = pin(&aws, "r1").unwrap_err();
    assert!(half.contains("nothing is pinned"), "{half}");
    assert_eq!(fs::read_to_string(&file).unwrap(), IMAGES.replace("REGISTRY", REGISTRY));
    aws.apply("r1", &["--service", "consumer"]).unwrap();
    assert_eq!(pin(&aws, "r1").unwrap()["changed"], json!(2));
    let text = IMAGES
        .replace("REGISTRY", REGISTRY)
        .replacen("sha256:0", &consumer, 1)
        .replacen("sha256:0", &web, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let producer = aws.archive("producer", "producer");
    aws.apply("r1", &["--service", "producer"]).unwrap();
    let missing = pin_of(&aws, "r1", &["producer"]).unwrap_err();
    assert!(
        missing.contains("no image verdict-producer with newName and digest"),
        "{missing} {producer}"
    );
}

#[test]
fn old_images_go_and_pinned_ones_stay() {
    let Some(aws) = Aws::start() else { return };
    let mut digests = Vec::new();
    for revision in ["r1", "r2", "r3"] {
        digests.push(aws.archive("web", revision));
        aws.apply(revision, &WEB).unwrap();
    }
    pin_of(&aws, "r1", &["web"]).unwrap();
    let overlay = aws.folder.path().join("overlay");
    let arguments = [
        "prune",
        "--json",
        "--service",
        "web",
        "--keep",
        "0",
        "--overlay",
        overlay.to_str().unwrap(),
    ];
    let dry = aws.run(&[&arguments[..], &["--dry-run"]].concat()).unwrap();
    assert_eq!(dry["deleted"].as_array().unwrap().len(), 2, "{dry}");
    assert_eq!(aws.tagged("verdict/web", "r2"), digests[1]);
    aws.run(&arguments).unwrap();
    assert_eq!(aws.tagged("verdict/web", "r1"), digests[0]);
    assert_eq!(aws.tagged("verdict/web", "r2"), "ImageNotFoundException");
    assert_eq!(aws.run(&arguments).unwrap()["deleted"], json!([]));
}

#[test]
fn a_plan_asks_nobody_and_a_wrong_password_is_told() {
    let Some(aws) = Aws::start() else { return };
    let plan = answer(
        &aws.command_at("http://127.0.0.1:1", &["plan", "--json", "--revision", "r1"])
            .output()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(plan["repositories"].as_array().unwrap().len(), 4);
    assert_eq!((&plan["tag"], &plan["tag_mutability"]), (&json!("r1"), &json!("IMMUTABLE")));
    let table = aws.command(&["plan", "--revision", "r1"]).output().unwrap();
    assert!(String::from_utf8_lossy(&table.stdout).contains("verdict/trainer"), "{table:?}");
    // The registry's password is another by now.
    aws.archive("web", "web");
    fs::write(
        aws.folder.path().join("users"),
        format!("AWS:{}\n", bcrypt::hash("other", 4).unwrap()),
    )
    .unwrap();
    let refused = aws.apply("r1", &WEB).unwrap_err();
    assert!(refused.contains("pushing sha256:") && !refused.contains(TOKEN), "{refused}");
}
