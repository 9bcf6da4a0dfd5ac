"""AgentExecutor: a queue-scaled service that consumes one NATS JetStream consumer."""
