"""One folder for each language the indexer knows."""
