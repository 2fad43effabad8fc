; A variable belongs to the whole top-level atom it stands in: within one atom the
; same name is the same variable, and nothing shadows it.

(source_file [(expression) (evaluation)] @local.scope)

(variable) @local.reference

; Variables that a rule takes: (= (f $x (Pair $y $z)) body)
(expression
  .
  (symbol) @_form
  .
  (expression
    [
      (variable) @local.definition
      (expression (variable) @local.definition)
    ])
  (#eq? @_form "="))

; (let $x value body), (let ($x $y) value body)
(expression
  .
  (symbol) @_form
  .
  [
    (variable) @local.definition
    (expression (variable) @local.definition)
  ]
  (#eq? @_form "let"))

; (let* (($x value) …) body)
(expression
  .
  (symbol) @_form
  .
  (expression
    (expression
      .
      [
        (variable) @local.definition
        (expression (variable) @local.definition)
      ]))
  (#eq? @_form "let*"))

; (chain value $x body), (map-atom list $x body), (filter-atom list $x body)
(expression
  .
  (symbol) @_form
  .
  (_)
  .
  (variable) @local.definition
  (#any-of? @_form "chain" "map-atom" "filter-atom"))

; (foldl-atom list start $accumulated $x body)
(expression
  .
  (symbol) @_form
  .
  (_)
  .
  (_)
  .
  (variable) @local.definition
  .
  (variable) @local.definition
  (#eq? @_form "foldl-atom"))

; (match space pattern body)
(expression
  .
  (symbol) @_form
  .
  (_)
  .
  (expression
    [
      (variable) @local.definition
      (expression (variable) @local.definition)
    ])
  (#eq? @_form "match"))
