"""AgentType: any container as an agent, with a sidecar in front of it that calls models for it."""
