//! The rights that are asked for: IAM policies, trust, and the role of who deploys.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use verdict_testkit::repository;

use crate::overlay::{EKS, file, list, overlay, parse, text};

/// One text or a list of them, as IAM writes it.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().map(|text| text.as_str().expect("text")).collect(),
        _ => Vec::new(),
    }
}

/// Actions that AWS cannot bind to a resource.
const OF_EVERYTHING: [&str; 3] = [
    "ecr:GetAuthorizationToken",
    "ecr:GetRegistryScanningConfiguration",
    "ecr:PutRegistryScanningConfiguration",
];

fn iam_problems(policy: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            found.push(what);
        }
    };
    must(policy["Version"] == "2012-10-17", "Version".to_owned());
    for statement in policy["Statement"].as_array().expect("statements") {
        let named = statement["Sid"].as_str().unwrap_or("?");
        let is_narrow = ["NotAction", "NotResource"].iter().all(|key| statement[key].is_null());
        let is_plain = statement["Effect"] == "Allow" && is_narrow;
        must(is_plain, format!("{named}: allows all but something"));
        let actions = texts(&statement["Action"]);
        for action in &actions {
            let is_one = !action.contains('*') && action.contains(':');
            must(is_one, format!("{named}: the action {action} is many"));
        }
        if statement["Principal"].is_null() {
            let is_global = actions.iter().all(|action| OF_EVERYTHING.contains(action));
            for resource in texts(&statement["Resource"]) {
                let is_bound = !resource.ends_with(":*") && resource != "*";
                must(is_bound || is_global, format!("{named}: {resource} is everything"));
            }
            continue;
        }
        let condition = &statement["Condition"];
        let is_whole = |end: &str| {
            let mut equals = condition["StringEquals"].as_object().into_iter().flatten();
            equals.any(|(key, value)| {
                key.ends_with(end) && value.as_str().is_some_and(|text| !text.contains('*'))
            })
        };
        let is_alone = condition.as_object().unwrap().len() == 1;
        let what = "must name audience and subject whole, by StringEquals and nothing else";
        must(is_whole(":aud") && is_whole(":sub") && is_alone, format!("{named}: {what}"));
    }
    found
}

#[test]
fn no_policy_gives_more_than_it_names() {
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("deploy/iam")).unwrap() {
        let path = entry.unwrap().path();
        let policy: Value =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).expect("JSON");
        let found = iam_problems(&policy);
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
        seen += 1;
    }
    assert!(seen >= 9, "{seen}");
}

#[test]
fn a_policy_that_gives_more_is_found() {
    let policy: Value = serde_json::from_str(&file("deploy/iam/images-policy.json")).unwrap();
    let trust: Value = serde_json::from_str(&file("deploy/iam/deploy-trust.json")).unwrap();
    let sub = "token.actions.githubusercontent.com:sub";
    for (good, pointer, bad) in [
        (&policy, "/Statement/3/Action", json!("ecr:*")),
        (&policy, "/Statement/3/Resource", json!("*")),
        (&policy, "/Statement/0/Action", json!(["ecr:GetAuthorizationToken", "ecr:PutImage"])),
        (
            &trust,
            "/Statement/0/Condition/StringEquals",
            json!({"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}),
        ),
        (&trust, "/Statement/0/Condition", json!({"StringLike": {sub: "repo:verdict-rs*"}})),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(pointer).unwrap() = bad;
        assert_eq!(iam_problems(&broken).len(), 1, "{pointer}");
    }
}

#[test]
fn the_subjects_are_those_of_the_workflows() {
    // A job with an environment has it in its subject; one without has the branch.
    let workflow: Value = serde_yaml_ng::from_str(&file(".github/workflows/main.yml")).unwrap();
    for (job, role, trust) in [
        ("images", "AWS_ECR_ROLE", "images-trust"),
        ("train", "AWS_PIPELINE_ROLE", "pipeline-trust"),
        ("deploy", "AWS_DEPLOY_ROLE", "deploy-trust"),
    ] {
        let job = &workflow["jobs"][job];
        let wanted = job["environment"]
            .as_str()
            .map_or_else(|| "ref:refs/heads/main".to_owned(), |name| format!("environment:{name}"));
        let assumed = job["steps"]
            .as_array()
            .unwrap()
            .iter()
            .find_map(|step| step["with"]["role-to-assume"].as_str());
        assert_eq!(assumed, Some(&*format!("${{{{ vars.{role} }}}}")));
        let trust: Value =
            serde_json::from_str(&file(&format!("deploy/iam/{trust}.json"))).unwrap();
        let sub = trust["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"].as_str().unwrap();
        // Of repositories made since 15 July 2026: with the numbers of owner and repository, which
        // no other can take over.
        let (repository, rest) =
            sub.strip_prefix("repo:").and_then(|rest| rest.split_once(':')).unwrap();
        assert_eq!(rest, wanted);
        assert_eq!(repository.matches('@').count(), 2, "{sub}");
    }
    let trust: Value = serde_json::from_str(&file("deploy/iam/trainer-trust.json")).unwrap();
    let equals = trust["Statement"][0]["Condition"]["StringEquals"].to_string();
    assert!(equals.contains("system:serviceaccount:verdict:trainer"), "{equals}");
}

/// Group and plural of a kind, as RBAC names it.
fn resource(object: &Value) -> (&str, String) {
    let group = text(&object["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    let kind = text(&object["kind"]).to_lowercase();
    (group, kind.strip_suffix('y').map_or(format!("{kind}s"), |stem| format!("{stem}ies")))
}

#[test]
fn who_deploys_may_make_and_change_what_the_overlay_has_and_nothing_that_it_has_not() {
    let Some(overlay) = overlay(EKS) else { return };
    let roles = parse(&file("deploy/eks/deployer.yaml"));
    let mut may = BTreeSet::new();
    for role in roles.iter().filter(|role| text(&role["kind"]).ends_with("Role")) {
        for rule in list(&role["rules"]) {
            let [groups, resources, verbs] =
                ["apiGroups", "resources", "verbs"].map(|key| texts(&rule[key]));
            assert!(![&groups, &resources, &verbs].iter().any(|all| all.contains(&"*")), "{rule}");
            assert!(!resources.contains(&"secrets"), "{rule}");
            if verbs.contains(&"patch") {
                let each = |group| resources.iter().map(move |what| (group, (*what).to_owned()));
                may.extend(groups.into_iter().flat_map(each));
            }
        }
    }
    let there: BTreeSet<_> = overlay.objects.iter().map(resource).collect();
    assert_eq!(may, there);
}
