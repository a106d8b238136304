[(block) (match) (map) (list) (parameters) (arguments) (if_expression) (match_expression) (parenthesized)] @indent.begin
["}" ")" "]"] @indent.branch @indent.end
(comment) @indent.auto
[(block_string) (shell_block)] @indent.auto
