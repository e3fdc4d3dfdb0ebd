//! Images to ECR: the real program, moto for ECR's API, and Debian's docker-registry for the
//! layers.
//!
//! What is real: the layers, their protocol, the login, the registry's check that a manifest has
//! all that it names, and the digest that it computes. moto keeps what PutImage gives it, computes
//! no digests and scans nothing by itself; its scan finds one thing HIGH in everything, once it is
//! asked.

use std::fs;

use serde_json::{Value, json};

use crate::{
    aws::{Aws, Layout, REGISTRY, TOKEN, answer},
    wire,
};

#[test]
fn from_nothing_everything_is_made_and_then_nothing_is_left_to_do() {
    let Some(aws) = Aws::start() else { return };
    let services = ["consumer", "producer", "trainer", "web"];
    let digests = services.map(|service| aws.archive(service, service));
    let first = aws.run("apply --severity off --revision r1").unwrap();
    // The scan rule, four repositories with a policy each, and four images.
    assert_eq!(first["changes"], json!(1 + 4 + 4 + 4), "{first}");
    for (n, (service, digest)) in services.iter().zip(&digests).enumerate() {
        let (image, repository) = (&first["images"][n], format!("verdict/{service}"));
        assert_eq!(image["digest"], json!(digest));
        assert_eq!(image["reference"], json!(format!("{REGISTRY}/{repository}@{digest}")));
        assert_eq!((&image["pushed"], &image["blobs_sent"]), (&json!(true), &json!(3)));
        assert_eq!(aws.tagged(&repository, "r1"), *digest);
        aws.assert_registry_takes(&repository, digest);
    }
    let repositories = aws.ecr("DescribeRepositories", &json!({}));
    assert_eq!(repositories["repositories"][0]["imageTagMutability"], "IMMUTABLE");
    let scanning = aws.ecr("GetRegistryScanningConfiguration", &json!({}));
    let rule = &scanning["scanningConfiguration"]["rules"][0];
    assert_eq!(rule["repositoryFilters"][0]["filter"], "verdict/*", "{scanning}");
    let again = aws.run("apply --severity off --revision r1").unwrap();
    assert_eq!(again["changes"], json!(0), "{again}");
    for image in again["images"].as_array().unwrap() {
        assert_eq!(image["blobs_sent"], json!(0), "{again}");
    }
    // The next revision shares a layer with the one before.
    aws.archive("web", "wet");
    let next = aws.apply_web("r2").unwrap();
    assert_eq!((&next["changes"], &next["images"][0]["blobs_sent"]), (&json!(1), &json!(2)));
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let Some(aws) = Aws::start() else { return };
    let digest = aws.archive("web", "web");
    let dry = aws.run("apply --revision r1 --service web --dry-run").unwrap();
    assert_eq!((&dry["changes"], &dry["images"][0]["digest"]), (&json!(4), &json!(digest)));
    assert_eq!(aws.repositories(), 0);
    assert_eq!(aws.apply_web("r1").unwrap()["changes"], dry["changes"]);
}

#[test]
fn a_push_that_breaks_off_leaves_no_tag_and_the_next_one_completes_it() {
    let Some(aws) = Aws::start() else { return };
    let digest = aws.archive("web", "web");
    // Enough for the first blobs, not for the long layer; and after that nothing answers.
    let broken = wire::cut_after(aws.registry(), 200_000, false);
    let apply = format!("apply --revision r1 --service web --push-to {}", &broken.url());
    let failed = aws.run(&apply).unwrap_err();
    let promise = "nothing is tagged, and running this again sends what is missing";
    assert!(failed.contains(promise) && failed.contains("(try 6 of 6)"), "{failed}");
    assert_eq!(aws.tagged("verdict/web", "r1"), "ImageNotFoundException");
    let unpinned = pin(&aws, "consumer web").unwrap_err();
    assert!(unpinned.contains("has no image of revision r1, so nothing is pinned"), "{unpinned}");
    let completed = aws.apply_web("r1").unwrap();
    let sent = completed["images"][0]["blobs_sent"].as_u64().unwrap();
    assert!((1..3).contains(&sent), "what was there is not sent again: {completed}");
    assert_eq!(aws.tagged("verdict/web", "r1"), digest);
    aws.assert_registry_takes("verdict/web", &digest);
}

