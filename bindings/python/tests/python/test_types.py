"""The types that the package promises (py.typed), as mypy reads them."""

import pathlib
import subprocess
import sys

import verdict

PACKAGE = pathlib.Path(verdict.__file__).parent


def assert_passes(*command, cwd):
    where = {"MYPYPATH": str(PACKAGE.parent), "PYTHONPATH": str(PACKAGE.parent)}
    run = subprocess.run([sys.executable, "-m", *command], cwd=cwd, env=where, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_package_keeps_its_types(tmp_path):
    # Those of other packages are not looked for: that takes ten times as long.
    others = ["--no-site-packages", "--ignore-missing-imports", "--allow-subclassing-any", "--no-warn-return-any"]
    assert_passes("mypy", "--strict", *others, str(PACKAGE), cwd=tmp_path)


def test_what_is_compiled_has_the_types_of_its_stub(tmp_path):
    # A stub without __all__ says that all of it is to be had, which is so.
    (tmp_path / "allowed").write_text(r"verdict\._native\.__all__")
    assert_passes("mypy.stubtest", "--ignore-disjoint-bases", "--allowlist=allowed", "verdict._native", cwd=tmp_path)
