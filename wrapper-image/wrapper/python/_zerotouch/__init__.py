"""The wrapper: carries the inbound request's id and trace context to calls of the sidecar, and reports once that it is there.

Every file is compiled anew in each process, so each holds only what its moment needs: `following` and the servers' files the import of a
server, `report` that of `socket`, `context` and `outbound` the first request.
"""
