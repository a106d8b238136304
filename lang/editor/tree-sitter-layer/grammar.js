// The grammar of .layer files for tree-sitter. It accepts every file that layc accepts, and
// some that layc does not: options may be repeated, and a name may be a reserved word.
//
// clauses.json is made from layc's table of clauses (lang/syntax/forms.go). The rules here are
// the productions of spec.md. `make tree-sitter` makes src/parser.c of both.

const clauses = require('./clauses.json');

const list = (rule, separator = ',') => seq(rule, repeat(seq(separator, rule)));

// operands returns what follows the word of a clause, an option or an item.
const operands = {
  'nothing': () => [],
  'value': $ => [$._expression],
  'values': $ => [list($._expression)],
  'shell text': $ => [choice($.shell_string, $.shell_block)],
  'name': $ => [$.identifier],
  'key = value': $ => [assignment($, '=')],
  'key += value': $ => [assignment($, choice('=', '+='))],
};

const assignment = ($, operator) =>
  seq(field('key', $._key), operator, field('value', $._expression));

const word = ($, text) => field('word', alias(text, $.word));

const option = ($, form) => form.items
  ? seq(word($, form.word), list($.item))
  : seq(word($, form.word), ...operands[form.takes]($));

// block returns statements between braces, each on a line of its own.
const block = ($, statement) =>
  seq('{', optional($._newline), optional(seq(list(statement, $._newline), optional($._newline))), '}');

// Options of one form in several clauses or items have one rule.
const rule = form => '_' + form.word + '_' + form.takes.replace(/[^a-z]+/g, '_');
const asOption = ($, form) => alias($[rule(form)], $.option);
const options = clauses.flatMap(c => c.options);
const items = options.flatMap(o => o.items || []);
const optionRules = Object.fromEntries(
  [...options, ...items.flatMap(i => i.options || [])].map(o => [rule(o), $ => option($, o)]));

const any = rules => rules.length == 1 ? rules[0] : choice(...rules);

