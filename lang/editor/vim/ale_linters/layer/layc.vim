" ALE starts `layc lsp`. g:layc names another command.
call ale#Set('layer_layc_executable', get(g:, 'layc', 'layc'))

function! s:Root(buffer) abort
  let l:git = ale#path#FindNearestDirectory(a:buffer, '.git')
  return empty(l:git) ? fnamemodify(bufname(a:buffer), ':p:h') : fnamemodify(l:git, ':h:h')
endfunction

call ale#linter#Define('layer', {
      \ 'name': 'layc',
      \ 'lsp': 'stdio',
      \ 'executable': {b -> ale#Var(b, 'layer_layc_executable')},
      \ 'command': '%e lsp',
      \ 'project_root': function('s:Root'),
      \})
