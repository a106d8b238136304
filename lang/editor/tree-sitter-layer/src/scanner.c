// A line end ends a statement where the grammar allows it. It does not before `else`, which
// belongs to the statement before it: that takes more than one token of lookahead.

#include "tree_sitter/parser.h"

enum { NEWLINE };

void *tree_sitter_layer_external_scanner_create(void) { return NULL; }
void tree_sitter_layer_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_layer_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload, (void)buffer;
  return 0;
}
void tree_sitter_layer_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload, (void)buffer, (void)length;
}

static bool is_word(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool tree_sitter_layer_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (!valid[NEWLINE]) return false;
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' || lexer->lookahead == '\r') lexer->advance(lexer, true);
  if (lexer->lookahead != '\n') return false;
  lexer->advance(lexer, false);
  lexer->mark_end(lexer);
  lexer->result_symbol = NEWLINE;
  for (;;) {
    int32_t c = lexer->lookahead;
    if (c == '#') {
      while (lexer->lookahead != '\n' && !lexer->eof(lexer)) lexer->advance(lexer, false);
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      lexer->advance(lexer, false);
    } else {
      break;
    }
  }
  for (const char *s = "else"; *s; s++) {
    if (lexer->lookahead != *s) return true;
    lexer->advance(lexer, false);
  }
  return is_word(lexer->lookahead);
}
