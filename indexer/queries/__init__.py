"""What can be asked of a built index."""