#[test]
fn a_connection_that_breaks_once_is_tried_again() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let shaky = wire::cut_after(aws.registry(), 100_000, true);
    let apply = "apply --json --severity off --service web --revision r1 --push-to";
    let mut command = aws.command_at(aws.api(), &format!("{apply} {}", &shaky.url()));
    let output = command.output().unwrap();
    answer(&output).unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("broke off"), "{log}");
}

#[test]
fn throttled_requests_are_repeated() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let error = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let throttled = wire::refuse_first(aws.api(), 3, error);
    let apply = "apply --json --severity off --service web --revision r1";
    let output = aws.command_at(&throttled.url(), apply).output().unwrap();
    assert_eq!(answer(&output).unwrap()["changes"], json!(4));
    assert!(throttled.seen().len() > 3);
}

#[test]
fn a_tag_that_another_image_has_is_refused() {
    let Some(aws) = Aws::start() else { return };
    let first = aws.archive("web", "web");
    aws.apply_web("r1").unwrap();
    let second = aws.archive("web", "another");
    let refused = aws.apply_web("r1").unwrap_err();
    for part in [&first, &second, "one revision has one image"] {
        assert!(refused.contains(part), "{refused}");
    }
    assert_eq!(aws.tagged("verdict/web", "r1"), first);
}

#[test]
fn an_index_comes_after_its_images_and_each_is_scanned() {
    let Some(aws) = Aws::start() else { return };
    let mut layout = Layout::default();
    let images = [("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown")];
    let images = images.map(|(os, architecture)| {
        let mut image = layout.image(architecture);
        image["platform"] = json!({"os": os, "architecture": architecture});
        image
    });
    let index = layout.index(&images);
    fs::create_dir_all(aws.folder.path().join("dist")).unwrap();
    layout.write(&aws.folder.path().join("dist/web.tar"), index.clone());
    let applied = aws.run("apply --severity critical --service web --revision r1").unwrap();
    assert_eq!(applied["images"][0]["digest"], index["digest"]);
    // What moto finds in everything, in the two that run.
    assert_eq!(applied["images"][0]["findings"]["HIGH"], json!(2), "{applied}");
    for image in &images {
        aws.assert_registry_takes("verdict/web", image["digest"].as_str().unwrap());
    }
    pin(&aws, "web").unwrap();
}

#[test]
fn repositories_become_stricter_and_never_looser() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let loose = json!({"repositoryName": "verdict/web", "imageTagMutability": "MUTABLE"});
    aws.ecr("CreateRepository", &loose);
    let applied = aws.apply_web("r1").unwrap();
    let settings = applied["settings"].as_array().unwrap().iter();
    let settings: Vec<_> = settings.map(|change| change["change"].as_str().unwrap()).collect();
    assert_eq!(settings, ["scan_on_push", "make_tags_immutable", "put_lifecycle_policy"]);
    let policy = json!({"rules": [{
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3},
        "action": {"type": "expire"},
    }]});
    let policy =
        json!({"repositoryName": "verdict/web", "lifecyclePolicyText": policy.to_string()});
    aws.ecr("PutLifecyclePolicy", &policy);
    let refused = aws.apply_web("r1").unwrap_err();
    assert!(refused.contains("repository verdict/web has another lifecycle policy"), "{refused}");
    let kept = aws.run("apply --severity off --service web --revision r1 --keep-lifecycle");
    assert_eq!(kept.unwrap()["changes"], json!(0));
}

