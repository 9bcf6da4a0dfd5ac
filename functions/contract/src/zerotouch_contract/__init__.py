"""Names that the platform's images and the agents they run share. Standard library only."""
