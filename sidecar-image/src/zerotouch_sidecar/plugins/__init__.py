"""What an image derived from ours may add, found by entry point: request hooks here, model providers in `models.providers`."""
