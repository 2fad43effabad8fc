"""What a person types and sees: commands, options, renderers."""

#: A literal, so that `--version` reads no metadata; a test compares it with pyproject.toml.
VERSION = "0.1.0"
