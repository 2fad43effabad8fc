"""Rholang: grammar, binding rules, extraction."""
