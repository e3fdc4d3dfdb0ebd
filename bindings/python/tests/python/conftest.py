import os
import pathlib
import sys

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


@pytest.fixture(scope="session")
def spark():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    # As Spark is over before the JVM's better compiler has paid for itself.
    builder = builder.config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    # Loopback alone, and as few tasks as the data are worth.
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    session = builder.config("spark.sql.shuffle.partitions", 4).config("spark.driver.memory", "1g").getOrCreate()
    yield session
    session.stop()
