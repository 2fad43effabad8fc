; Queries cannot say that the source of a `for` and the name of a contract belong to
; what is around: the extractor does.

[
  (source_file)
  (new)
  (contract)
  (for)
  (branch)
  (case)
  (let)
  (concurrent_let)
  (agent)
  (constructor)
  (method)
  (private_method)
  (default)
] @local.scope

(variable) @local.reference

(declaration . (variable) @local.definition)

; Names, and the processes that quotes in patterns bind.
(parameters (variable) @local.definition)
(parameters (quote (variable) @local.definition))
(patterns (variable) @local.definition)
(patterns (quote (variable) @local.definition))
(name_remainder (variable) @local.definition)
(remainder (variable) @local.definition)
(let_value . (variable) @local.definition)
(case . (variable) @local.definition)
(case . (list (variable) @local.definition))
(case . (tuple (variable) @local.definition))
(case . (map (pair (variable) @local.definition)))
(case . (conjunction (variable) @local.definition))
