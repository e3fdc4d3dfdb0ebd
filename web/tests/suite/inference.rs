//! The Open Inference Protocol, version 2.

use serde_json::{Value, json};

use crate::support::{Behaviour, JSON, Response, Web};

const PATH: &str = "/v2/models/verdict/infer";

async fn infer(web: &Web, request: &Value) -> Response {
    web.request("POST", PATH, &[JSON], request.to_string().as_bytes()).await
}

fn input(shape: &Value, data: &Value) -> Value {
    json!({ "inputs": [{ "name": "text", "shape": shape, "datatype": "BYTES", "data": data }] })
}

#[tokio::test]
async fn a_tensor_of_texts_becomes_tensors_of_labels_and_probabilities() {
    let web = Web::start(Behaviour::Score, &[]).await;
    let mut request = input(&json!([2, 1]), &json!([["a good film"], ["dull"]]));
    request["id"] = json!("q1");
    let answer = infer(&web, &request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let head = [&answer["model_name"], &answer["model_version"], &answer["id"]];
    assert_eq!(head, ["verdict", "1", "q1"]);
    let outputs = answer["outputs"].as_array().unwrap();
    let data = |name| outputs.iter().find(|output| output["name"] == name).unwrap();
    assert_eq!(data("label")["data"], json!(["positive", "negative"]));
    assert_eq!(data("probability")["data"], json!([0.875, 0.125]));
    assert_eq!(data("probability")["shape"], json!([2, 1]));
    request["outputs"] = json!([{ "name": "score" }]);
    let answer = infer(&web, &request).await.json();
    assert_eq!(
        answer["outputs"],
        json!([
            { "name": "score", "datatype": "FP64", "shape": [2, 1], "data": [2.0, -2.0] }
        ])
    );
}

#[tokio::test]
async fn what_is_no_tensor_of_texts_is_an_error_that_says_why() {
    let web = Web::start(Behaviour::Score, &["--max-text-chars=8"]).await;
    let other = |name: &str, value: Value| {
        let mut request = input(&json!([1]), &json!(["x"]));
        request["inputs"][0][name] = value;
        request
    };
    for (request, status, why) in [
        (json!({}), 400, "missing field `inputs`"),
        (json!({ "inputs": [] }), 400, "there is one input, text; got 0"),
        (other("name", json!("review")), 400, "got \"review\""),
        (other("datatype", json!("FP32")), 400, "got \"FP32\""),
        (other("shape", json!([2])), 400, "the shape of 1 texts is [1] or [1, 1], got [2.0]"),
        (other("shape", json!([1, 2])), 400, "got [1.0, 2.0]"),
        (other("data", json!([7])), 400, "text 0 is no string"),
        (input(&json!([2]), &json!(["x", "too long a text"])), 422, "text 1: text must have at"),
        (input(&json!([1]), &json!([" "])), 422, "text 0: text must not be blank"),
    ] {
        let answer = infer(&web, &request).await;
        assert_eq!(answer.status, status, "{request} {answer:?}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(why), "{error}");
    }
    let other = web.request("POST", "/v2/models/other/infer", &[JSON], b"{}").await;
    assert_eq!(other.status, 404);
    other.has(&["the model is verdict, got \\\"other\\\""]);
}

#[tokio::test]
async fn clients_find_out_what_there_is() {
    let web = Web::start(Behaviour::Score, &[]).await;
    assert_eq!(web.get("/v2").await.json()["name"], "verdict");
    assert_eq!(web.get("/v2/health/live").await.json(), json!({ "live": true }));
    let model = web.get("/v2/models/verdict").await.json();
    assert_eq!(model["inputs"], json!([{ "name": "text", "datatype": "BYTES", "shape": [-1] }]));
    assert_eq!(model["outputs"][0]["name"], "label");
    let ready = web.telemetry.health().check("kafka");
    for (is_ready, status) in [(false, 503), (true, 200)] {
        if is_ready {
            ready.pass()
        } else {
            ready.fail("not yet")
        }
        for path in ["/v2/health/ready", "/v2/models/verdict/ready"] {
            let answer = web.get(path).await;
            assert_eq!(answer.status, status, "{path} {answer:?}");
            assert_eq!(answer.json()["ready"], is_ready);
        }
    }
    assert_eq!(web.get("/v2/models/verdict/versions/7/x").await.status, 404);
    assert_eq!(web.get(PATH).await.status, 405);
}
