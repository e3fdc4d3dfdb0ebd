"""What the registry wrote into a real MLflow, as its own client uses it."""

import os
import subprocess
import sys

import mlflow
import pandas as pd
import pytest

URI = "models:/sentiment@production"
pytestmark = pytest.mark.filterwarnings("default") # what MLflow warns of itself


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
