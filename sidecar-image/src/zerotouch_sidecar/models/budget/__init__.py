"""Budgets: what an agent may spend in a period, held across its pods and their restarts.

One record for each agent lies in a store. A pod takes a slice of what is left (a lease), spends from it without asking
anybody, and gives back what it does not need. What a pod has taken counts as spent until it gives it back, so a pod that
vanishes can waste a slice but never hide what it spent.
"""
