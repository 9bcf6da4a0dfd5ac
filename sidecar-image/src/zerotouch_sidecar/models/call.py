"""One model call as the proxy sees it: its body is read once, for the few fields that matter, and the rest stays bytes."""

import re
from typing import Final, TypeVar

import msgspec

from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.models.amounts import Usage
from zerotouch_sidecar.models.guess import FIRST_TOKENS, MOST_TOKENS
from zerotouch_sidecar.models.refusals import Fault, Refusal
from zerotouch_sidecar.models.surfaces import Events, Operation

BYTES_PER_TOKEN: Final = 4
"""For estimates: about right for English in today's tokenizers."""

BASE64_BYTES_PER_TOKEN: Final = 256
"""The same of pictures and files: about right for a photograph of a megapixel, which has 1,600 tokens and 400 kB."""

_CHARACTER: Final = rb"[A-Za-z0-9+/=_:;,.-]"
BASE64: Final = re.compile(rb'"%b{4096,}"' % _CHARACTER)
"""A string of this length without a space is no text."""

PROBE_BYTES: Final = 2048
PROBE: Final = re.compile(rb"%b{%d}" % (_CHARACTER, PROBE_BYTES))
"""Half of the shortest such string: each has one that begins at a multiple of its length, and in text the first space ends it."""

_encoder: Final = msgspec.json.Encoder()
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text: Final = msgspec.json.Decoder(str)
_truth: Final = msgspec.json.Decoder(bool | None)
_number: Final = msgspec.json.Decoder(int | None)
_options: Final = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
T = TypeVar("T")

_TRUE: Final = msgspec.Raw(b"true")


class UnreadableCallError(Exception):
    """The request's body is not what the operation takes."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.message)


class Call(msgspec.Struct, frozen=True):
    """A model call of an agent. A struct, since a dataclass of so many fields takes several times as long to make."""

    operation: Operation
    model: str
    """What the agent asks for."""

    fields: dict[str, msgspec.Raw]
    """The body, each value as the agent wrote it."""

    headers: Headers
    """What the agent sent, without what must not leave the pod."""

    is_stream: bool
    output_limit: int | None
    """Tokens of each answer at most."""

    answers: int
    """How many the agent asks for at once (`n`)."""

    has_usage_chunk: bool
    """Whether a streamed answer ends with its usage because the agent asked for it."""

    input_tokens: int
    """About how many tokens the request itself has."""

    trace: Headers
    """The agent's place in a trace, for a provider that is told of it."""

    query: str = ""
    """What follows the question mark: Anthropic's older SDKs say `beta=true` there."""

    may_ask_usage: bool = True
    """Whether the provider takes a request that asks for the usage of a stream."""

    def estimate(self, output_guess: int = FIRST_TOKENS) -> Usage:
        """Returns what the call is thought to use, before it is made; the guess is for one that does not bound its answer."""
        if not self.operation.is_charged:
            return Usage()
        output = 0
        if self.operation.output_limits:
            output = min(output_guess if self.output_limit is None else max(0, self.output_limit) * self.answers, MOST_TOKENS)
        return Usage(self.input_estimate(), output)

    def input_estimate(self) -> int:
        """Returns about how many tokens the request itself has."""
        return self.input_tokens if self.operation.is_charged else 0

    def body_for(self, model: str) -> bytes:
        """Returns the body that asks a provider for one of its models, and a streamed answer for its usage."""
        fields = self.fields | {"model": msgspec.Raw(_encoder.encode(model))}
        if self.wants_usage_chunk:
            options = _options.decode(fields.get("stream_options", b"null")) or {}
            fields["stream_options"] = msgspec.Raw(_encoder.encode(options | {"include_usage": _TRUE}))
        return _encoder.encode(fields)

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether the sidecar asks for a usage chunk that the agent did not ask for, and must take out again."""
        return self.is_stream and self.operation.events is Events.CHAT and not self.has_usage_chunk and self.may_ask_usage


def read_call(operation: Operation, headers: Headers, body: bytes, query: str = "", trace: Headers | None = None) -> Call:
    """Reads a request's body.

    Raises:
        UnreadableCallError: With what to tell the agent.
    """
    try:
        fields = _fields.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableCallError(Refusal(Fault.INVALID, f"The body is not a JSON object: {error}")) from None
    model = _read(fields, "model", _text)
    if model is None:
        raise UnreadableCallError(Refusal(Fault.INVALID, "The body has no model: name one of /models", "model"))
    is_stream = operation.events is not None and bool(_read(fields, "stream", _truth))
    if operation.detaches and _read(fields, operation.detaches, _truth):
        message = f"{operation.detaches} is not possible here, where answers cannot be asked for later: leave it out, and stream long ones"
        raise UnreadableCallError(Refusal(Fault.INVALID, message, operation.detaches))
    limits = [_read(fields, name, _number) for name in operation.output_limits]
    limit = next((limit for limit in limits if limit is not None), None)
    options = _read(fields, "stream_options", _options) or {}
    has_usage_chunk = bool(_read(options, "include_usage", _truth))
    return Call(operation, model, fields, headers, is_stream, limit, _answers(fields), has_usage_chunk, _tokens(body), trace or [], query)


def _answers(fields: dict[str, msgspec.Raw]) -> int:
    if "n" not in fields:
        return 1
    try:
        return max(1, _number.decode(fields["n"]) or 1)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 1  # what is wrong with it is the provider's to say


def _tokens(body: bytes) -> int:
    has_base64 = any(PROBE.match(body, at) for at in range(0, len(body), PROBE_BYTES))
    base64 = sum(match.end() - match.start() for match in BASE64.finditer(body)) if has_base64 else 0
    return (len(body) - base64) // BYTES_PER_TOKEN + base64 // BASE64_BYTES_PER_TOKEN + 1


def _read(fields: dict[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[T]) -> T | None:
    if name not in fields:
        return None
    try:
        return decoder.decode(fields[name])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableCallError(Refusal(Fault.INVALID, f"{name}: {error}", name)) from None
