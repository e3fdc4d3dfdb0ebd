//! The Open Inference Protocol.

use serde_json::{Map, Value, json};

use super::{JSON, all, answer, body, parameter, reference};

/// Every path of it.
pub(super) fn paths() -> Map<String, Value> {
    let object = || json!({ "type": "object" });
    let read = |id: &str, summary: &str, parameters: Value, responses: Value| {
        json!({ "get": {
            "operationId": id, "tags": ["inference"], "summary": summary,
            "parameters": parameters, "responses": responses,
        }})
    };
    let name = || {
        let schema = json!({ "type": "string", "minLength": 1 });
        json!([parameter("path", "name", "The model; there is one, `verdict`.", schema)])
    };
    let error = |status, meaning: &str| {
        answer(status, meaning, JSON, reference("InferenceError"), json!({ "error": meaning }))
    };
    let absent = || error(404, "There is no such model.");
    let ready = |is_ready: bool| json!({ "name": "verdict", "ready": is_ready });
    let readiness = || {
        [
            answer(200, "It does.", JSON, object(), ready(true)),
            answer(503, "It does not.", JSON, object(), ready(false)),
        ]
    };
    let tensor = |name: &str| json!({ "name": name, "datatype": "BYTES", "shape": [-1] });
    let errors = [
        (400, "The request cannot be read."),
        (403, "A browser says that another site sends this."),
        (404, "There is no such model."),
        (408, "The body did not come in time."),
        (406, "The client does not accept JSON."),
        (413, "The body is too large."),
        (415, "The body is compressed in a way that is not taken, or not in UTF-8."),
        (422, "A text is no review."),
        (429, "One address sends too often."),
        (500, "A defect of ours."),
        (503, "Kafka cannot be reached."),
        (504, "No verdict came in time."),
    ];
    let infer = json!({ "post": {
        "operationId": "infer",
        "tags": ["inference"],
        "summary": "Texts as a tensor in, labels and probabilities as tensors out",
        "parameters": name(),
        "requestBody": body(&[(JSON, reference("Infer"), json!({ "inputs": [{ "name": "text", "shape": [2], "datatype": "BYTES", "data": ["A wonderful film.", "Dull."] }] }))]),
        "responses": all(errors.map(|(status, meaning)| error(status, meaning)).into_iter().chain([
            answer(200, "The outputs.", JSON, reference("Inferred"), json!({
                "model_name": "verdict", "model_version": "1",
                "outputs": [{ "name": "label", "datatype": "BYTES", "shape": [2], "data": ["positive", "negative"] }],
            })),
        ])),
    }});
    let server =
        json!({ "name": "verdict", "version": env!("CARGO_PKG_VERSION"), "extensions": [] });
    let model = json!({ "name": "verdict", "platform": "verdict", "inputs": [tensor("text")], "outputs": [tensor("label")] });
    Map::from_iter([
        (
            "/v2".to_owned(),
            read(
                "inferenceServer",
                "What the server is",
                json!([]),
                all([answer(200, "Name and version.", JSON, object(), server)]),
            ),
        ),
        (
            "/v2/health/live".to_owned(),
            read(
                "inferenceLive",
                "Whether the server runs",
                json!([]),
                all([answer(200, "It does.", JSON, object(), json!({ "live": true }))]),
            ),
        ),
        (
            "/v2/health/ready".to_owned(),
            read("inferenceReady", "Whether the server answers", json!([]), all(readiness())),
        ),
        (
            "/v2/models/{name}".to_owned(),
            read(
                "inferenceModel",
                "What the model takes and gives",
                name(),
                all([answer(200, "Inputs and outputs.", JSON, object(), model), absent()]),
            ),
        ),
        (
            "/v2/models/{name}/ready".to_owned(),
            read(
                "inferenceModelReady",
                "Whether the model answers",
                name(),
                all(readiness().into_iter().chain([absent()])),
            ),
        ),
        ("/v2/models/{name}/infer".to_owned(), infer),
    ])
}
