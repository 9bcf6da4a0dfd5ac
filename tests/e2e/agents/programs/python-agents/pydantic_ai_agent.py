"""Pydantic-AI: one agent with an OpenAI model."""

from pydantic_ai import Agent
from serving import serve

agent = Agent("openai:gpt-5-mini", instructions="Answer in one sentence.")


def answer(question: str) -> str:
    return agent.run_sync(question).output


serve(answer)
