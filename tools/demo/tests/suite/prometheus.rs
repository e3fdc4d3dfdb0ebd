//! Prometheus' HTTP interface.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

/// A running Prometheus.
#[derive(Debug)]
pub(crate) struct Prometheus {
    base: String,
    agent: Agent,
}

impl Prometheus {
    pub(crate) fn at(port: u16) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false);
        Self { base: format!("http://127.0.0.1:{port}/api/v1"), agent: config.build().into() }
    }

    /// `data` of the answer, or what Prometheus says is wrong.
    pub(crate) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let request = self.agent.get(format!("{}/{path}", self.base));
        let request =
            parameters.iter().fold(request, |request, (key, value)| request.query(key, value));
        let mut answer = request.call().map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let mut body: Value =
            serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        if body["status"] == "success" {
            Ok(body["data"].take())
        } else {
            Err(body["error"].to_string())
        }
    }

    /// How many series the query has over the last `seconds`, counting those only that are a number somewhere.
    pub(crate) fn series(&self, expr: &str, seconds: f64) -> Result<usize, String> {
        let now = self.now()?;
        let (start, end) = ((now - seconds).to_string(), now.to_string());
        let data = self.get(
            "query_range",
            &[("query", expr), ("start", &start), ("end", &end), ("step", "1")],
        )?;
        let series = data["result"].as_array().ok_or("no list of series")?;
        Ok(series.iter().filter(|series| has_number(series)).count())
    }

    /// The one number that a query gives now.
    pub(crate) fn value(&self, expr: &str) -> Result<f64, String> {
        let data = self.get("query", &[("query", expr)])?;
        let text =
            data["result"][0]["value"][1].as_str().ok_or_else(|| format!("{expr}: no data"))?;
        text.parse().map_err(|_| format!("{expr}: {text}"))
    }

    /// Prometheus' own clock.
    fn now(&self) -> Result<f64, String> {
        self.get("query", &[("query", "time()")])?["result"][0]
            .as_f64()
            .ok_or_else(|| "no time".to_owned())
    }
}

fn has_number(series: &Value) -> bool {
    let values = series["values"].as_array();
    values.is_some_and(|values| values.iter().any(|value| value[1] != "NaN"))
}
