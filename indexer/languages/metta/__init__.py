"""MeTTa: grammar, forms, dialects, extraction."""
