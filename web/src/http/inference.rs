//! The Open Inference Protocol, version 2, as KServe, MLServer and Triton speak it: texts as a
//! tensor of bytes in, labels and probabilities as tensors out.

use std::borrow::Cow;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use verdict_messages::{Review, Verdict};

use super::{
    app::App,
    request::RequestHead,
    response::{Response, json},
};
use crate::{
    problems::{self, HttpProblem},
    publish::Publisher,
};

/// The one model; which version of it answered is an output.
const MODEL: &str = "verdict";
/// Texts of one request that wait for their verdict at once.
const AT_ONCE: usize = 64;

/// A tensor whose content is JSON.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Tensor {
    #[schemars(extend("const" = "text"))]
    name: String,
    #[schemars(with = "Vec<u32>", length(min = 1, max = 2))]
    shape: Vec<f64>,
    #[schemars(extend("const" = "BYTES"))]
    datatype: String,
    #[schemars(with = "Vec<String>")]
    data: Value,
}

/// An inference request.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Infer {
    id: Option<String>,
    #[schemars(length(equal = 1))]
    inputs: Vec<Tensor>,
    #[serde(default)]
    outputs: Vec<Wanted>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Wanted {
    #[schemars(extend("enum" = OUTPUTS.map(|output| output.0)))]
    name: String,
}

