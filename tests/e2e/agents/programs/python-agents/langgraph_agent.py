"""LangGraph: a graph of one node that asks a chat model of langchain-openai."""

from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from serving import serve

model = ChatOpenAI(model="gpt-5-mini")


def think(state: MessagesState) -> dict[str, Any]:
    return {"messages": [model.invoke(state["messages"])]}


graph = StateGraph(MessagesState).add_node("think", think).add_edge(START, "think").add_edge("think", END).compile()


def answer(question: str) -> str:
    return str(graph.invoke({"messages": [("user", question)]})["messages"][-1].content)


serve(answer)
