/*
 * Where MeTTa's tokens end: just enough of the lexical grammar (grammar.js) to
 * find the top-level atoms of a text without parsing it. The two must agree;
 * tests compare them on every example and on made-up texts.
 */
#ifndef METTA_LEXER_H
#define METTA_LEXER_H

#include <stddef.h>
#include <stdint.h>

typedef enum { END_OF_TEXT, OPEN, CLOSE, STRING, UNCLOSED_STRING, VARIABLE, WORD, NUL_BYTE } TokenKind;

typedef struct {
    TokenKind kind;
    size_t start, end; /* bytes; end is exclusive */
} Token;

/* Bytes of the Unicode White_Space character at `p`; 0 where there is none. */
static size_t space_length(const uint8_t *p, const uint8_t *end) {
    if ((p[0] >= '\t' && p[0] <= '\r') || p[0] == ' ') return 1;
    if (p[0] < 0xC2) return 0;
    size_t left = (size_t)(end - p);
    if (p[0] == 0xC2) return left >= 2 && (p[1] == 0x85 || p[1] == 0xA0) ? 2 : 0;
    if (left < 3) return 0;
    if (p[0] == 0xE1) return p[1] == 0x9A && p[2] == 0x80 ? 3 : 0;
    if (p[0] == 0xE2 && p[1] == 0x80)
        return (p[2] >= 0x80 && p[2] <= 0x8A) || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF ? 3 : 0;
    if (p[0] == 0xE2) return p[1] == 0x81 && p[2] == 0x9F ? 3 : 0;
    if (p[0] == 0xE3) return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
    return 0;
}

/* Whether a byte is in a word wherever it stands in one: most are, and need no closer look. */
static int is_plain(uint8_t byte) {
    return byte > ';' ? byte < 0xC2 : byte > ' ' && byte != '(' && byte != ')' && byte != ';';
}

/*
 * The next token at or after `at`; white space and comments are passed over. NUL
 * is in no token and ends all but strings, which it keeps from being one.
 */
static Token next_token(const uint8_t *text, size_t size, size_t at) {
    const uint8_t *end = text + size;
    while (at < size) {
        size_t space = space_length(text + at, end);
        if (space) {
            at += space;
        } else if (text[at] == ';') {
            while (at < size && text[at] != '\n' && text[at]) at++;
        } else {
            break;
        }
    }
    Token token = {END_OF_TEXT, at, at};
    if (at == size) return token;
    uint8_t first = text[at++];
    token.end = at;
    if (first == '(' || first == ')' || !first) {
        token.kind = first == '(' ? OPEN : first ? CLOSE : NUL_BYTE;
        return token;
    }
    if (first == '"') {
        token.kind = UNCLOSED_STRING; /* only the quote itself: what follows is read as words */
        for (size_t i = at; i < size && text[i]; i++) {
            if (text[i] == '"') {
                token.kind = STRING;
                token.end = i + 1;
                break;
            }
            if (text[i] == '\\' && i + 1 < size && text[i + 1]) i++;
        }
        return token;
    }
    token.kind = first == '$' ? VARIABLE : WORD;
    while (at < size && (is_plain(text[at]) || (text[at] && text[at] != '(' && text[at] != ')' &&
                                                !(text[at] == ';' && first != '$') && !space_length(text + at, end))))
        at++;
    token.end = at;
    return token;
}

#endif
