"""What one text says: its syntax tree, its symbol table, its lines, the regions in it."""
