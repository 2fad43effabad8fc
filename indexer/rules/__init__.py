"""The rules of the check, one small module each, and what they are written against.

A module named `miNNN_…` holds one rule as RULE: what there is to say of it, an example
that fires and one that does not, and the function that finds. `registry` lists them;
`code` is what a rule sees of a document, `linked` what it may ask of the workspace.
"""
