"""`zerotouch run`: an AgentType's pod as processes of this machine, with what the function computes for the cluster.

workload        the claim's composed pod, read back: the sidecar's configuration, the agent's container
code            the agent's code: its ConfigMap's files, or the folder that stands for them
configuration   sidecar.json with this machine's paths and ports; provider keys into files
places          what lies elsewhere here than in the pod
variables       the environment of the agent's process
agent           its command
signals         what ends it from outside
watch           what ends everything if the run is killed
session         starts everything in order, waits, stops everything
"""
