" Uses the language server in Vim with ALE, as a person would: $FILE is a module with a mistake.
" Writes what it saw to $RESULT.
set nocompatible nomore hidden
let &runtimepath = expand('<sfile>:p:h:h') . '/vim,' . &runtimepath
let g:layc = $LAYC
let g:ale_linters_explicit = 0
packadd ale
filetype plugin on
syntax on

let s:log = []
function s:Check(what, ok, got)
  call add(s:log, a:what . ': ' . (a:ok ? 'ok' : 'WRONG ' . string(a:got)))
endfunction

function s:Wait(condition)
  for s:i in range(6000)
    if eval(a:condition)
      return
    endif
    sleep 20m
  endfor
endfunction

function s:Diagnostics()
  return filter(copy(get(get(g:ale_buffer_info, bufnr(''), {}), 'loclist', [])), {_, d -> d.linter_name ==# 'layc'})
endfunction

edit $FILE
ALELint
call s:Wait('len(s:Diagnostics()) == 1')
let s:found = s:Diagnostics()
call s:Check('diagnostics', len(s:found) == 1 && s:found[0].lnum == 16 && s:found[0].text =~# 'gizo', s:found)

call cursor(1, 1)
call search('gizmo, gizo')
ALEGoToDefinition
call s:Wait('line(".") == 10')
call s:Check('definition', line('.') == 10, line('.'))

silent! %s/gizmo, gizo/gizmo/
write
ALELint
call s:Wait('len(s:Diagnostics()) == 0')
call s:Check('corrected', empty(s:Diagnostics()), s:Diagnostics())

call writefile(s:log, $RESULT)
execute match(s:log, 'WRONG') < 0 ? 'qall!' : 'cquit!'
