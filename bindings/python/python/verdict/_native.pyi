"""What is compiled: see src/."""

from typing import Any, Literal

class ModelError(ValueError):
    """What was given is no model, or cannot be made one."""

class TextError(TypeError):
    """What was given is no text: the place, the value and what to do."""

class Model:
    @staticmethod
    def from_bytes(bytes: bytes) -> Model: ...
    @staticmethod
    def load(uri: str, environment: dict[str, str]) -> Model: ...
    def probabilities(self, list: list[Any], threads: int | None) -> bytearray: ...
    def explain(
        self, item: Any, max_terms: int | None
    ) -> tuple[
        float,
        float,
        Literal["negative", "positive"],
        Literal["negative", "positive", "unsure"],
        float,
        float,
        list[tuple[str, float]],
    ]: ...
    def verify(self) -> None: ...
    def to_bytes(self) -> bytes: ...
    def info(self) -> dict[str, Any]: ...
