; Documented by the comments right before.

(par
  [(line_comment) (block_comment)]+ @doc
  .
  (contract . [(variable) (quote (string))] @name) @definition.function
  (#strip! @doc "^(///?|/[*][*]?)[ \t]*")
  (#select-adjacent! @doc @definition.function))

; The comments before the first of several processes stand before all of them.
(_
  [(line_comment) (block_comment)]+ @doc
  .
  [
    (par . (contract . [(variable) (quote (string))] @name) @definition.function)
    (contract . [(variable) (quote (string))] @name) @definition.function
  ]
  (#strip! @doc "^(///?|/[*][*]?)[ \t]*")
  (#select-adjacent! @doc @definition.function))

; contract f(x) = { … }: one of the overloads of f.
(contract . [(variable) (quote (string))] @name) @definition.function

(agent . (variable) @name) @definition.class
(method (method_name) @name) @definition.method
(private_method (method_name) @name) @definition.method

; new f in { … }
(declaration . (variable) @name) @definition.variable

; f!(1), f!!(1), f!?(1), f!get(1)
(send . [(variable) (quote (string))] @name) @reference.call
(persistent_send . [(variable) (quote (string))] @name) @reference.call
(sync_send . [(variable) (quote (string))] @name) @reference.call
(method_send . [(variable) (quote (string))] @name) @reference.call
(send_receive . [(variable) (quote (string))] @name) @reference.call
(method_receive . [(variable) (quote (string))] @name) @reference.call
