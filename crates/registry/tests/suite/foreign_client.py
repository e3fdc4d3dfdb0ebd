"""MLflow's own client reads what Verdict registered: arguments are the server's URL and the model's name."""

import hashlib
import json
import pathlib
import sys
import tempfile

import mlflow

url, name = sys.argv[1:]
mlflow.set_tracking_uri(url)
client = mlflow.MlflowClient()
version = client.get_model_version_by_alias(name, "production")
run = client.get_run(version.run_id)
with tempfile.TemporaryDirectory() as folder:
    uri = f"models:/{name}@production"
    got = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
    model = (pathlib.Path(got) / "model.verdict").read_bytes()
    decision = client.download_artifacts(version.run_id, "decision.json", folder)
    decision = pathlib.Path(decision).read_text()
print(
    json.dumps(
        {
            "version": version.version,
            "sha256": hashlib.sha256(model).hexdigest(),
            "version_decision": version.tags["decision"],
            "run_decision": run.data.tags["decision"],
            "file": decision,
            "metrics": run.data.metrics,
            "params": run.data.params,
            "status": run.info.status,
        }
    )
)
