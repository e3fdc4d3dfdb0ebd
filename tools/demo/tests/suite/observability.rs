//! Rules, alerts, dashboards and runbook agree with each other and with the metrics that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use verdict_telemetry::catalogue::{self, Kind};
use verdict_testkit::{installed, repository, run};

use crate::files::{self, Query};
use crate::promql::named;

/// The panels that Grafana has without plugins.
const CORE_PANELS: [&str; 7] =
    ["timeseries", "stat", "heatmap", "state-timeline", "table", "barchart", "text"];
/// The data source that provisioning makes.
const DATASOURCE: &str = "verdict-prometheus";

/// The metrics that Prometheus has of us, with their labels.
fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics = BTreeMap::new();
    for instrument in catalogue::all() {
        let mut labels: BTreeSet<String> =
            instrument.labels.iter().map(|label| label.replace('.', "_")).collect();
        labels.extend(["job".to_owned(), "instance".to_owned()]);
        let name = instrument.prometheus;
        if matches!(instrument.kind, Kind::Histogram(_)) {
            for part in ["_sum", "_count"] {
                metrics.insert(format!("{name}{part}"), labels.clone());
            }
            labels.insert("le".to_owned());
            metrics.insert(format!("{name}_bucket"), labels);
        } else {
            metrics.insert(name.to_owned(), labels);
        }
    }
    let own = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    metrics.insert("up".to_owned(), own(&["job", "instance"]));
    metrics.insert("ALERTS".to_owned(), own(&["alertname", "alertstate", "severity"]));
    metrics
}

fn all_queries() -> Vec<Query> {
    let rules = files::rules().into_iter().map(|rule| Query { place: rule.name, expr: rule.expr });
    let variables = files::variables().into_iter().map(|(place, expr, _)| Query { place, expr });
    let filled = files::queries()
        .into_iter()
        .chain(variables)
        .map(|query| Query { expr: files::filled(&query.expr), ..query });
    rules.chain(filled).collect()
}

