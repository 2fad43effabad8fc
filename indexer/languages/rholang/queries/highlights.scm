; Later patterns override earlier ones.

["(" ")" "[" "]" "{" "}" "{|" "|}"] @punctuation.bracket
["," ";" "." ":" "..."] @punctuation.delimiter
[
  "|" "!" "!!" "!?" "?!" "<-" "<=" "<<-" "=" "=>" "&" "@" "*"
  "+" "-" "/" "%" "%%" "++" "--" "==" "!=" "<" ">" ">=" "&&" "||" "\\/" "/\\" "~"
] @operator

[(line_comment) (block_comment)] @comment
((line_comment) @comment.documentation (#match? @comment.documentation "^///([^/]|$)"))
((block_comment) @comment.documentation (#match? @comment.documentation "^/[*][*][^*/]"))

(string) @string
(uri) @string.special
(number) @number
[(boolean) (nil) (unit)] @constant.builtin
(simple_type) @type.builtin
(wildcard) @variable.builtin
(variable) @variable
(method_name) @function.method

; What is sent to, as a function is called.
(send . (variable) @function.call)
(persistent_send . (variable) @function.call)
(sync_send . (variable) @function.call)
(method_send . (variable) @function.call)
(send_receive . (variable) @function.call)
(method_receive . (variable) @function.call)

(contract . (variable) @function)
(contract . (quote (string) @function))
(agent . (variable) @type)
(declaration (variable) @variable.parameter)
(parameters (variable) @variable.parameter)
(parameters (quote (variable) @variable.parameter))
(name_remainder (variable) @variable.parameter)

[
  "new" "in" "contract" "let" "bundle" "bundle+" "bundle-" "bundle0"
  "agent" "constructor" "method" "default" "private"
] @keyword
(agent "agent" @keyword)
(constructor "constructor" @keyword)
["for" "select"] @keyword.repeat
["if" "else" "match" "where"] @keyword.conditional
["or" "and" "not" "matches"] @keyword.operator
"Set" @type.builtin
