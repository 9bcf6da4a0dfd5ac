"""Spans of what passes through the sidecar, for an OpenTelemetry collector. Off unless configured."""
