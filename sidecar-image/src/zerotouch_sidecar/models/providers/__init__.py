"""Model providers: a small interface, and the implementations that come with the sidecar. Others are found by entry point."""
