"""All that is kept on disk: the store, entries and their encoding, the built index."""
