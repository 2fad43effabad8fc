/*
 * Where MeTTa's tokens end: just enough of the lexical grammar (grammar.js) to
 * find the top-level atoms of a text without parsing it. The two must agree;
 * tests compare them on every example and on made-up texts.
 */
#ifndef METTA_LEXER_H
#define METTA_LEXER_H

#include <stddef.h>
#include <stdint.h>

typedef enum { END_OF_TEXT, OPEN, CLOSE, STRING, UNCLOSED_STRING, VARIABLE, WORD } TokenKind;

typedef struct {
    TokenKind kind;
    size_t start, end; /* bytes; end is exclusive */
    int damaged;       /* holds NUL or bytes that are not UTF-8: the parser will stumble */
} Token;

/* Bytes of the character at `p`; 0 where they are not UTF-8. */
static size_t utf8_length(const uint8_t *p, const uint8_t *end) {
    if (p[0] < 0x80) return 1;
    size_t left = (size_t)(end - p);
    if (p[0] >= 0xC2 && p[0] <= 0xDF) return left >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if ((p[0] & 0xF0) == 0xE0) {
        if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80) return 0;
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
        return 3;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80) return 0;
        if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

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

/* The next token at or after `at`; white space and comments are passed over. */
static Token next_token(const uint8_t *text, size_t size, size_t at) {
    const uint8_t *end = text + size;
    Token token = {END_OF_TEXT, size, size, 0};
    while (at < size) {
        size_t space = space_length(text + at, end);
        if (space) {
            at += space;
        } else if (text[at] == ';') {
            while (at < size && text[at] != '\n') {
                size_t length = text[at] ? utf8_length(text + at, end) : 0;
                token.damaged |= !length;
                at += length ? length : 1;
            }
        } else {
            break;
        }
    }
    token.start = token.end = at;
    if (at == size) return token;
    uint8_t first = text[at++];
    if (first == '(' || first == ')') {
        token.kind = first == '(' ? OPEN : CLOSE;
        token.end = at;
        return token;
    }
    if (first == '"') {
        for (size_t i = at; i < size;) {
            size_t length = text[i] ? utf8_length(text + i, end) : 0;
            token.damaged |= !length;
            if (text[i] == '"') {
                token.kind = STRING;
                token.end = i + 1;
                return token;
            }
            if (text[i] == '\\' && i + 1 < size) {
                length = text[++i] ? utf8_length(text + i, end) : 0;
                token.damaged |= !length;
            }
            i += length ? length : 1;
        }
        token.kind = UNCLOSED_STRING; /* only the quote itself: what follows is read as words */
        token.end = at;
        return token;
    }
    token.kind = first == '$' ? VARIABLE : WORD;
    at--;
    while (at < size && text[at] != '(' && text[at] != ')' && !(text[at] == ';' && first != '$') &&
           !space_length(text + at, end)) {
        size_t length = text[at] ? utf8_length(text + at, end) : 0;
        token.damaged |= !length;
        at += length ? length : 1;
    }
    token.end = at;
    return token;
}

#endif
