"""Parameters of training by their names alone, as params.yaml has them in sections."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

# The value of a parameter that is its preset's.
PRESET = "preset"

# Where each parameter stands in params.yaml.
SECTIONS = {
    "data_preprocessing": "html urls digits case punctuation stop_words lemmatizer wordnet".split(),
    "feature_engineering": (
        "tokens negation max_features ngram_range min_df max_df sublinear_tf binary use_idf norm windows"
    ).split(),
    "model_building": "weighting smoothing C penalty solver max_iter window_weight tol".split(),
    "calibration": "method folds".split(),
    "decision": "target_error".split(),
}


def as_yaml(preset: str, values: Mapping[str, Any]) -> str:
    """What is set, as JSON, which is YAML. Raises ValueError for a name that is no parameter's."""
    known = {name: section for section, names in SECTIONS.items() for name in names}
    params: dict[str, Any] = {"preset": preset} | {section: {} for section in SECTIONS}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{name!r} is no parameter of training; the parameters are {sorted(known)}")
        if not (isinstance(value, str) and value == PRESET):
            params[known[name]][name] = value
    return json.dumps(params, default=_plain)


def _plain(value: Any) -> Any:
    """A number of NumPy as Python's, a path as text."""
    return value.item() if hasattr(value, "item") else os.fspath(value)
