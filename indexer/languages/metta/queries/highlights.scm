; Later patterns override earlier ones.

["(" ")"] @punctuation.bracket
(comment) @comment
(string) @string
(number) @number
(variable) @variable

; The head of a list: a function, a constructor or a relation.
(expression . (symbol) @function)

((symbol) @constant.builtin
  (#any-of? @constant.builtin "True" "False" "Empty" "NotReducible" "Error"))

; Spaces and other tokens that are bound to a value.
((symbol) @variable.builtin
  (#match? @variable.builtin "^&."))

(expression
  .
  (symbol) @operator
  (#any-of? @operator
    "=" ":" ":<" "->" "|->" "+" "-" "*" "/" "%" "<" ">" "<=" ">=" "==" "=alpha" "and" "or" "not" "xor" ","))

(expression
  .
  (symbol) @keyword
  (#any-of? @keyword
    "if" "if-equal" "if-error" "let" "let*" "case" "switch" "chain" "match" "unify" "quote" "unquote" "eval"
    "evalc" "function" "return" "collapse" "superpose" "sealed" "exec"))

(expression
  .
  (symbol) @keyword.import
  (#any-of? @keyword.import "import!" "include" "register-module!" "git-module!" "bind!" "pragma!"))

; Documentation: (@doc …), (@desc …), (@param …)
(expression
  .
  (symbol) @attribute
  (#match? @attribute "^@[a-z]"))

; What a declaration declares, and its types.
(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @function
    .
    (expression . (symbol) @_arrow))
  (#eq? @_form ":")
  (#eq? @_arrow "->"))

(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @constant
    .
    (symbol) @type)
  (#eq? @_form ":")
  (#not-eq? @type "Type"))

(source_file
  (expression
    .
    (symbol) @_form
    .
    (symbol) @type
    .
    (symbol) @_type)
  (#eq? @_form ":")
  (#eq? @_type "Type"))

((expression
  .
  (symbol) @_arrow
  (symbol) @type)
  (#eq? @_arrow "->"))

((symbol) @type.builtin
  (#any-of? @type.builtin
    "Type" "%Undefined%" "Atom" "Symbol" "Variable" "Expression" "Grounded" "Number" "Bool" "String"))

(evaluation "!" @keyword)
