//! What a query names.

use std::collections::BTreeSet;

use promql_parser::label::Matchers;
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

/// The metrics of a query, and the labels that it names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Each metric with the labels by which it is selected.
    pub(crate) metrics: Vec<(String, BTreeSet<String>)>,
    /// Labels by which is grouped or matched.
    pub(crate) grouped: BTreeSet<String>,
}

/// Reads a query as Prometheus does.
#[track_caller]
pub(crate) fn named(expr: &str, place: &str) -> Named {
    let parsed = parser::parse(expr).unwrap_or_else(|error| panic!("{place}: {error}\n{expr}"));
    let mut named = Named::default();
    walk_expr(&mut named, &parsed).unwrap();
    named
}

impl Named {
    fn add(&mut self, selector: &VectorSelector) {
        let Matchers { matchers, or_matchers } = &selector.matchers;
        let labels =
            matchers.iter().chain(or_matchers.iter().flatten()).map(|matcher| matcher.name.clone());
        let name = selector.name.clone().expect("every selector names its metric");
        self.metrics.push((name, labels.filter(|label| label != "__name__").collect()));
    }
}

impl ExprVisitor for Named {
    type Error = String;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, String> {
        match expr {
            Expr::VectorSelector(selector) => self.add(selector),
            Expr::MatrixSelector(selector) => self.add(&selector.vs),
            Expr::Aggregate(aggregate) => {
                let labels =
                    aggregate.modifier.iter().flat_map(|modifier| modifier.labels().labels.clone());
                self.grouped.extend(labels);
            }
            Expr::Binary(binary) => {
                let matching =
                    binary.modifier.iter().filter_map(|modifier| modifier.matching.as_ref());
                self.grouped.extend(matching.flat_map(|labels| labels.labels().labels.clone()));
            }
            _ => {}
        }
        Ok(true)
    }
}