#[test]
fn scans_decide_and_one_that_never_ends_is_given_up() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    let high = aws.run("apply --revision r1 --service web").unwrap_err();
    assert!(high.contains("has found 1 HIGH") && high.contains("not to be pinned"), "{high}");
    let pin = format!("pin --revision r1 --service web --overlay {}", overlay(&aws));
    let unpinned = aws.run(&pin).unwrap_err();
    assert!(unpinned.contains("has found 1 HIGH, so nothing is pinned"), "{unpinned}");
    for (revision, status, part) in [
        ("r2", "IN_PROGRESS", "has not ended after 4 s"),
        ("r3", "UNSUPPORTED_IMAGE", "gives no result: UNSUPPORTED_IMAGE (as the test wants it)"),
    ] {
        let digest = aws.archive("web", revision);
        aws.scans_answer(&digest, status, &json!({}));
        let apply = format!("apply --revision {revision} --service web --scan-timeout 4");
        let error = aws.run(&apply).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let digest = aws.archive("web", "clean");
    aws.scans_answer(&digest, "COMPLETE", &json!({"MEDIUM": 2}));
    let clean = aws.run("apply --revision r4 --service web").unwrap();
    assert_eq!(clean["images"][0]["findings"], json!({"MEDIUM": 2}));
}

#[test]
fn bad_input_is_one_line_that_says_what_to_do() {
    let Some(aws) = Aws::start() else { return };
    aws.archive("web", "web");
    fs::write(aws.folder.path().join("dist/consumer.tar"), "no archive").unwrap();
    let always = |error| wire::refuse_first(aws.api(), usize::MAX, error);
    let expired = always(
        r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#,
    );
    let denied = always(
        r#"{"__type":"AccessDeniedException","message":"User is not authorized to perform: ecr:GetAuthorizationToken"}"#,
    );
    let web = "apply --revision r1 --service web";
    for (api, arguments, part) in [
        (&*expired.url(), web, "the credentials have expired: log in again"),
        (&*denied.url(), web, "deploy/iam/images-policy.json"),
        ("http://127.0.0.1:1", web, "is the region right"),
        (
            aws.api(),
            "apply --revision r1 --service web --registry 1.dkr.ecr.us-east-1.amazonaws.com",
            "region eu-central-1 and these credentials lead to the registry 123456789012.dkr.ecr.eu-central-1.amazonaws.com, not to 1.dkr.ecr.us-east-1",
        ),
        (aws.api(), "apply --revision a/b --service web", "--revision must be 1 to 128 letters"),
        (aws.api(), "apply --revision r1 --prefix Verdict", "--prefix must be small letters"),
        (aws.api(), "apply --revision r1", "consumer.tar: "),
        (aws.api(), "apply --revision r1 --service trainer", "trainer.tar: No such file"),
        (aws.api(), "apply --revision r1 --archive dist/web.tar", "--archive is of one service"),
        (
            aws.api(),
            "apply --revision r1 --service web --push-to ftp://x",
            "--push-to must be http://",
        ),
        (aws.api(), "pin --revision r1 --overlay nowhere", "is that the overlay?"),
        (aws.api(), "apply --service web", "no commit is checked out here: give --revision"),
    ] {
        let mut command = aws.command_at(api, arguments);
        // Where nobody answers, eight attempts take half a minute.
        command.env("AWS_MAX_ATTEMPTS", "2");
        let error = answer(&command.output().unwrap()).unwrap_err();
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    let mut nowhere = aws.command_at(aws.api(), web);
    let error = answer(&nowhere.env_remove("AWS_REGION").output().unwrap()).unwrap_err();
    assert!(error.contains("no AWS region: give --region"), "{error}");
    assert_eq!(aws.repositories(), 0);
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
    let error = aws.apply_web("r1").unwrap_err();
    assert!(error.contains(&digest) && error.contains("the archive is damaged"), "{error}");
    assert_eq!(aws.repositories(), 0);
}

fn images() -> String {
    let image =
        |name| format!("  - name: verdict-{name}\n    newName: {REGISTRY}/verdict/{name}\n");
    let digest = "    digest: sha256:0\n";
    format!("# Kept.\nimages:\n{}{digest}{}{digest}", image("consumer"), image("web"))
}

/// An overlay in which the consumer and the web are not pinned.
fn overlay(aws: &Aws) -> String {
    let folder = aws.folder.path().join("overlay");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("kustomization.yaml"), images()).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Pins revision `r1` of these services whatever the scans say.
fn pin(aws: &Aws, services: &str) -> Result<Value, String> {
    let services = services.replace(' ', " --service ");
    let overlay = overlay(aws);
    aws.run(&format!("pin --severity off --revision r1 --overlay {overlay} --service {services}"))
}

#[test]
fn all_images_are_pinned_or_none() {
    let Some(aws) = Aws::start() else { return };
    let file = aws.folder.path().join("overlay/kustomization.yaml");
    let web = aws.archive("web", "web");
    let consumer = aws.archive("consumer", "consumer");
    aws.apply_web("r1").unwrap();
    let half = pin(&aws, "consumer web").unwrap_err();
    assert!(half.contains("nothing is pinned"), "{half}");
    assert_eq!(fs::read_to_string(&file).unwrap(), images());
    aws.run("apply --severity off --revision r1 --service consumer").unwrap();
    assert_eq!(pin(&aws, "consumer web").unwrap()["changed"], json!(2));
    let pinned = images().replacen("sha256:0", &consumer, 1).replacen("sha256:0", &web, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), pinned);
    aws.archive("producer", "producer");
    aws.run("apply --severity off --revision r1 --service producer").unwrap();
    let missing = pin(&aws, "producer").unwrap_err();
    assert!(missing.contains("no image verdict-producer with newName and digest"), "{missing}");
}