module.exports = grammar({
  name: 'layer',

  externals: $ => [$._newline],
  extras: $ => [/\s/, /\uFEFF/, $.comment],
  word: $ => $.identifier,
  supertypes: $ => [],

  rules: {
    source_file: $ => seq(
      optional($._newline),
      repeat(seq($._declaration, $._newline)),
      optional($._declaration)),

    _declaration: $ => choice($.import, $.let, $.param, $.slot, $.fleet, $.component, $.app, $.user),

    import: $ => seq('import', field('path', $.string), optional(seq('as', field('alias', $.identifier)))),
    let: $ => seq('let', field('name', $.identifier), '=', field('value', $._expression)),
    param: $ => seq('param', $._parameter),
    slot: $ => seq('slot', field('name', $.identifier), optional(seq('=', field('value', $._expression)))),
    fleet: $ => seq('fleet', field('body', $.block)),
    component: $ => seq('component', field('name', $.identifier), optional($.parameters), field('body', $.block)),
    app: $ => seq(
      'app', field('name', choice($.identifier, $.string, $.block_string)),
      optional(seq('for', list($.generator), optional(seq('where', field('condition', $._expression))))),
      field('body', $.block)),
    user: $ => seq('user', field('name', $.identifier), field('body', $.block)),

    parameters: $ => seq('(', optional(seq(list($.parameter), optional(','))), ')'),
    parameter: $ => $._parameter,
    _parameter: $ => seq(
      field('name', $.identifier),
      choice(
        seq(':', field('type', $.type), optional(seq('=', field('default', $._expression)))),
        seq('=', field('default', $._expression)))),
    type: $ => seq(alias($.identifier, $.type_name), optional(seq('(', list($.type), ')'))),
    generator: $ => seq(
      optional(seq(field('key', $.identifier), ',')), field('value', $.identifier),
      'in', field('in', $._expression)),

    block: $ => block($, $._statement),
    _statement: $ => choice($.let, $.if, $.for, $.match, $.clause),

    if: $ => seq('if', field('condition', $._expression), $.block, optional($.else)),
    else: $ => seq('else', choice($.if, $.block)),
    for: $ => seq('for', $.generator, $.block),
    match: $ => seq(
      'match', field('subject', $._expression),
      '{', optional($._newline), repeat(seq($.arm, optional($._newline))), '}'),
    arm: $ => seq(choice(list($._expression), 'else'), $.block),

    clause: $ => choice(...clauses.map(c => {
      const head = [word($, c.word)], value = operands[c.takes]($);
      if (c.options.length == 0) return seq(...head, ...value);
      const option = any(c.options.map(o => asOption($, o)));
      return c.options.some(o => o.instead)
        ? seq(...head, choice(seq(...value, repeat(option)), repeat1(option)))
        : seq(...head, ...value, repeat(option));
    })),
    ...optionRules,

    // An option that an item already has belongs to the clause.
    item: $ => choice(...items.map(i => {
      const head = [word($, i.word), ...operands[i.takes]($)];
      const all = (i.options || []).map(o => asOption($, o));
      if (all.length == 0) return seq(...head);
      const exclusive = i.options.every(o => o.choice);
      return prec.right(seq(...head, exclusive ? optional(any(all)) : repeat(any(all))));
    })),

    _key: $ => choice(alias($.identifier, $.key), $.string),

    _expression: $ => choice(
      $.identifier, $.number, $.string, $.block_string, $.boolean, $.list, $.map,
      $.if_expression, $.match_expression, $.parenthesized,
      $.select, $.call, $.index, $.unary, $.binary),

    binary: $ => choice(...[
      [1, '||'], [2, '&&'],
      [3, '=='], [3, '!='], [3, '<'], [3, '<='], [3, '>'], [3, '>='],
      [4, '+'], [4, '-'], [5, '*'], [5, '/'], [5, '%'],
    ].map(([level, operator]) => prec.left(level, seq(
      field('left', $._expression), field('operator', operator), field('right', $._expression))))),
    unary: $ => prec(6, seq(field('operator', choice('!', '-')), $._expression)),

    select: $ => prec(7, seq(field('value', $._expression), '.', field('name', alias($.identifier, $.member)))),
    call: $ => prec(7, seq(field('function', $._expression), $.arguments)),
    index: $ => prec(7, seq(field('value', $._expression), '[', field('index', $._expression), ']')),
    arguments: $ => seq('(', optional(seq(list($.argument), optional(','))), ')'),
    argument: $ => seq(optional(seq(field('name', alias($.identifier, $.argument_name)), ':')), field('value', $._expression)),

    parenthesized: $ => seq('(', $._expression, ')'),
    list: $ => seq('[', optional(seq(list($._expression), optional(','))), ']'),
    map: $ => seq(
      '{', optional($._newline),
      optional(seq(list($.entry, $._separator), optional($._separator))), '}'),
    entry: $ => seq(field('key', $._key), ':', field('value', $._expression)),
    // After a comma, a line end is only space.
    _separator: $ => choice(',', $._newline),

    if_expression: $ => seq('if', field('condition', $._expression), $._branch, 'else', choice($.if_expression, $._branch)),
    _branch: $ => seq('{', optional($._newline), $._expression, optional($._newline), '}'),
    // The scanner sees no line end before `else`, so there may be no separator.
    match_expression: $ => seq(
      'match', field('subject', $._expression), '{', optional($._newline),
      optional(choice(
        seq(alias($._default, $.case), optional($._separator)),
        seq(list($.case, $._separator), optional($._separator), optional(seq(alias($._default, $.case), optional($._separator)))))),
      '}'),
    case: $ => seq(list($._expression), ':', field('value', $._expression)),
    _default: $ => seq('else', ':', field('value', $._expression)),

    boolean: _ => choice('true', 'false'),
    identifier: _ => /[A-Za-z_][A-Za-z0-9_]*/,
    number: _ => /[0-9]+(\.[0-9]+(\/[A-Za-z_][A-Za-z0-9_]*)?)?[A-Za-z0-9_]*/,
    comment: _ => /#[^\n]*/,

    // The parts of strings begin where the part before ends: spaces and comments do not count.
    string: $ => seq('"', repeat(choice(
      alias($._string_content, $.string_content), $.escape_sequence, $.interpolation)), token.immediate('"')),
    block_string: $ => seq('"""', repeat(choice(
      alias($._block_content, $.string_content), $.escape_sequence, $.interpolation)), token.immediate('"""')),
    _string_content: _ => choice(token.immediate(prec(1, /[^"\\$\r\n]+/)), token.immediate(prec(1, '$'))),
    _block_content: _ => choice(token.immediate(prec(1, /[^"\\$]+/)), token.immediate(prec(1, '$')), token.immediate('"')),
    escape_sequence: _ => token.immediate(prec(2, /\\[nt"\\]|\\u\{[0-9A-Fa-f]{1,6}\}|\$\$\{/)),
    interpolation: $ => seq(token.immediate(prec(2, '${')), $._expression, '}'),

    shell_string: $ => seq('"', optional(alias($._shell_line, $.shell_content)), token.immediate('"')),
    shell_block: $ => seq('"""', optional(alias($._shell_lines, $.shell_content)), token.immediate('"""')),
    _shell_line: _ => token.immediate(prec(1, /([^"\\\r\n]|\\[^\r\n])+/)),
    _shell_lines: _ => token.immediate(prec(1, /("?"?([^"\\]|\\(.|\n)))+/)),
  },
});
