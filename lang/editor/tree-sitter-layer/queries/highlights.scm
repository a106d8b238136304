; Later patterns win.

(identifier) @variable
(key) @property
(member) @property
(argument_name) @variable.parameter
(type_name) @type
(number) @number
(boolean) @boolean
(comment) @comment

[(string) (block_string) (shell_string) (shell_block)] @string
(escape_sequence) @string.escape
(interpolation ["${" "}"] @punctuation.special)

["import" "as" "param" "slot" "fleet" "component" "app" "user" "let"] @keyword
["if" "else" "match" "where"] @keyword.conditional
["for" "in"] @keyword.repeat
(clause word: (word) @keyword)
(option word: (word) @keyword.modifier)
(item word: (word) @keyword.modifier)

["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," ":" "."] @punctuation.delimiter
["=" "+=" "||" "&&" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" "!"] @operator

(call function: (identifier) @function.call)
(call function: (select name: (member) @function.call))
(component name: (identifier) @function)
(app name: (identifier) @function)
(slot name: (identifier) @type.definition)
(user name: (identifier) @type.definition)
(parameter name: (identifier) @variable.parameter)
(param name: (identifier) @variable.parameter)
(import alias: (identifier) @module)

((identifier) @constant.builtin (#any-of? @constant.builtin "never" "yearly" "quarterly" "monthly" "weekly" "daily" "hourly" "none" "content"))
((identifier) @variable.builtin (#any-of? @variable.builtin "platform" "os"))