#[test]
fn every_metric_and_label_that_is_asked_for_exists() {
    let metrics = metrics();
    let recorded: BTreeMap<String, BTreeSet<String>> = files::rules()
        .iter()
        .filter(|rule| !rule.is_alert)
        .map(|rule| (rule.name.clone(), named(&rule.expr, &rule.name).grouped))
        .collect();
    let mut problems = Vec::new();
    let mut asked = 0;
    for Query { place, expr } in all_queries() {
        let named = named(&expr, &place);
        let mut known = BTreeSet::new();
        for (metric, labels) in &named.metrics {
            asked += 1;
            match metrics.get(metric).or_else(|| recorded.get(metric)) {
                None => problems.push(format!("{place}: there is no metric {metric}")),
                Some(has) => {
                    let missing: Vec<&String> = labels.difference(has).collect();
                    if !missing.is_empty() {
                        problems.push(format!("{place}: {metric} has no label {missing:?}"));
                    }
                    known.extend(has.clone());
                }
            }
        }
        let missing: Vec<&String> = named.grouped.difference(&known).collect();
        if !missing.is_empty() {
            problems.push(format!("{place}: nothing in it has a label {missing:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(asked > 200, "the reader of queries finds {asked} metrics only");
}

/// Values of `alertname` in the tests, with whether the alert is expected to fire.
fn tested() -> BTreeSet<(String, bool)> {
    let mut tested = BTreeSet::new();
    for path in files::with_ending("prometheus/tests", "yml") {
        for case in files::yaml(&path)["tests"].as_array().unwrap() {
            for alert in case["alert_rule_test"].as_array().unwrap() {
                let fires =
                    alert["exp_alerts"].as_array().is_some_and(|expected| !expected.is_empty());
                tested.insert((alert["alertname"].as_str().unwrap().to_owned(), fires));
            }
        }
    }
    tested
}

#[test]
fn every_alert_is_tested_firing_and_silent_and_the_runbook_says_what_to_do() {
    let tested = tested();
    let runbook = std::fs::read_to_string(repository().join("docs/runbook.md")).unwrap();
    let sections: BTreeSet<&str> =
        runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alerts: Vec<_> = files::rules().into_iter().filter(|rule| rule.is_alert).collect();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(names.len(), alerts.len(), "two alerts have one name");
    for alert in &alerts {
        let name = &alert.name;
        for fires in [true, false] {
            assert!(tested.contains(&(name.clone(), fires)), "{name}: no test says fires: {fires}");
        }
        let annotations = &alert.rule["annotations"];
        let page = "https://github.com/verdict-rs/verdict/blob/main/docs/runbook.md";
        assert_eq!(annotations["runbook_url"], format!("{page}#{}", name.to_lowercase()));
        for text in ["summary", "description"] {
            let is_said = annotations[text].as_str().is_some_and(|text| text.len() > 10);
            assert!(is_said, "{name}: {text}");
        }
        let severity = alert.rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: {severity}");
    }
    assert_eq!(sections, names, "the sections of docs/runbook.md are the alerts");
}

#[test]
fn promtool_takes_the_configuration_and_passes_every_test_of_the_rules() {
    if !installed("promtool", "prometheus") {
        return;
    }
    let tests = files::with_ending("prometheus/tests", "yml");
    let config = files::folder("prometheus").join("prometheus.yml");
    for (words, paths) in [(["check", "config"], vec![config]), (["test", "rules"], tests)] {
        let said = run(Command::new("promtool").args(words).args(&paths));
        assert!(said.contains("SUCCESS"), "{words:?}: {said}");
    }
}

#[test]
fn every_panel_says_what_it_shows_in_a_unit_and_lies_beside_the_others() {
    for (name, dashboard) in files::dashboards() {
        assert_eq!(dashboard["uid"], name.as_str());
        assert_eq!(dashboard["schemaVersion"], 41, "{name}");
        assert_eq!(
            dashboard["tags"][0], "verdict",
            "{name}: links between dashboards go by this tag"
        );
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(
                ids.insert(panel["id"].as_u64().unwrap()),
                "{name}: the id of {title} is taken"
            );
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{name}: {title} is wider than the page");
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(cells.insert((x, y)), "{name}: {title} lies on another panel");
                }
            }
        }
        for panel in files::panels(&dashboard) {
            assert_panel(&name, panel);
        }
    }
}

fn assert_panel(name: &str, panel: &Value) {
    let title = panel["title"].as_str().unwrap();
    let kind = panel["type"].as_str().unwrap();
    assert!(CORE_PANELS.contains(&kind), "{name}: {title} is a {kind}");
    assert!(
        panel["description"].as_str().is_some_and(|text| text.len() > 10),
        "{name}: {title} has no description"
    );
    let unit = if kind == "heatmap" {
        &panel["options"]["yAxis"]["unit"]
    } else {
        &panel["fieldConfig"]["defaults"]["unit"]
    };
    assert!(unit.is_string(), "{name}: {title} has no unit");
    for target in panel["targets"].as_array().unwrap() {
        assert_eq!(target["datasource"]["uid"], "${datasource}", "{name}: {title}");
        let is_named = target["legendFormat"].as_str().is_some_and(|legend| !legend.is_empty());
        assert!(is_named || kind == "table", "{name}: {title} has no legend");
    }
}

#[test]
fn the_dashboards_read_the_data_source_that_is_provisioned() {
    let sources = files::yaml(&files::folder("grafana/provisioning/datasources/verdict.yml"));
    let mut sources = sources["datasources"].as_array().unwrap().iter();
    assert!(sources.any(|source| source["uid"] == DATASOURCE), "{sources:?}");
    for (name, dashboard) in files::dashboards() {
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        let chosen = variables.iter().find(|variable| variable["name"] == "datasource").unwrap();
        assert_eq!(chosen["current"]["value"], DATASOURCE, "{name}");
    }
    let provider = files::yaml(&files::folder("grafana/provisioning/dashboards/verdict.yml"));
    assert_eq!(provider["providers"][0]["type"], "file");
}

#[test]
fn targets_and_limits_are_those_of_the_compose_file() {
    let compose = files::yaml(&repository().join("docker-compose.yml"));
    let services = compose["services"].as_object().unwrap();
    let config = files::yaml(&files::folder("prometheus").join("prometheus.yml"));
    for job in config["scrape_configs"].as_array().unwrap() {
        let name = job["dns_sd_configs"][0]["names"][0].as_str().unwrap();
        assert_eq!(job["job_name"], format!("verdict-{name}"));
        assert!(services.contains_key(name), "there is no service {name}");
    }
    let rules = files::rules();
    let alert = rules.iter().find(|rule| rule.name == "VerdictMemoryHigh").unwrap();
    for service in ["consumer", "monitor", "web", "trainer"] {
        let limit = services[service]["mem_limit"].as_str().unwrap();
        let (number, unit) = limit.split_at(limit.len() - 1);
        let mib: u64 = number.parse::<u64>().unwrap() * if unit == "g" { 1024 } else { 1 };
        let of_it = alert.expr.lines().find(|line| line.contains(service)).unwrap();
        assert!(
            of_it.contains(&format!("({mib} * 1024 * 1024)")),
            "{service} has {limit}: {of_it}"
        );
    }
}
