" Made by layc's lang/editor from the table of clauses.

if exists('b:current_syntax')
  finish
endif

syn include @layerShell syntax/sh.vim
unlet! b:current_syntax
syn iskeyword @,48-57,_
syn case match
syn sync fromstart

syn match layerName1 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*/ contained
syn match layerFunction2 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*%(\()@=/ contained
syn match layerPunctuation3 /\v[,:.]/ contained
syn match layerOperator4 /\v\|\||\&\&|[=!<>]\=|[-+*/%<>=!]/ contained
syn match layerControl5 /\v%(<|>)%(if|match|else)%(<|>)/ contained
syn match layerBoolean6 /\v%(<|>)%(true|false)%(<|>)/ contained
syn match layerNumber7 /\v%(<|>)[0-9]+\.[0-9]+\/[A-Za-z_][A-Za-z0-9_]*|%(<|>)[0-9]+%(\.[0-9]+)?[A-Za-z0-9_]*/ contained
syn region layerRegion8 matchgroup=layerPunctuation9 start=/\v%([\[(])/ excludenl end=/\v[\])]|$|%(["}])@=/ contained contains=@layerSetInserted
syn region layerRegion10 matchgroup=layerPunctuation11 start=/\v%(\{)/ excludenl end=/\v\}|$|%(")@=/ contained contains=@layerSetInserted
syn cluster layerSetInserted contains=layerRegion10,layerRegion8,layerNumber7,layerBoolean6,layerControl5,layerOperator4,layerPunctuation3,layerFunction2,layerName1
syn region layerRegion12 matchgroup=layerInserted13 start=/\v%(\$\{)/ excludenl end=/\v\}|$|%(")@=/ contained contains=@layerSetInserted
syn match layerEscape14 /\v\\%([nt"\\]|u\{[0-9A-Fa-f]{1,6}\})|\$\$\{/ contained
syn cluster layerSetCharacters contains=layerEscape14,layerRegion12
syn region layerText15 start=/\v"/ excludenl end=/\v"|$/ contains=@layerSetCharacters
syn region layerText16 start=/\v"""/ excludenl end=/\v"""/ contains=@layerSetCharacters
syn cluster layerSetText contains=layerText16,layerText15
syn match layerComment17 /\v#.*/
syn cluster layerSetComment contains=layerComment17
syn match layerName18 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*/ contained
syn cluster layerSetWords contains=layerName18
syn region layerRegion19 matchgroup=layerPunctuation20 start=/\v%(\{)/ excludenl end=/\v\}/ contained contains=@layerSetExpression,@layerSetBraces
syn cluster layerSetBraces contains=layerRegion19
syn match layerName21 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*/
syn match layerValue22 /\v%(<|>)%(never|yearly|quarterly|monthly|weekly|daily|hourly|none|content)%(<|>)/
syn match layerPunctuation23 /\v[,:.]/
syn match layerOperator24 /\v\|\||\&\&|[=!<>+]\=|[-+*/%<>=!]/
syn region layerRegion25 matchgroup=layerPunctuation26 start=/\v%(\[)/ excludenl end=/\v\]|%(\})@=/ contains=@layerSetExpression,@layerSetBraces
syn region layerRegion27 matchgroup=layerPunctuation28 start=/\v%(\()/ excludenl end=/\v\)|%(\})@=/ contains=@layerSetExpression,@layerSetBraces
syn match layerKey29 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*%(\s*:)@=/
syn match layerFunction30 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*%(\()@=/
syn match layerRegion31 /\v%(\.)%([A-Za-z_][A-Za-z0-9_]*)/ contains=layerPunctuation32,layerKey33
syn match layerPunctuation32 /\v\./ contained
syn match layerKey33 /\v[A-Za-z_][A-Za-z0-9_]*/ contained
syn match layerRegion34 /\v%(\.)%([A-Za-z_][A-Za-z0-9_]*)%(\()@=/ contains=layerPunctuation35,layerFunction36
syn match layerPunctuation35 /\v\./ contained
syn match layerFunction36 /\v[A-Za-z_][A-Za-z0-9_]*/ contained
syn match layerRegion37 /\v%(<|>)%(else)%(<|>)%(\s*:)@=/ contains=layerControl38
syn match layerControl38 /\v%(<|>)%(else)%(<|>)/ contained
syn match layerRegion39 /\v%(<|>)%(if|match|else)%(<|>)%(\s*:)@!%([ \t]*)/ contains=layerControl40
syn match layerControl40 /\v%(<|>)%(if|match|else)%(<|>)/ contained
syn match layerRegion41 /\v%(<|>)%(true|false)%(<|>)%(\s*:)@!/ contains=layerBoolean42
syn match layerBoolean42 /\v%(<|>)%(true|false)%(<|>)/ contained
syn match layerNumber43 /\v%(<|>)[0-9]+\.[0-9]+\/[A-Za-z_][A-Za-z0-9_]*|%(<|>)[0-9]+%(\.[0-9]+)?[A-Za-z0-9_]*/
syn cluster layerSetExpression contains=@layerSetComment,@layerSetText,layerNumber43,layerRegion41,layerRegion39,layerRegion37,layerRegion34,layerRegion31,layerFunction30,layerKey29,layerRegion27,layerRegion25,layerOperator24,layerPunctuation23,layerValue22,layerName21
syn match layerPunctuation44 /\v,/ contained
syn region layerRegion45 matchgroup=layerPunctuation46 start=/\v%(\()/ excludenl end=/\v\)|$/ contained contains=@layerSetType
syn match layerType47 /\v%(<|>)[A-Za-z_][A-Za-z0-9_]*/ contained
syn cluster layerSetType contains=layerType47,layerRegion45,layerPunctuation44
syn region layerRegion48 matchgroup=layerPunctuation49 start=/\v%(:)/ matchgroup=NONE excludenl end=/\v$|%([=,)])@=/ contained contains=@layerSetType
syn cluster layerSetTypes contains=layerRegion48
syn region layerRegion50 matchgroup=layerName51 start=/\v%(<|>)%([A-Za-z_][A-Za-z0-9_]*)%(\s+[A-Za-z0-9_"\[{])@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion52 matchgroup=layerClause53 start=/\v%(<|>)%(base|identity|registry|naming|platforms|builder|layers|secret|uses|tag|replicas|needs|after|fills|replaces|size|update|publish|image|layout|install|user|workdir|expose|volume|entrypoint|command|stopsignal|shell|uid|gid|home|groups)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion54 matchgroup=layerClause55 start=/\v%(<|>)%(test)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion56,@layerSetStatement
syn match layerRegion56 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(prints)%(<|>)%([ \t]*)/ contained contains=layerOption57
syn match layerOption57 /\v%(<|>)%(prints)%(<|>)/ contained
syn region layerRegion58 matchgroup=layerClause59 start=/\v%(<|>)%(healthcheck)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion60,@layerSetStatement
syn match layerRegion60 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(every|timeout|start|retries)%(<|>)%([ \t]*)/ contained contains=layerOption61
syn match layerOption61 /\v%(<|>)%(every|timeout|start|retries)%(<|>)/ contained
syn region layerRegion62 matchgroup=layerClause63 start=/\v%(<|>)%(annotation)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion64 matchgroup=layerClause65 start=/\v%(<|>)%(label)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion66 matchgroup=layerClause67 start=/\v%(<|>)%(env)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion68,@layerSetStatement
syn match layerRegion68 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(by)%(<|>)%([ \t]*)/ contained contains=layerOption69
syn match layerOption69 /\v%(<|>)%(by)%(<|>)/ contained
syn region layerRegion70 matchgroup=layerClause71 start=/\v%(<|>)%(link)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion72,@layerSetStatement
syn match layerRegion72 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(to)%(<|>)%([ \t]*)/ contained contains=layerOption73
syn match layerOption73 /\v%(<|>)%(to)%(<|>)/ contained
syn region layerRegion74 matchgroup=layerClause75 start=/\v%(<|>)%(dir)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion76,@layerSetStatement
syn match layerRegion76 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(owner|mode|times)%(<|>)%([ \t]*)/ contained contains=layerOption77
syn match layerOption77 /\v%(<|>)%(owner|mode|times)%(<|>)/ contained
syn region layerRegion78 matchgroup=layerClause79 start=/\v%(<|>)%(file)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion80,@layerSetStatement
syn match layerRegion80 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(text|append|owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption81
syn match layerOption81 /\v%(<|>)%(text|append|owner|mode)%(<|>)/ contained
syn region layerRegion82 matchgroup=layerClause83 start=/\v%(<|>)%(run)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerShell96,layerShell97,layerRegion93,layerRegion90,layerRegion88,layerRegion86,layerRegion84,@layerSetStatement
syn match layerRegion84 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)/ contained contains=layerOption85
syn match layerOption85 /\v%(<|>)%(with)%(<|>)/ contained
syn match layerRegion86 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(as|in|from|to)%(<|>)%([ \t]*)/ contained contains=layerOption87
syn match layerOption87 /\v%(<|>)%(as|in|from|to)%(<|>)/ contained
syn match layerRegion88 /\v^%([ \t]*)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerOption89
syn match layerOption89 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn match layerRegion90 /\v%(,)%([ \t]*)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerPunctuation91,layerOption92
syn match layerPunctuation91 /\v,/ contained
syn match layerOption92 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn match layerRegion93 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%([ \t]+)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerOption94,layerOption95
syn match layerOption94 /\v%(<|>)%(with)%(<|>)/ contained
syn match layerOption95 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn region layerShell96 matchgroup=layerText98 start=/\v%(%(<|>)run[ \t]*)@50<="/ skip=/\v\\["\\]/ excludenl end=/\v"|$/ keepend contained contains=@layerShell
syn region layerShell97 matchgroup=layerText98 start=/\v%(%(<|>)run[ \t]*)@50<="""/ skip=/\v\\["\\]/ excludenl end=/\v"""/ keepend contained contains=@layerShell
syn region layerRegion99 matchgroup=layerClause100 start=/\v%(<|>)%(fetch)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion103,layerRegion101,@layerSetStatement
syn match layerRegion101 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(unpack)%(<|>)/ contained contains=layerOption102
syn match layerOption102 /\v%(<|>)%(unpack)%(<|>)/ contained
syn match layerRegion103 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(sha256|sha512|strip|limit|to|owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption104
syn match layerOption104 /\v%(<|>)%(sha256|sha512|strip|limit|to|owner|mode)%(<|>)/ contained
syn region layerRegion105 matchgroup=layerClause106 start=/\v%(<|>)%(copy)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion107,@layerSetStatement
syn match layerRegion107 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(from|to|owner|mode|include|exclude)%(<|>)%([ \t]*)/ contained contains=layerOption108
syn match layerOption108 /\v%(<|>)%(from|to|owner|mode|include|exclude)%(<|>)/ contained
syn region layerRegion109 matchgroup=layerClause110 start=/\v%(<|>)%(repository)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion111,@layerSetStatement
syn match layerRegion111 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(from|suite|components|key|sha256|priority)%(<|>)%([ \t]*)/ contained contains=layerOption112
syn match layerOption112 /\v%(<|>)%(from|suite|components|key|sha256|priority)%(<|>)/ contained
syn region layerRegion113 matchgroup=layerClause114 start=/\v%(<|>)%(distribution)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion115,@layerSetStatement
syn match layerRegion115 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(suite|with)%(<|>)%([ \t]*)/ contained contains=layerOption116
syn match layerOption116 /\v%(<|>)%(suite|with)%(<|>)/ contained
syn region layerRegion117 matchgroup=layerClause118 start=/\v%(<|>)%(rootfs)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion119,@layerSetStatement
syn match layerRegion119 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(sha256|sha512)%(<|>)%([ \t]*)/ contained contains=layerOption120
syn match layerOption120 /\v%(<|>)%(sha256|sha512)%(<|>)/ contained
syn region layerRegion121 matchgroup=layerClause122 start=/\v%(<|>)%(changes)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion123,@layerSetStatement
syn match layerRegion123 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)%([ \t]*)/ contained contains=layerOption124
syn match layerOption124 /\v%(<|>)%(with)%(<|>)/ contained
syn region layerRegion125 matchgroup=layerClause126 start=/\v%(<|>)%(owns)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion127,@layerSetStatement
syn match layerRegion127 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption128
syn match layerOption128 /\v%(<|>)%(owner|mode)%(<|>)/ contained
syn region layerRegion129 matchgroup=layerClause130 start=/\v%(<|>)%(repeatable)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion131 matchgroup=layerClause132 start=/\v%(<|>)%(runs)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion133,@layerSetStatement
syn match layerRegion133 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)%([ \t]*)/ contained contains=layerOption134
syn match layerOption134 /\v%(<|>)%(with)%(<|>)/ contained
syn region layerRegion135 matchgroup=layerClause136 start=/\v%(<|>)%(builds)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion139,layerRegion137,@layerSetStatement
syn match layerRegion137 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(cross)%(<|>)/ contained contains=layerOption138
syn match layerOption138 /\v%(<|>)%(cross)%(<|>)/ contained
syn match layerRegion139 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with|on)%(<|>)%([ \t]*)/ contained contains=layerOption140
syn match layerOption140 /\v%(<|>)%(with|on)%(<|>)/ contained
syn cluster layerSetClauses contains=layerRegion135,layerRegion131,layerRegion129,layerRegion125,layerRegion121,layerRegion117,layerRegion113,layerRegion109,layerRegion105,layerRegion99,layerRegion82,layerRegion78,layerRegion74,layerRegion70,layerRegion66,layerRegion64,layerRegion62,layerRegion58,layerRegion54,layerRegion52,layerRegion50
syn match layerRegion141 /\v^%([ \t\r]*)%(#.*)?%(\n)/ contained contains=layerComment142
syn match layerComment142 /\v#.*/ contained
syn match layerRegion143 /\v%(,|\|\||\&\&|[=!<>]\=|[-+*/%<>])%([ \t\r]*)%(#.*)?%(\n)/ contained contains=layerOperator144,layerComment145
syn match layerOperator144 /\v,|\|\||\&\&|[=!<>]\=|[-+*/%<>]/ contained
syn match layerComment145 /\v#.*/ contained
syn cluster layerSetContinued contains=layerRegion143,layerRegion141,@layerSetComment
syn cluster layerSetStatement contains=@layerSetContinued,@layerSetExpression,@layerSetBraces
syn cluster layerSetNamed contains=@layerSetContinued,@layerSetBlock,@layerSetExpression
syn match layerRegion146 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(for|in|where)%(<|>)%([ \t]*)/ contained contains=layerControl147
syn match layerControl147 /\v%(<|>)%(for|in|where)%(<|>)/ contained
syn cluster layerSetHeader contains=@layerSetContinued,layerRegion146,@layerSetBlock,@layerSetExpression
syn region layerRegion148 matchgroup=layerControl149 start=/\v%(<|>)%(if|for|match|else)%(<|>)%(\s*:)@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion150 matchgroup=layerControl151 start=/\v%(<|>)%(let)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared152,@layerSetStatement
syn match layerDeclared152 /\v%(%(<|>)%(let)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn cluster layerSetBranches contains=layerRegion150,layerRegion148
syn region layerRegion153 matchgroup=layerPunctuation154 start=/\v%(\{)/ excludenl end=/\v\}|%(^%(import|param|slot|component|app|fleet)%(<|>))@=/ contains=@layerSetBlockcontent
syn cluster layerSetBlock contains=layerRegion153
syn cluster layerSetBlockcontent contains=@layerSetComment,@layerSetBranches,@layerSetClauses,@layerSetExpression,@layerSetBlock
syn region layerRegion155 matchgroup=layerDeclaration156 start=/\v%(<|>)%(fleet)%(<|>)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion157 matchgroup=layerDeclaration158 start=/\v%(<|>)%(app)%(<|>)%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion159 matchgroup=layerDeclaration160 start=/\v%(<|>)%(user)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared161,@layerSetNamed
syn match layerDeclared161 /\v%(%(<|>)%(user)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion162 matchgroup=layerDeclaration163 start=/\v%(<|>)%(component)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared164,layerRegion165,@layerSetNamed
syn region layerRegion165 matchgroup=layerPunctuation166 start=/\v%(\()/ excludenl end=/\v\)|%(\})@=/ contained contains=@layerSetTypes,@layerSetExpression,@layerSetBraces
syn match layerDeclared164 /\v%(%(<|>)%(component)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion167 matchgroup=layerDeclaration168 start=/\v%(<|>)%(param|slot)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared169,@layerSetTypes,@layerSetStatement
syn match layerDeclared169 /\v%(%(<|>)%(param|slot)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion170 matchgroup=layerDeclaration171 start=/\v%(<|>)%(import)%(<|>)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion172,@layerSetComment,@layerSetText,@layerSetWords
syn match layerRegion172 /\v%(")@1<=%([ \t]+)%(as)%(<|>)/ contained contains=layerControl173
syn match layerControl173 /\v%(<|>)%(as)%(<|>)/ contained
syn cluster layerSetFile contains=@layerSetComment,layerRegion170,layerRegion167,layerRegion162,layerRegion159,layerRegion157,layerRegion155,@layerSetBlockcontent

hi def link layerBoolean6 layerBoolean
hi def link layerBoolean42 layerBoolean
hi def link layerBoolean Boolean
hi def link layerClause53 layerClause
hi def link layerClause55 layerClause
hi def link layerClause59 layerClause
hi def link layerClause63 layerClause
hi def link layerClause65 layerClause
hi def link layerClause67 layerClause
hi def link layerClause71 layerClause
hi def link layerClause75 layerClause
hi def link layerClause79 layerClause
hi def link layerClause83 layerClause
hi def link layerClause100 layerClause
hi def link layerClause106 layerClause
hi def link layerClause110 layerClause
hi def link layerClause114 layerClause
hi def link layerClause118 layerClause
hi def link layerClause122 layerClause
hi def link layerClause126 layerClause
hi def link layerClause130 layerClause
hi def link layerClause132 layerClause
hi def link layerClause136 layerClause
hi def link layerClause Statement
hi def link layerComment17 layerComment
hi def link layerComment142 layerComment
hi def link layerComment145 layerComment
hi def link layerComment Comment
hi def link layerControl5 layerControl
hi def link layerControl38 layerControl
hi def link layerControl40 layerControl
hi def link layerControl147 layerControl
hi def link layerControl149 layerControl
hi def link layerControl151 layerControl
hi def link layerControl173 layerControl
hi def link layerControl Conditional
hi def link layerDeclaration156 layerDeclaration
hi def link layerDeclaration158 layerDeclaration
hi def link layerDeclaration160 layerDeclaration
hi def link layerDeclaration163 layerDeclaration
hi def link layerDeclaration168 layerDeclaration
hi def link layerDeclaration171 layerDeclaration
hi def link layerDeclaration Structure
hi def link layerDeclared152 layerDeclared
hi def link layerDeclared161 layerDeclared
hi def link layerDeclared164 layerDeclared
hi def link layerDeclared169 layerDeclared
hi def link layerDeclared Identifier
hi def link layerEscape14 layerEscape
hi def link layerEscape SpecialChar
hi def link layerFunction2 layerFunction
hi def link layerFunction30 layerFunction
hi def link layerFunction36 layerFunction
hi def link layerFunction Function
hi def link layerInserted13 layerInserted
hi def link layerInserted Special
hi def link layerKey29 layerKey
hi def link layerKey33 layerKey
hi def link layerName1 layerName
hi def link layerName18 layerName
hi def link layerName21 layerName
hi def link layerName51 layerName
hi def link layerNumber7 layerNumber
hi def link layerNumber43 layerNumber
hi def link layerNumber Number
hi def link layerOperator4 layerOperator
hi def link layerOperator24 layerOperator
hi def link layerOperator144 layerOperator
hi def link layerOperator Operator
hi def link layerOption57 layerOption
hi def link layerOption61 layerOption
hi def link layerOption69 layerOption
hi def link layerOption73 layerOption
hi def link layerOption77 layerOption
hi def link layerOption81 layerOption
hi def link layerOption85 layerOption
hi def link layerOption87 layerOption
hi def link layerOption89 layerOption
hi def link layerOption92 layerOption
hi def link layerOption94 layerOption
hi def link layerOption95 layerOption
hi def link layerOption102 layerOption
hi def link layerOption104 layerOption
hi def link layerOption108 layerOption
hi def link layerOption112 layerOption
hi def link layerOption116 layerOption
hi def link layerOption120 layerOption
hi def link layerOption124 layerOption
hi def link layerOption128 layerOption
hi def link layerOption134 layerOption
hi def link layerOption138 layerOption
hi def link layerOption140 layerOption
hi def link layerOption Keyword
hi def link layerPunctuation3 layerPunctuation
hi def link layerPunctuation9 layerPunctuation
hi def link layerPunctuation11 layerPunctuation
hi def link layerPunctuation20 layerPunctuation
hi def link layerPunctuation23 layerPunctuation
hi def link layerPunctuation26 layerPunctuation
hi def link layerPunctuation28 layerPunctuation
hi def link layerPunctuation32 layerPunctuation
hi def link layerPunctuation35 layerPunctuation
hi def link layerPunctuation44 layerPunctuation
hi def link layerPunctuation46 layerPunctuation
hi def link layerPunctuation49 layerPunctuation
hi def link layerPunctuation91 layerPunctuation
hi def link layerPunctuation154 layerPunctuation
hi def link layerPunctuation166 layerPunctuation
hi def link layerPunctuation Delimiter
hi def link layerShell96 layerShell
hi def link layerShell97 layerShell
hi def link layerText15 layerText
hi def link layerText16 layerText
hi def link layerText98 layerText
hi def link layerText String
hi def link layerType47 layerType
hi def link layerType Type
hi def link layerValue22 layerValue
hi def link layerValue Constant

let b:current_syntax = 'layer'
