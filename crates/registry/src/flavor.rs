//! What makes a stored file a model of MLflow's: the files beside it by which `mlflow.pyfunc` loads
//! it with the Python package `verdict` (its module `verdict.mlflow`), and `mlflow models serve`
//! serves it.

use crate::{MODEL_FILE, NewVersion};
use serde_json::json;

/// The names of those files.
pub(crate) const FILES: [&str; 5] = [
    "MLmodel",
    "requirements.txt",
    "python_env.yaml",
    "input_example.json",
    "serving_input_example.json",
];
const EXAMPLE: &str = "A wonderful film, from the first scene to the last.";

/// The files to store beside a model, by name.
pub(crate) fn files(new: &NewVersion<'_>) -> [(&'static str, String); 5] {
    let table = json!({ "columns": ["text"], "data": [[EXAMPLE]] });
    let [model, requirements, environment, input, serving] = FILES;
    [
        (model, description(new)),
        (requirements, concat!("verdict==", env!("CARGO_PKG_VERSION"), "\n").to_owned()),
        (environment, "python: '3.10'\ndependencies:\n- -r requirements.txt\n".to_owned()),
        (input, table.to_string()),
        (serving, json!({ "dataframe_split": table }).to_string()),
    ]
}

/// The file `MLmodel`: JSON, which is YAML.
fn description(new: &NewVersion<'_>) -> String {
    let column = |kind: &str, name: &str| json!({ "type": kind, "name": name, "required": true });
    let outputs = json!([column("string", "label"), column("double", "probability")]);
    let described = json!({
        "flavors": {
            "python_function": {
                "data": MODEL_FILE,
                "env": { "virtualenv": "python_env.yaml" },
                "loader_module": "verdict.mlflow",
            },
        },
        "model_size_bytes": new.artifact.len(),
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
        },
        "signature": {
            "inputs": json!([column("string", "text")]).to_string(),
            "outputs": outputs.to_string(),
            "params": null,
        },
        "utc_time_created": new.created_at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string(),
    });
    format!("{described:#}\n")
}
