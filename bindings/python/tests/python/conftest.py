import os
import pathlib

import pytest

import verdict

REPOSITORY = pathlib.Path(os.environ["VERDICT_REPOSITORY"])
TEXTS = [
    "What a wonderful film, I loved every minute of it.",
    "The worst plot I have seen in years. Do not watch it!",
    "",
    "Not bad at all, but not great either; the second half drags.",
    "Amélie is a café-crème of a film: naïve, über-sweet. 美しい映画 🎬 \0",
]


@pytest.fixture(scope="session")
def model():
    return verdict.load(REPOSITORY / "models/default")


@pytest.fixture(scope="session")
def texts():
    return list(TEXTS)
