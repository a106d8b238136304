au BufRead,BufNewFile *.layer setfiletype layer