#[test]
fn old_images_go_and_pinned_ones_stay() {
    let Some(aws) = Aws::start() else { return };
    let digests = ["r1", "r2", "r3"].map(|revision| {
        let digest = aws.archive("web", revision);
        aws.apply_web(revision).unwrap();
        digest
    });
    pin(&aws, "web").unwrap();
    let overlay = aws.folder.path().join("overlay");
    let prune = format!("prune --service web --keep 0 --overlay {}", overlay.display());
    let dry = aws.run(&format!("{prune} --dry-run")).unwrap();
    assert_eq!(dry["deleted"].as_array().unwrap().len(), 2, "{dry}");
    assert_eq!(aws.tagged("verdict/web", "r2"), digests[1]);
    aws.run(&prune).unwrap();
    assert_eq!(aws.tagged("verdict/web", "r1"), digests[0]);
    assert_eq!(aws.tagged("verdict/web", "r2"), "ImageNotFoundException");
    assert_eq!(aws.run(&prune).unwrap()["deleted"], json!([]));
}

#[test]
fn a_plan_asks_nobody_and_a_wrong_password_is_told() {
    let Some(aws) = Aws::start() else { return };
    let nobody = "http://127.0.0.1:1";
    let plan = aws.command_at(nobody, "plan --json --revision r1").output().unwrap();
    let plan = answer(&plan).unwrap();
    assert_eq!(plan["repositories"].as_array().unwrap().len(), 4);
    assert_eq!((&plan["tag"], &plan["tag_mutability"]), (&json!("r1"), &json!("IMMUTABLE")));
    let table = aws.command_at(nobody, "plan --revision r1").output().unwrap();
    assert!(String::from_utf8_lossy(&table.stdout).contains("verdict/trainer"), "{table:?}");
    // The registry's password is another by now.
    aws.archive("web", "web");
    let users = format!("AWS:{}\n", bcrypt::hash("other", 4).unwrap());
    fs::write(aws.folder.path().join("users"), users).unwrap();
    let refused = aws.apply_web("r1").unwrap_err();
    assert!(refused.contains("pushing sha256:") && !refused.contains(TOKEN), "{refused}");
}
