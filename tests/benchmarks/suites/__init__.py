"""One module a suite: data, and one function that measures it and gives rows."""
