"""The sidecar beside calling a model directly, and beside LiteLLM's proxy."""
