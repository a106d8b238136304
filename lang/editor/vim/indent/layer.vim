if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=LayerIndent() indentkeys=0},0),0],!^F,o,O
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*LayerIndent')
  finish
endif

let s:text = '^layer\(Text\|Shell\|Escape\)\|^sh'

function s:In(what, lnum, col)
  return synIDattr(synID(a:lnum, a:col, 1), 'name') =~# a:what
endfunction

" A line is one level further in than the line with its innermost open bracket. A line that
" continues a statement, after a comma or an operator, is two. Text between three quotes is left
" alone.
function LayerIndent()
  if s:In(s:text, v:lnum, 1) && (getline(v:lnum)[0] !=# '"' || s:In(s:text, v:lnum - 1, len(getline(v:lnum - 1))) && getline(v:lnum - 1) !~# '"$')
    return -1
  endif
  call cursor(v:lnum, 1)
  let l:open = searchpair('[{(\[]', '', '[})\]]', 'bnW', 's:In(s:text . "\\|^layerComment", line("."), col("."))', max([1, v:lnum - 2000]))
  if getline(v:lnum) =~# '^\s*[})\]]'
    return indent(l:open)
  endif
  let l:indent = l:open > 0 ? indent(l:open) + shiftwidth() : 0
  let l:prev = prevnonblank(v:lnum - 1)
  while l:prev > l:open && getline(l:prev) =~# '^\s*#'
    let l:prev = prevnonblank(l:prev - 1)
  endwhile
  let l:line = getline(l:prev)
  let l:code = substitute(substitute(l:line, '\v"%([^"\\]|\\.)*"', '""', 'g'), '#.*', '', '')
  if l:prev > l:open && l:code =~# '\v(,|\|\||\&\&|[-+*/%<>]|[=!<>]\=)\s*$' &&
        \ (l:code =~# '\v^\s*%(\a\w*\s|""")' || indent(l:prev) > l:indent)
    let l:indent += shiftwidth()
  endif
  return l:indent
endfunction
