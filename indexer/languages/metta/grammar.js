/**
 * tree-sitter-metta: the lexical grammar of MeTTa's reference parser
 * (hyperon-experimental, lib/src/metta/text.rs), made tolerant of errors.
 *
 * Five tokens and a top-level `!` are all the syntax there is. What the
 * reference rejects only lexically (an escape it does not know, `#` in a
 * variable) is one token here, because other dialects accept it: the indexer
 * reports such tokens and the dialect says how grave they are.
 *
 * NUL is in no token and so always an error. (Tree-sitter cannot match it
 * everywhere, and a word that may hold it only past its first character would
 * be a trap.)
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// Unicode White_Space, as Rust's char::is_whitespace has it. Python's
// str.isspace() also takes U+001C to U+001F, which are word characters here.
const WS = "\\t\\n\\v\\f\\r \\u0085\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000";

module.exports = grammar({
  name: "metta",

  extras: $ => [new RegExp(`[${WS}]+`), $.comment],

  rules: {
    source_file: $ => repeat($._item),

    _item: $ => choice($.evaluation, $._atom),

    // `!` is the word `!`, not a prefix operator: it makes the next top-level
    // atom be evaluated, however far away that is. Inside a list it is a symbol.
    evaluation: $ => prec.right(seq("!", optional($._item))),

    _atom: $ => choice($.expression, $.symbol, $.number, $.variable, $.string),

    expression: $ => seq("(", repeat($._atom), ")"),

    // `;` and `"` do not end a variable, `$` alone is one; `#` is kept, see above.
    variable: _ => new RegExp(`\\$[^${WS}()\\x00]*`),

    string: _ => /"([^"\\\x00]|\\[^\x00])*"/,

    // A word that the reference tokenizer reads as a number. `.5`, `5.`, `1_000`
    // and `1x` are symbols: the longer match wins, and this rule where both match
    // alike, because it stands first. (A precedence would cut `1x` in two.)
    number: _ => /[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/,

    symbol: _ => new RegExp(`[^${WS}();$"\\x00][^${WS}();\\x00]*`),

    // Only "\n" ends a comment; "\r" does not.
    comment: _ => /;[^\n\x00]*/,
  },
});
