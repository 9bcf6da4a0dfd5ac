"""What a platform engineer does to a living cluster, and what goes wrong on a bad day; see README.md beside this."""
