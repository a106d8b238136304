" Indents the file $FILE again, without any indentation, and writes it to $RESULT.
set nocompatible encoding=utf-8 nomore
let &runtimepath = expand('<sfile>:p:h:h') . ',' . &runtimepath
filetype plugin indent on
syntax on
edit $FILE
if &filetype !=# 'layer'
  cquit!
endif
" What is between three quotes has no indentation of its own.
for s:l in filter(range(1, line('$')), {_, l -> synIDattr(synID(l, 1, 1), 'name') !~# '^layer\(Text\|Shell\)\|^sh'})
  execute s:l . 'left'
endfor
normal! gg=G
write! $RESULT
qall!
