"""What is done with one message. Replace it by what your service does: nothing else here depends on it."""

import json
from dataclasses import asdict, dataclass


class RequestError(Exception):
    """The message can never succeed, however often it comes."""


@dataclass(frozen=True, slots=True)
class Request:
    """One text to measure.

    Attributes:
        id: Names the result. The same id again gives the same result again.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What is said about a text."""

    words: int
    characters: int
    longest_word: str

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def parse(body: bytes) -> Request:
    """The request in a message.

    Raises:
        RequestError: The body is not `{"id": "...", "text": "..."}`.
    """
    try:
        data = json.loads(body)
    except ValueError as error:
        raise RequestError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise RequestError("not an object")
    for field in ("id", "text"):
        if not isinstance(data.get(field), str):
            raise RequestError(f"{field}: has to be text")
    if not data["id"]:
        raise RequestError("id: is empty")
    return Request(id=data["id"], text=data["text"])


def execute(request: Request) -> Result:
    """Does the work. Pure, so that a message that comes twice does no harm."""
    words = request.text.split()
    return Result(words=len(words), characters=len(request.text), longest_word=max(words, key=len, default=""))
