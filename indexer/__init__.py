"""What is true of source text: languages, syntax trees, symbol tables, the plan."""
