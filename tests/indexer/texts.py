"""Made-up MeTTa texts for property tests."""

from hypothesis import strategies as st

_TOKENS = [
    "(", ")", "(", ")", " ", "\n", "\n", "!", "! ", "; c\n", ";c\r", "=", ":", ":<", "@doc", "->", "let", "let*",
    "case", "match", "&self", "&kb", "bind!", "import!", "add-atom", "|->", "quote", "superpose", "True",
    "$x", "$y", "$", "$x;c", "$x#1", "f", "g", "λ", "größe", "a:b", "../a.metta", "1", "-2.5", "1e9", "1x", '"s"',
    '"a b"', '"\\n"', '"\\q"', '"', "\\", "\u3000", "\u200b", "\ufeff", "\x1c", "\0", "[", "]", "'", ",", "#",
    "(= (f $x) (g $x))", "\n(= (f) 1)", "\n!(f 1)", "(: f (-> A B))", '(@doc f (@desc "d"))', "(edge a b)\n",
    "!(import! &self m)", "(exec 0 (, a) (, b))", "!(bind! &s (new-space))", "(let* (($a 1) ($b $a)) $b)",
    "(case $x ((1 a) ($_ b)))", "!(add-atom &self (= (d $x) $x))",
]  # fmt: skip

#: Token soup: balanced or not, with every odd character the lexical grammar speaks of.
texts = st.lists(st.sampled_from(_TOKENS), max_size=40).map("".join)

#: The same as bytes, sometimes with bytes that are not UTF-8.
sources = st.one_of(
    texts.map(str.encode),
    st.tuples(texts, st.binary(max_size=4), texts).map(lambda parts: parts[0].encode() + parts[1] + parts[2].encode()),
)
