"""The way in: a streaming reverse proxy to the agent."""
