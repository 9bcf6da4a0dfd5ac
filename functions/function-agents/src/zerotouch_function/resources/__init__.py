"""Builders: one Kubernetes kind, or one part of a pod, per module."""
