"""A queue worker on the zerotouch platform: takes texts from NATS, measures them, keeps the results in Dragonfly."""
