"""How an index is written out for other programs."""
