/**
 * tree-sitter-rholang: Rholang as its reference interpreters read it, made
 * tolerant of errors.
 *
 * The trees are stored without the names of fields and without punctuation, so
 * everything that a reader needs is a named node: a linear, a persistent and a
 * peeking receive differ in kind, and so do the operators that mean different
 * things to an indexer. What is wrong only lexically (an escape that does not
 * exist, a reserved word as a name) is one token here; the indexer reports it.
 *
 * A par is one flat node, however long: generated programs join thousands of
 * processes, and a tree as deep as that helps nobody.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// From the loosest to the tightest. `@` and `*` take what binds at least as
// tightly as themselves: `@a /\ b` quotes the conjunction, `@a ++ b` does not parse. Calls
// of methods belong to what is quoted, all the same.
const PREC = {
  open_if: -2,
  statement: -1,
  or: 1,
  and: 2,
  equality: 3,
  order: 4,
  sum: 5,
  product: 6,
  unary: 7,
  method: 8,
  quote: 9,
  reference: 10,
  disjunction: 11,
  conjunction: 12,
  negation: 13,
};

const list_of = item => optional(seq(item, repeat(seq(",", item)), optional(",")));

module.exports = grammar({
  name: "rholang",

  word: $ => $.variable,

  extras: $ => [/[\s\u00A0\uFEFF]+/, $.line_comment, $.block_comment],

  rules: {
    source_file: $ => repeat($._process),

    _process: $ => choice($.par, $._single),

    par: $ => prec.left(PREC.statement, seq($._single, repeat1(seq("|", $._single)))),

    _single: $ => choice($._statement, $._expression),

    _statement: $ =>
      choice(
        $.new,
        $.contract,
        $.for,
        $.select,
        $.match,
        $.let,
        $.concurrent_let,
        $.if,
        $.bundle,
        $.agent,
        $.send,
        $.persistent_send,
        $.sync_send,
        $.method_send,
      ),

    // ---- names and their declarations

    _name: $ => choice($._variable, $.wildcard, $.quote),

    // Words that mean something only to agents are variables everywhere else.
    _variable: $ =>
      choice(
        $.variable,
        alias(choice("agent", "constructor", "method", "default", "private"), $.variable),
      ),

    quote: $ => prec(PREC.quote, seq("@", $._quoted)),

    _quoted: $ => choice($._tight, alias($._quoted_call, $.method_call)),

    // `@x.get("a")!(1)` sends to what the call gives: a name has no methods.
    _quoted_call: $ => prec.left(PREC.reference, seq($._quoted, ".", $.method_name, $.arguments)),

    new: $ => prec.right(PREC.statement, seq("new", list_of($.declaration), "in", $._single)),

    declaration: $ => seq($._variable, optional(seq("(", $.uri, ")"))),

    // ---- what receives

    contract: $ => seq("contract", $._name, $.parameters, "=", $._body),

    parameters: $ => seq("(", optional($._patterns), ")"),

    _patterns: $ =>
      choice(
        seq($._name, repeat(seq(",", $._name)), optional(choice(",", seq(optional(","), $.name_remainder)))),
        $.name_remainder,
      ),

    name_remainder: $ => seq("...", choice(seq("@", choice($._variable, $.wildcard)), $._variable)),

    for: $ => seq("for", "(", $.receipt, repeat(seq(";", $.receipt)), ")", $._body),

    receipt: $ => seq($._bind, repeat(seq("&", $._bind)), optional($.guard)),

    _bind: $ => choice($.linear_bind, $.persistent_bind, $.peek_bind),

    linear_bind: $ => seq(optional($.patterns), "<-", choice($._name, $.receive_send, $.send_receive, $.method_receive)),
    persistent_bind: $ => seq(optional($.patterns), "<=", $._name),
    peek_bind: $ => seq(optional($.patterns), "<<-", $._name),

    patterns: $ => $._patterns,

    receive_send: $ => seq($._name, "?!"),
    send_receive: $ => seq($._name, "!?", $.arguments),
    method_receive: $ => seq($._name, "!", $.method_name, $.arguments),

    guard: $ => seq("where", $._expression),

    _body: $ => choice($.block, alias($.empty_block, $.block)),

    select: $ => seq("select", "{", repeat($.branch), "}"),

    branch: $ => seq($.receipt, "=>", $._single),

    // ---- what sends

    send: $ => seq($._name, "!", $.arguments),
    persistent_send: $ => seq($._name, "!!", $.arguments),
    sync_send: $ => seq($._name, "!?", $.arguments, $._continuation),
    method_send: $ => seq($._name, "!", $.method_name, $.arguments, $._continuation),

    _continuation: $ => choice(".", prec.right(PREC.statement, seq(";", $._single))),

    arguments: $ => seq("(", list_of($._process), ")"),

    // ---- control

    match: $ => seq("match", $._single, "{", repeat($.case), "}"),

    case: $ => seq($._single, optional($.guard), "=>", $._single),

    let: $ =>
      prec.right(PREC.statement, seq("let", $._let, repeat(seq(";", $._let)), "in", $._single)),

    concurrent_let: $ =>
      prec.right(PREC.statement, seq("let", $._let, repeat1(seq("&", $._let)), "in", $._single)),

    _let: $ => choice($.let_binding, $.let_value),

    let_binding: $ => seq($.patterns, "<-", $.values),

    // `let x = e` names the value: it is `let @x <- e`.
    let_value: $ => seq(choice($._variable, $.wildcard), "=", $._single),

    values: $ => prec.left(seq($._single, repeat(seq(",", $._single)))),

    if: $ =>
      choice(
        prec.right(PREC.open_if, seq("if", "(", $._process, ")", $._single)),
        prec.right(PREC.statement, seq("if", "(", $._process, ")", $._single, "else", $._single)),
      ),

    bundle: $ => seq(choice("bundle", "bundle+", "bundle-", "bundle0"), $._body),

    // ---- agents

    // `agent A {`, where a process `agent` could end and a process `A` begin.
    agent: $ => prec(1, seq("agent", $._variable, "{", $._member, repeat(seq("|", $._member)), "}")),

    _member: $ => choice($.constructor, $.method, $.private_method, $.default),

    constructor: $ => seq("constructor", $.parameters, $._body),
    method: $ => seq("method", $.method_name, $.parameters, $._body),
    private_method: $ => seq("private", "method", $.method_name, $.parameters, $._body),
    default: $ => seq(optional("private"), "default", $.parameters, $._body),

    // ---- expressions

    _expression: $ =>
      choice(
        $.logic,
        $.not,
        $.matches,
        $.comparison,
        $.concat,
        $.difference,
        $.interpolation,
        $.arithmetic,
        $.negative,
        $.method_call,
        $._tight,
      ),

    logic: $ =>
      choice(
        prec.left(PREC.or, seq($._expression, choice("or", "||"), $._expression)),
        prec.left(PREC.and, seq($._expression, choice("and", "&&"), $._expression)),
      ),

    not: $ => prec(PREC.unary, seq("not", $._expression)),

    matches: $ => prec.left(PREC.equality, seq($._expression, "matches", $._expression)),

    comparison: $ =>
      choice(
        prec.left(PREC.equality, seq($._expression, choice("==", "!="), $._expression)),
        prec.left(PREC.order, seq($._expression, choice("<", "<=", ">", ">="), $._expression)),
      ),

    concat: $ => prec.left(PREC.sum, seq($._expression, "++", $._expression)),

    difference: $ => prec.left(PREC.sum, seq($._expression, "--", $._expression)),

    interpolation: $ => prec.left(PREC.product, seq($._expression, "%%", $._expression)),

    arithmetic: $ =>
      choice(
        prec.left(PREC.sum, seq($._expression, choice("+", "-"), $._expression)),
        prec.left(PREC.product, seq($._expression, choice("*", "/", "%"), $._expression)),
      ),

    negative: $ => prec(PREC.unary, seq("-", $._expression)),

    method_call: $ => prec.left(PREC.method, seq($._expression, ".", $.method_name, $.arguments)),

    // Any word can name a method, reserved ones too.
    method_name: $ => $._variable,

    // ---- what `@` can stand before without braces

    _tight: $ =>
      choice(
        $.eval,
        $.variable_reference,
        $.disjunction,
        $.conjunction,
        $.negation,
        $._variable,
        $.wildcard,
        $.block,
        $.parenthesized,
        $._collection,
        $._ground,
        $.simple_type,
      ),

    eval: $ => prec(PREC.quote, seq("*", $._name)),

    // `=x` matches the value that x has, `=*x` the name.
    variable_reference: $ => prec(PREC.reference, seq("=", optional("*"), $._variable)),

    disjunction: $ => prec.left(PREC.disjunction, seq($._tight, "\\/", $._tight)),
    conjunction: $ => prec.left(PREC.conjunction, seq($._tight, "/\\", $._tight)),
    negation: $ => prec(PREC.negation, seq("~", $._tight)),

    block: $ => seq("{", $._process, "}"),
    empty_block: _ => seq("{", "}"),

    parenthesized: $ => seq("(", $._process, ")"),

    // ---- collections

    _collection: $ => choice($.list, $.tuple, $.set, $.map, $.path_map, $.unit),

    list: $ => seq("[", optional($._items), "]"),
    set: $ => seq("Set", "(", optional($._items), ")"),
    path_map: $ => seq("{|", optional($._items), "|}"),
    tuple: $ => seq("(", $._process, ",", optional(seq($._process, repeat(seq(",", $._process)), optional(","))), ")"),
    unit: _ => seq("(", ")"),
    map: $ =>
      seq(
        "{",
        optional(
          choice(
            $.remainder,
            seq($.pair, repeat(seq(",", $.pair)), optional(choice(",", seq(optional(","), $.remainder)))),
          ),
        ),
        "}",
      ),

    pair: $ => seq($._process, ":", $._process),

    _items: $ =>
      choice(
        $.remainder,
        seq($._process, repeat(seq(",", $._process)), optional(choice(",", seq(optional(","), $.remainder)))),
      ),

    remainder: $ => seq("...", choice($._variable, $.wildcard)),

    // ---- ground values

    _ground: $ => choice($.nil, $.boolean, $.number, alias($.negative_number, $.negative), $.string, $.uri),

    // A negative number is a literal: `@-1`, `~-1`.
    negative_number: $ => prec(PREC.negation + 1, seq("-", $.number)),

    nil: _ => "Nil",
    boolean: _ => choice("true", "false"),
    simple_type: _ => choice("Bool", "Int", "BigInt", "String", "Uri", "ByteArray"),

    number: _ =>
      token(
        choice(
          /[0-9]+([iu][0-9]+|n|r)?/,
          /([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?f[0-9]+/,
          /([0-9]+\.?[0-9]*|\.[0-9]+)p[0-9]+/,
          /BigInt\([0-9]+\)/,
        ),
      ),

    string: _ => /"([^"\\]|\\[^\x00])*"/,

    uri: _ => /`[^`\n]*`/,

    wildcard: _ => "_",

    variable: _ => /[A-Za-z][A-Za-z0-9_']*|_[A-Za-z0-9_']+/,

    line_comment: _ => /\/\/[^\n]*/,
    block_comment: _ => /\/\*[^*]*\*+([^/*][^*]*\*+)*\//,
  },
});
