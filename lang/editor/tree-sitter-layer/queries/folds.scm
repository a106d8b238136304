[(block) (match) (map) (list) (parameters) (arguments) (match_expression) (block_string) (shell_block)] @fold
(import)+ @fold
