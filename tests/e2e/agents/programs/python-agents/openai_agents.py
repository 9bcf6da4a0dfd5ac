"""OpenAI's Agents SDK: one agent, over the Responses API."""

import asyncio

from agents import Agent, Runner, set_tracing_disabled
from serving import serve

set_tracing_disabled(True)
agent = Agent(name="researcher", instructions="Answer in one sentence.", model="gpt-5-mini")


def answer(question: str) -> str:
    return str(asyncio.run(Runner.run(agent, question)).final_output)


serve(answer)
