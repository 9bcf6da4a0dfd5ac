"""The model proxy: official SDKs reach any provider by their base URL alone.

routes -> proxy -> admission (limits, budget) -> chain (aliases, targets, breakers, retries) -> provider
                <- answer  (bytes copied, usage read on the way) <-
"""
