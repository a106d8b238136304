" Colours texts: reads a JSON list of texts from the file $TEXTS, and writes to $KINDS a list of
" [bytes, groups] pairs for each one.
set nocompatible encoding=utf-8 nomore
let &runtimepath = expand('<sfile>:p:h:h') . ',' . &runtimepath
syntax on
setlocal syntax=layer undolevels=-1
let s:all = []
let s:names = {}
for s:text in json_decode(join(readfile($TEXTS), "\n"))
  silent %delete _
  let s:lines = split(s:text, "\n", 1)
  call setline(1, map(copy(s:lines), {_, l -> substitute(l, "\r$", '', '')}))
  syntax sync fromstart " forget the last text
  let s:tokens = []
  for s:l in range(1, len(s:lines))
    let s:last = ''
    let s:n = 0
    let s:line = getline(s:l)
    for s:c in range(1, len(s:line))
      " No item ends within a word.
      if s:c == 1 || s:line[s:c - 2 : s:c - 1] !~# '^[A-Za-z]*$'
        let s:stack = synstack(s:l, s:c)
        let s:key = string(s:stack)
        if !has_key(s:names, s:key)
          let s:names[s:key] = join(map(s:stack, {_, id -> synIDattr(id, 'name')}), ' ')
        endif
        let s:name = s:names[s:key]
      endif
      if s:name !=# s:last && s:n > 0
        call add(s:tokens, [s:n, s:last])
        let s:n = 0
      endif
      let s:last = s:name
      let s:n += 1
    endfor
    if s:n > 0
      call add(s:tokens, [s:n, s:last])
    endif
    call add(s:tokens, [len(s:lines[s:l - 1]) - len(getline(s:l)) + 1, ''])
  endfor
  call add(s:all, s:tokens)
endfor
call writefile([json_encode(s:all)], $KINDS)
qall!
