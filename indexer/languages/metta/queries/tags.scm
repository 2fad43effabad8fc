; Where two patterns name the same word, the earlier one counts: documented
; definitions stand before bare ones, and these before references. Only top-level
; forms define: (match &self (= (f) $b) …) does not.

; Documented by the (@doc name …) right before.

(source_file
  (expression . (symbol) @_documentation . (symbol) @_documented) @doc
  .
  (expression
    .
    (symbol) @_form
    .
    [
      (expression . (symbol) @name)
      (expression . (expression . (symbol) @name))
    ]) @definition.function
  (#eq? @_form "=")
  (#eq? @_documentation "@doc")
  (#eq? @_documented @name))

(source_file
  (expression . (symbol) @_documentation . (symbol) @_documented) @doc
  .
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (expression . (symbol) @_arrow)) @definition.function
  (#eq? @_form ":")
  (#eq? @_arrow "->")
  (#eq? @_documentation "@doc")
  (#eq? @_documented @name))

(source_file
  (expression . (symbol) @_documentation . (symbol) @_documented) @doc
  .
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (symbol) @_type) @definition.type
  (#eq? @_form ":")
  (#eq? @_type "Type")
  (#eq? @_documentation "@doc")
  (#eq? @_documented @name))

; Documented by the comments right before.

(source_file
  (comment)+ @doc
  .
  (expression
    .
    (symbol) @_form
    .
    [
      (expression . (symbol) @name)
      (expression . (expression . (symbol) @name))
    ]) @definition.function
  (#eq? @_form "=")
  (#strip! @doc "^;+[ \t]*")
  (#select-adjacent! @doc @definition.function))

(source_file
  (comment)+ @doc
  .
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (expression . (symbol) @_arrow)) @definition.function
  (#eq? @_form ":")
  (#eq? @_arrow "->")
  (#strip! @doc "^;+[ \t]*")
  (#select-adjacent! @doc @definition.function))

(source_file
  (comment)+ @doc
  .
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (symbol) @_type) @definition.type
  (#eq? @_form ":")
  (#eq? @_type "Type")
  (#strip! @doc "^;+[ \t]*")
  (#select-adjacent! @doc @definition.type))

; (= (f $x) body), and (= ((f $x) $y) body): one clause of a function.
(source_file
  (expression
    .
    (symbol) @_form
    .
    [
      (expression . (symbol) @name)
      (expression . (expression . (symbol) @name))
    ]) @definition.function
  (#eq? @_form "="))

; (= name value)
(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name) @definition.constant
  (#eq? @_form "="))

; (: f (-> A B)): a function or a constructor.
(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (expression . (symbol) @_arrow)) @definition.function
  (#eq? @_form ":")
  (#eq? @_arrow "->"))

; (: T Type)
(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (symbol) @_type) @definition.type
  (#eq? @_form ":")
  (#eq? @_type "Type"))

; (: c T)
(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @name
    .
    (symbol) @_type) @definition.constant
  (#eq? @_form ":")
  (#not-eq? @_type "Type"))

; The types that a signature names.
((expression
  .
  (symbol) @_arrow
  (symbol) @name @reference.type)
  (#eq? @_arrow "->"))

; A list with a word at its head may be a call or data; the syntax does not say which.
((expression . (symbol) @name) @reference.call
  (#not-match? @name "^([=:,!]|:<|->|@.*)$"))
