//! The files below `observability`.

use std::path::PathBuf;

use serde_json::Value;
use verdict_testkit::repository;

/// A query and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) place: String,
    pub(crate) expr: String,
}

/// A recording rule or an alert.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The name of what is recorded, or of the alert.
    pub(crate) name: String,
    pub(crate) is_alert: bool,
    pub(crate) expr: String,
    pub(crate) rule: Value,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    repository().join("observability").join(name)
}

/// The files of a folder with this ending, in the order of their names.
pub(crate) fn with_ending(name: &str, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no .{ending}");
    files
}

pub(crate) fn yaml(path: &PathBuf) -> Value {
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for path in with_ending("prometheus/rules", "yml") {
        for group in yaml(&path)["groups"].as_array().unwrap() {
            for rule in group["rules"].as_array().unwrap() {
                let name = rule["alert"].as_str().or(rule["record"].as_str()).unwrap();
                rules.push(Rule {
                    name: name.to_owned(),
                    is_alert: rule["alert"].is_string(),
                    expr: rule["expr"].as_str().unwrap().to_owned(),
                    rule: rule.clone(),
                });
            }
        }
    }
    rules
}

/// Each dashboard with the name of its file.
pub(crate) fn dashboards() -> Vec<(String, Value)> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let dashboard = serde_json::from_str(&text);
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, dashboard.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    with_ending("grafana/dashboards", "json").iter().map(read).collect()
}

/// The panels of a dashboard that show something: no rows.
pub(crate) fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().unwrap();
    panels.iter().filter(|panel| panel["type"] != "row").collect()
}

/// Every query of every panel and annotation.
pub(crate) fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let title = panel["title"].as_str().unwrap();
            for target in panel["targets"].as_array().unwrap() {
                let place = format!("{name}, panel {title:?}, {}", target["refId"]);
                let expr = target["expr"].as_str().unwrap().to_owned();
                queries.push(Query { place, expr });
            }
        }
        for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
            queries.push(Query {
                place: format!("{name}, annotation {}", annotation["name"]),
                expr: annotation["target"]["expr"].as_str().unwrap().to_owned(),
            });
        }
    }
    queries
}

/// The variables of all dashboards that are made by `label_values(SELECTOR, LABEL)`, as (place,
/// selector, label).
pub(crate) fn variables() -> Vec<(String, String, String)> {
    let mut variables = Vec::new();
    for (name, dashboard) in dashboards() {
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            if variable["type"] != "query" {
                continue;
            }
            let definition = variable["definition"].as_str().unwrap();
            assert_eq!(variable["query"]["query"], definition, "{name}");
            let (selector, label) = definition
                .strip_prefix("label_values(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|inner| inner.rsplit_once(", "))
                .unwrap_or_else(|| panic!("{name}: {definition}"));
            let place = format!("{name}, variable {}", variable["name"]);
            variables.push((place, selector.to_owned(), label.to_owned()));
        }
    }
    variables
}

/// The expression as Grafana sends it with every variable at "All".
pub(crate) fn filled(expr: &str) -> String {
    let mut filled = expr.to_owned();
    for (variable, value) in [
        ("$__rate_interval", "15s"),
        ("$__interval", "5s"),
        ("$__range", "5m"),
        ("$job", ".+"),
        ("$instance", ".+"),
        ("$version", ".+"),
    ] {
        filled = filled.replace(variable, value);
    }
    assert!(!filled.contains('$'), "a variable that nobody fills: {expr}");
    filled
}
