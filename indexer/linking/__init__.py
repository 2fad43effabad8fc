"""What documents are to each other: imports, the graph they make, names that many share."""
