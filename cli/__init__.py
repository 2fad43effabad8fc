"""What a person types and sees: commands, options, renderers."""
