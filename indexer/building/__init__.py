"""Building an index: reading, looking up, indexing and storing what changed."""
