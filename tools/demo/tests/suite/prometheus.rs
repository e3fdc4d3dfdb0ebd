//! Prometheus' HTTP interface.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use verdict_testkit::get;

/// A running Prometheus.
#[derive(Debug)]
pub(crate) struct Prometheus(String);

impl Prometheus {
    pub(crate) fn at(port: u16) -> Self {
        Self(format!("http://127.0.0.1:{port}/api/v1"))
    }

    /// `data` of the answer, or what Prometheus says is wrong.
    pub(crate) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query: Vec<String> = parameters
            .iter()
            .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
            .collect();
        let mut body = get(&format!("{}/{path}?{}", self.0, query.join("&")))?.json();
        if body["status"] == "success" {
            Ok(body["data"].take())
        } else {
            Err(body["error"].to_string())
        }
    }

    /// How many series the query has over the last `seconds`, counting only those that are a number
    /// somewhere.
    pub(crate) fn series(&self, expr: &str, seconds: f64) -> Result<usize, String> {
        let now = self.get("query", &[("query", "time()")])?["result"][0].as_f64();
        let now = now.ok_or("no time")?;
        let (start, end) = ((now - seconds).to_string(), now.to_string());
        let range = [("query", expr), ("start", &start), ("end", &end), ("step", "1")];
        let data = self.get("query_range", &range)?;
        let series = data["result"].as_array().ok_or("no list of series")?;
        let is_number = |value: &Value| value[1] != "NaN";
        let has_number = |series: &&Value| {
            series["values"].as_array().is_some_and(|all| all.iter().any(is_number))
        };
        Ok(series.iter().filter(has_number).count())
    }

    /// The one number that a query gives now.
    pub(crate) fn value(&self, expr: &str) -> Result<f64, String> {
        let data = self.get("query", &[("query", expr)])?;
        let text =
            data["result"][0]["value"][1].as_str().ok_or_else(|| format!("{expr}: no data"))?;
        text.parse().map_err(|_| format!("{expr}: {text}"))
    }
}
