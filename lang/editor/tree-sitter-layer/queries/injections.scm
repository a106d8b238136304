((shell_content) @injection.content
  (#set! injection.language "bash"))
