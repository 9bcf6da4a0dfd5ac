"""The process that serves the function: command line, gRPC, certificates, metrics and logs."""