/// The outputs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Inferred {
    model_name: &'static str,
    model_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    outputs: Vec<Output>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Output {
    name: &'static str,
    datatype: &'static str,
    shape: Vec<usize>,
    data: Vec<Cell>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Cell {
    Text(String),
    Number(f64),
}

type Column = (&'static str, &'static str, fn(&Verdict<'_>) -> Cell);

const OUTPUTS: [Column; 5] = [
    ("label", "BYTES", |verdict| Cell::Text(verdict.label.to_string())),
    ("probability", "FP64", |verdict| Cell::Number(verdict.probability)),
    ("score", "FP64", |verdict| Cell::Number(verdict.score)),
    ("id", "BYTES", |verdict| Cell::Text(verdict.id.to_string())),
    ("model_version", "BYTES", |verdict| Cell::Text(verdict.model.version.to_string())),
];

/// `GET /v2`.
pub(super) fn server() -> Response {
    let about = json!({
        "name": MODEL, "version": env!("CARGO_PKG_VERSION"), "extensions": [],
    });
    json(StatusCode::OK, &about)
}

/// `GET /v2/models/{name}`.
pub(super) fn model(name: &str) -> Response {
    if let Err(problem) = known(name) {
        return failed(&problem);
    }
    let outputs = OUTPUTS
        .iter()
        .map(|(name, datatype, _)| json!({ "name": name, "datatype": datatype, "shape": [-1] }));
    let about = json!({
        "name": MODEL,
        "platform": "verdict",
        "inputs": [{ "name": "text", "datatype": "BYTES", "shape": [-1] }],
        "outputs": outputs.collect::<Value>(),
    });
    json(StatusCode::OK, &about)
}

impl<P: Publisher> App<P> {
    /// `GET /v2/health/ready` and `GET /v2/models/{name}/ready`.
    pub(super) fn inference_ready(&self, name: Option<&str>) -> Response {
        if let Err(problem) = name.map_or(Ok(()), known) {
            return failed(&problem);
        }
        let is_ready = self.telemetry.health().readiness(std::time::Instant::now()).ok;
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        json(status, &json!({ "name": MODEL, "ready": is_ready }))
    }

    /// `POST /v2/models/{name}/infer`.
    pub(super) async fn infer(
        &self,
        name: &str,
        head: RequestHead,
        body: Result<Bytes, HttpProblem>,
    ) -> Response {
        let answer = async {
            known(name)?;
            let body = self.admit(&head).and(body)?;
            let asked: Infer = serde_json::from_slice(&body)
                .map_err(|error| problems::bad_request(format!("an inference request: {error}")))?;
            self.answer_inference(&head, asked).await
        };
        match answer.await {
            Ok(answer) => json(StatusCode::OK, &answer),
            Err(problem) => failed(&problem),
        }
    }

    async fn answer_inference(
        &self,
        head: &RequestHead,
        asked: Infer,
    ) -> Result<Inferred, HttpProblem> {
        let (texts, shape) = texts(&asked.inputs)?;
        let unknown = |wanted: &&Wanted| OUTPUTS.iter().all(|output| output.0 != wanted.name);
        if let Some(wanted) = asked.outputs.iter().find(unknown) {
            let names = OUTPUTS.map(|output| output.0).join(", ");
            let detail = format!("the outputs are {names}, got {:?}", wanted.name);
            return Err(problems::bad_request(detail));
        }
        let verdicts: Vec<Bytes> = stream::iter(texts.into_iter().enumerate())
            .map(|(at, text)| async move {
                let verdict = match self.check(Review::from_text(text)) {
                    Ok(review) => self.verdict_on(review, head).await,
                    Err(problem) => Err(problem),
                };
                verdict.map_err(|problem| problem.within(&format!("text {at}")))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let verdicts: Vec<_> = verdicts.iter().map(|json| Verdict::decode(json)).collect();
        let verdicts = verdicts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let is_wanted = |name: &str| {
            asked.outputs.is_empty() || asked.outputs.iter().any(|wanted| wanted.name == name)
        };
        let outputs = OUTPUTS.iter().filter(|output| is_wanted(output.0));
        let outputs: Vec<_> = outputs
            .map(|&(name, datatype, value)| Output {
                name,
                datatype,
                shape: shape.clone(),
                data: verdicts.iter().map(value).collect(),
            })
            .collect();
        let version = verdicts.first().map_or("", |verdict| &verdict.model.version);
        Ok(Inferred { model_name: MODEL, model_version: version.to_owned(), id: asked.id, outputs })
    }
}

fn known(name: &str) -> Result<(), HttpProblem> {
    if name == MODEL { Ok(()) } else { Err(problems::unknown_model(MODEL, name)) }
}

/// The texts of the one input, and its shape.
fn texts(inputs: &[Tensor]) -> Result<(Vec<String>, Vec<usize>), HttpProblem> {
    let refuse = |detail: String| Err(problems::bad_request(detail));
    let [input] = inputs else {
        return refuse(format!("there is one input, text; got {}", inputs.len()));
    };
    if input.datatype != "BYTES" {
        return refuse(format!("the datatype of text is BYTES, got {:?}", input.datatype));
    }
    if input.name != "text" {
        return refuse(format!("the input is text, got {:?}", input.name));
    }
    let mut texts = Vec::new();
    let rows = input.data.as_array().map(Vec::as_slice).unwrap_or_default();
    for row in rows {
        let cell = row.as_array().and_then(|cells| cells.first()).unwrap_or(row);
        match cell.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => return refuse(format!("text {} is no string", texts.len())),
        }
    }
    let length = u32::try_from(texts.len()).map_or(f64::INFINITY, f64::from);
    let shape = match input.shape.as_slice() {
        [rows] if rows.total_cmp(&length).is_eq() => vec![texts.len()],
        [rows, 1.0] if rows.total_cmp(&length).is_eq() => vec![texts.len(), 1],
        other => {
            let got = texts.len();
            return refuse(format!(
                "the shape of {got} texts is [{got}] or [{got}, 1], got {other:?}"
            ));
        }
    };
    Ok((texts, shape))
}

/// A problem as this protocol has it.
pub(super) fn failed(problem: &HttpProblem) -> Response {
    let status = StatusCode::from_u16(problem.problem.status);
    let detail = problem
        .problem
        .detail
        .as_deref()
        .map_or(Cow::Borrowed(""), |detail| Cow::Owned(format!(": {detail}")));
    let error = format!("{}{detail}", problem.problem.title);
    json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &json!({ "error": error }))
}
