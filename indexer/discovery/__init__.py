"""Which files of a folder belong to a workspace."""
