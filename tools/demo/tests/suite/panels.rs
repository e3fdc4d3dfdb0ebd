//! Every query of every rule and dashboard, asked of a real Prometheus that collects the real
//! services while they work on a real Kafka.

use std::time::Instant;

use verdict_kafka_io::Outgoing;
use verdict_messages::topic::{MODELS, REVIEWS};
use verdict_testkit::{alone, eventually_ok};

use crate::files::{self, Query};
use crate::prometheus::Prometheus;
use crate::system::System;

#[test]
fn every_query_of_every_rule_panel_annotation_and_variable_has_data() {
    let _alone = alone();
    let Some(system) = System::start() else { return };
    let started = Instant::now();
    let prometheus = Prometheus::at(system.prometheus);
    let visitors_leave = system.visitors();
    let producer = system.publish();
    let broken = || Outgoing::to(REVIEWS).key("broken").value(b"\xff\xfe no text");
    system.demo.publish((0..20).map(|_| broken()));
    let at_least = |what: &str, expr: &str, least: f64| {
        eventually_ok(what, || {
            let value = prometheus.value(expr)?;
            if value >= least { Ok(()) } else { Err(format!("{expr} is {value}")) }
        });
    };
    at_least("the shadow sees reviews", "sum(verdict_shadow_reviews_total)", 50.0);
    system.swap();
    let taken = r#"sum(verdict_model_swaps_total{outcome="taken"})"#;
    at_least("both consumers took the model", taken, 2.0);
    at_least("labels met verdicts of both versions", "count(verdict_live_labelled > 20)", 2.0);
    at_least("the trainer rebuilt a model", "sum(verdict_trainer_rebuilds_total)", 1.0);
    at_least("an audit has ended", "max(verdict_audit_reviews)", 1.0);
    // No consumer takes this for a model, and an alert says so.
    system.demo.publish([Outgoing::to(MODELS).key("sentiment").value("no pointer")]);
    let fires = r#"sum(ALERTS{alertname="VerdictModelRefused",alertstate="firing"})"#;
    at_least("the alert fires", fires, 1.0);
    every_target_is_up(&prometheus, started);

    let queries = all_queries();
    eventually_ok("every query has data", || {
        let seconds = started.elapsed().as_secs_f64();
        let mut without: Vec<String> = Vec::new();
        for Query { place, expr } in &queries {
            match prometheus.series(expr, seconds.ceil()) {
                Ok(0) => without.push(format!("{place}: no data\n    {expr}")),
                Ok(_) => {}
                Err(error) => panic!("{place}: {error}\n    {expr}"),
            }
        }
        for (place, selector, label) in files::variables() {
            let path = format!("label/{label}/values");
            let values = prometheus.get(&path, &[("match[]", &files::filled(&selector))]).unwrap();
            if values.as_array().is_none_or(Vec::is_empty) {
                without.push(format!("{place}: no values"));
            }
        }
        let n = without.len();
        if n == 0 {
            Ok(())
        } else {
            Err(format!("{n} of {}:\n{}", queries.len(), without.join("\n")))
        }
    });
    every_rule_is_well(&prometheus);
    let lost = r#"max(verdict_audit_findings{finding!="duplicated"})"#;
    assert!(prometheus.value(lost).unwrap() < 1.0);

    drop(producer);
    visitors_leave();
    assert_eq!(system.demo.interrupt(), Some(0));
    eprintln!("{} queries have data after {:?}", queries.len(), started.elapsed());
}

/// Recording rules by what they record, alerts by what they ask less the comparison, panels and
/// annotations.
fn all_queries() -> Vec<Query> {
    let recorded = files::rules()
        .into_iter()
        .filter(|rule| !rule.is_alert)
        .map(|rule| Query { place: format!("recording rule {}", rule.name), expr: rule.name });
    let asked = files::queries()
        .into_iter()
        .map(|query| Query { expr: files::filled(&query.expr), ..query });
    recorded.chain(asked).collect()
}

fn every_target_is_up(prometheus: &Prometheus, started: Instant) {
    eventually_ok("every target is up", || {
        let data = prometheus.get("targets", &[("state", "active")])?;
        let targets = data["activeTargets"].as_array().ok_or("no targets")?;
        let down: Vec<String> = targets
            .iter()
            .filter(|target| target["health"] != "up")
            .map(|target| format!("{}: {}", target["scrapeUrl"], target["lastError"]))
            .collect();
        // Two consumers, web, producer, trainer and monitor.
        if targets.len() == 6 && down.is_empty() {
            Ok(())
        } else {
            let (n, took) = (targets.len(), started.elapsed());
            Err(format!("{n} targets after {took:?}; {}", down.join(", ")))
        }
    });
}

fn every_rule_is_well(prometheus: &Prometheus) {
    let data = prometheus.get("rules", &[]).unwrap();
    let groups = data["groups"].as_array().unwrap().iter();
    let rules: Vec<_> = groups.flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert_eq!(rules.len(), files::rules().len());
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
    }
}
