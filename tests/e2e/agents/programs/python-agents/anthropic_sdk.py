"""Anthropic's SDK: messages, streamed."""

from anthropic import Anthropic
from serving import serve

client = Anthropic()


def answer(question: str) -> str:
    with client.messages.stream(model="claude-sonnet-4-5", max_tokens=256, messages=[{"role": "user", "content": question}]) as stream:
        return "".join(stream.text_stream)


serve(answer)
