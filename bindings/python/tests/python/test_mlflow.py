"""What the registries write, as MLflow's own programs use it: from a real MLflow server, and from a directory."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import mlflow
import pandas as pd
import pytest

import verdict
import verdict.mlflow

URI = "models:/sentiment@production"
pytestmark = pytest.mark.filterwarnings("default")  # what MLflow warns of itself


@pytest.fixture(scope="module")
def loaded():
    return mlflow.pyfunc.load_model(URI)


def test_mlflow_loads_and_asks_it(loaded, model, texts):
    answer = loaded.predict(pd.DataFrame({"text": texts}))
    assert list(answer.columns) == ["label", "probability"]
    assert answer["probability"].tolist() == model.predict_proba(texts)[:, 1].tolist()
    assert answer["label"].tolist() == model.predict(texts).tolist()


def test_it_says_what_it_takes_gives_and_needs(loaded):
    assert loaded.metadata.signature.inputs.input_names() == ["text"]
    assert loaded.metadata.signature.outputs.input_names() == ["label", "probability"]
    example = loaded.input_example
    assert list(example.columns) == ["text"]
    assert loaded.predict(example)["label"].tolist() == ["positive"]
    needed = mlflow.pyfunc.get_model_dependencies(URI)
    with open(needed, encoding="utf-8") as file:
        assert file.read().startswith("verdict==")


def test_a_table_without_the_column_is_refused(loaded):
    with pytest.raises(mlflow.exceptions.MlflowException, match="text"):
        loaded.predict(pd.DataFrame({"review": ["A film"]}))


def test_mlflow_predicts_from_its_command_line(tmp_path):
    asked, answer = tmp_path / "asked.csv", tmp_path / "answer.json"
    asked.write_text("text\nA dull and boring film.\n", encoding="utf-8")
    command = ["models", "predict", "-m", URI, "-i", asked, "-o", answer, "-t", "csv", "--env-manager", "local"]
    subprocess.run([sys.executable, "-m", "mlflow", *map(str, command)], check=True, env=os.environ, capture_output=True)
    assert '"negative"' in answer.read_text(encoding="utf-8")


def test_a_version_in_a_directory_is_a_model_of_mlflows(loaded, texts):
    folder = os.path.join(os.environ["VERDICT_REGISTRY"], "sentiment", "versions", "1")
    of_directory = mlflow.pyfunc.load_model(folder)
    table = pd.DataFrame({"text": texts})
    pd.testing.assert_frame_equal(of_directory.predict(table), loaded.predict(table))
    assert of_directory.metadata.signature == loaded.metadata.signature
    pd.testing.assert_frame_equal(of_directory.input_example, loaded.input_example)


def test_the_package_loads_the_same_bytes_from_it(model):
    assert verdict.load(URI).sha256 == verdict.load("models:/sentiment/1").sha256 == model.sha256


def test_what_python_logs_services_take(model, texts):
    with mlflow.start_run():
        info = verdict.mlflow.log_model(model, registered_model_name="from-python")
    version = mlflow.MlflowClient().get_model_version("from-python", info.registered_model_version)
    assert version.tags["verdict.sha256"] == model.sha256
    # By the registry that the services use.
    assert verdict.load("models:/from-python/1").sha256 == model.sha256
    answer = mlflow.pyfunc.load_model("models:/from-python/1").predict(pd.DataFrame({"text": texts}))
    assert answer["probability"].tolist() == model.predict_proba(texts)[:, 1].tolist()


@pytest.fixture(scope="module")
def invocations(tmp_path_factory):
    """The address of `mlflow models serve`, which is ready. It ends with this process, even if that is killed."""
    log = tmp_path_factory.mktemp("serve") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [sys.executable, "-m", "mlflow", "models", "serve", "-m", URI, "--env-manager", "local", "-p", str(port)]
    # It starts `uvicorn` by name.
    env = dict(os.environ, PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    ends_with_us = ["sh", "-c", '"$@" & cat >/dev/null; kill -9 0', "sh"]
    with open(log, "wb") as file:
        server = subprocess.Popen(
            [*ends_with_us, *serve], env=env, stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True
        )
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=10).close()
            break
        except OSError as error:
            assert time.monotonic() < deadline, f"{error}: {log.read_text(errors='replace')}"
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/invocations"
    server.stdin.close()
    server.wait()


def ask(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_mlflow_serves_it(invocations, model, texts):
    answer = ask(invocations, {"dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}})
    labels, probabilities = model.predict(texts), model.predict_proba(texts)[:, 1]
    expected = [{"label": str(label), "probability": p} for label, p in zip(labels, probabilities)]
    assert answer == {"predictions": expected}
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(invocations, {"dataframe_split": {"columns": ["review"], "data": [["A film"]]}})
    assert refused.value.code == 400
    assert "text" in refused.value.read().decode()


def test_mlflow_evaluates_it(loaded, model):
    texts = ["A warm and witty film.", "Dull, clumsy and boring.", "Superb!", "What a waste of two hours."]
    labels = ["positive", "negative", "positive", "positive"]  # of the last one somebody else thinks otherwise
    assert model.predict(texts).tolist() == ["positive", "negative", "positive", "negative"]
    # Its evaluation of classifiers takes one column.
    result = mlflow.models.evaluate(
        lambda table: loaded.predict(table)["label"],
        pd.DataFrame({"text": texts, "label": labels}),
        targets="label",
        model_type="classifier",
        evaluator_config={"pos_label": "positive", "log_model_explainability": False},
    )
    counted = {name: result.metrics[name] for name in ("accuracy_score", "recall_score", "precision_score")}
    assert counted == {"accuracy_score": 0.75, "recall_score": pytest.approx(2 / 3), "precision_score": 1.0}
