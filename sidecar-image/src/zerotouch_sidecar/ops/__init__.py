"""What the kubelet, Prometheus and people ask the sidecar about itself."""
