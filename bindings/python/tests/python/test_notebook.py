"""The notebook, run from its first cell to its last, as Jupyter runs it."""

import nbclient
import nbformat
import pytest

from conftest import REPOSITORY

FOLDER = REPOSITORY / "docs/notebooks"
pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns of itself


def outputs(notebook):
    """All that its cells gave, but for what libraries say on standard error."""
    all_of_them = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output for output in all_of_them if output.get("name") != "stderr"]


def pictures(notebook):
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def test_the_notebook_runs_and_shows_what_it_did_before(tmp_path, monkeypatch):
    # Nothing is left where it runs, or in the settings of who runs it.
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    before = sorted(FOLDER.iterdir())
    kept = nbformat.read(FOLDER / "verdict.ipynb", as_version=4)
    nbformat.validate(kept)
    run = nbformat.from_dict(kept)
    nbclient.NotebookClient(run, timeout=600, kernel_name="python3", resources={"metadata": {"path": FOLDER}}).execute()
    assert sorted(FOLDER.iterdir()) == before
    assert pictures(run) == pictures(kept) == 3
    assert [output.output_type for output in outputs(run)] == [output.output_type for output in outputs(kept)]


def test_the_notebook_stays_small():
    # Pictures of a figure each; a run's times and counters are not kept.
    notebook = FOLDER / "verdict.ipynb"
    assert notebook.stat().st_size < 200_000
    cells = nbformat.read(notebook, as_version=4).cells
    assert {key for cell in cells for key in cell.metadata} == set()
