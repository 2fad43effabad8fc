"""Languages that carry MeTTa inside them: a file for each, with a function `find`."""
