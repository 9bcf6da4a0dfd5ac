"""OpenAI's SDK: chat completions, streamed."""

from openai import OpenAI
from serving import serve

client = OpenAI()


def answer(question: str) -> str:
    stream = client.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": question}], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


serve(answer)
