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
syn match layerValue22 /\v%(<|>)%(never|yearly|quarterly|monthly|weekly|daily|hourly|none)%(<|>)/
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
syn region layerRegion52 matchgroup=layerClause53 start=/\v%(<|>)%(base|registry|platforms|builder|layers|secret|uses|tag|replicas|needs|after|fills|replaces|size|update|publish|image|layout|install|user|workdir|expose|volume|entrypoint|command|stopsignal|shell|uid|gid|home|groups)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion54 matchgroup=layerClause55 start=/\v%(<|>)%(test)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion56,@layerSetStatement
syn match layerRegion56 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(prints)%(<|>)%([ \t]*)/ contained contains=layerOption57
syn match layerOption57 /\v%(<|>)%(prints)%(<|>)/ contained
syn region layerRegion58 matchgroup=layerClause59 start=/\v%(<|>)%(healthcheck)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion60,@layerSetStatement
syn match layerRegion60 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(every|timeout|start|retries)%(<|>)%([ \t]*)/ contained contains=layerOption61
syn match layerOption61 /\v%(<|>)%(every|timeout|start|retries)%(<|>)/ contained
syn region layerRegion62 matchgroup=layerClause63 start=/\v%(<|>)%(label)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion64 matchgroup=layerClause65 start=/\v%(<|>)%(env)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion66,@layerSetStatement
syn match layerRegion66 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(by)%(<|>)%([ \t]*)/ contained contains=layerOption67
syn match layerOption67 /\v%(<|>)%(by)%(<|>)/ contained
syn region layerRegion68 matchgroup=layerClause69 start=/\v%(<|>)%(link)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion70,@layerSetStatement
syn match layerRegion70 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(to)%(<|>)%([ \t]*)/ contained contains=layerOption71
syn match layerOption71 /\v%(<|>)%(to)%(<|>)/ contained
syn region layerRegion72 matchgroup=layerClause73 start=/\v%(<|>)%(dir)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion74,@layerSetStatement
syn match layerRegion74 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption75
syn match layerOption75 /\v%(<|>)%(owner|mode)%(<|>)/ contained
syn region layerRegion76 matchgroup=layerClause77 start=/\v%(<|>)%(file)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion78,@layerSetStatement
syn match layerRegion78 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(text|append|owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption79
syn match layerOption79 /\v%(<|>)%(text|append|owner|mode)%(<|>)/ contained
syn region layerRegion80 matchgroup=layerClause81 start=/\v%(<|>)%(run)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerShell94,layerShell95,layerRegion91,layerRegion88,layerRegion86,layerRegion84,layerRegion82,@layerSetStatement
syn match layerRegion82 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)/ contained contains=layerOption83
syn match layerOption83 /\v%(<|>)%(with)%(<|>)/ contained
syn match layerRegion84 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(as|in|from|to)%(<|>)%([ \t]*)/ contained contains=layerOption85
syn match layerOption85 /\v%(<|>)%(as|in|from|to)%(<|>)/ contained
syn match layerRegion86 /\v^%([ \t]*)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerOption87
syn match layerOption87 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn match layerRegion88 /\v%(,)%([ \t]*)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerPunctuation89,layerOption90
syn match layerPunctuation89 /\v,/ contained
syn match layerOption90 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn match layerRegion91 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%([ \t]+)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)%([ \t]*)/ contained contains=layerOption92,layerOption93
syn match layerOption92 /\v%(<|>)%(with)%(<|>)/ contained
syn match layerOption93 /\v%(<|>)%(cache|bind|secret|tmpfs|env|network|ssh)%(<|>)/ contained
syn region layerShell94 matchgroup=layerText96 start=/\v%(%(<|>)run[ \t]*)@50<="/ skip=/\v\\["\\]/ excludenl end=/\v"|$/ keepend contained contains=@layerShell
syn region layerShell95 matchgroup=layerText96 start=/\v%(%(<|>)run[ \t]*)@50<="""/ skip=/\v\\["\\]/ excludenl end=/\v"""/ keepend contained contains=@layerShell
syn region layerRegion97 matchgroup=layerClause98 start=/\v%(<|>)%(fetch)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion101,layerRegion99,@layerSetStatement
syn match layerRegion99 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(unpack)%(<|>)/ contained contains=layerOption100
syn match layerOption100 /\v%(<|>)%(unpack)%(<|>)/ contained
syn match layerRegion101 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(sha256|sha512|strip|limit|to|owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption102
syn match layerOption102 /\v%(<|>)%(sha256|sha512|strip|limit|to|owner|mode)%(<|>)/ contained
syn region layerRegion103 matchgroup=layerClause104 start=/\v%(<|>)%(copy)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion105,@layerSetStatement
syn match layerRegion105 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(from|to|owner|mode|include|exclude)%(<|>)%([ \t]*)/ contained contains=layerOption106
syn match layerOption106 /\v%(<|>)%(from|to|owner|mode|include|exclude)%(<|>)/ contained
syn region layerRegion107 matchgroup=layerClause108 start=/\v%(<|>)%(repository)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion109,@layerSetStatement
syn match layerRegion109 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(from|suite|components|key|sha256|priority)%(<|>)%([ \t]*)/ contained contains=layerOption110
syn match layerOption110 /\v%(<|>)%(from|suite|components|key|sha256|priority)%(<|>)/ contained
syn region layerRegion111 matchgroup=layerClause112 start=/\v%(<|>)%(distribution)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion113,@layerSetStatement
syn match layerRegion113 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(suite|with)%(<|>)%([ \t]*)/ contained contains=layerOption114
syn match layerOption114 /\v%(<|>)%(suite|with)%(<|>)/ contained
syn region layerRegion115 matchgroup=layerClause116 start=/\v%(<|>)%(rootfs)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion117,@layerSetStatement
syn match layerRegion117 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(sha256|sha512)%(<|>)%([ \t]*)/ contained contains=layerOption118
syn match layerOption118 /\v%(<|>)%(sha256|sha512)%(<|>)/ contained
syn region layerRegion119 matchgroup=layerClause120 start=/\v%(<|>)%(changes)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion121,@layerSetStatement
syn match layerRegion121 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)%([ \t]*)/ contained contains=layerOption122
syn match layerOption122 /\v%(<|>)%(with)%(<|>)/ contained
syn region layerRegion123 matchgroup=layerClause124 start=/\v%(<|>)%(owns)%(<|>)%(\s*[{:,.=)])@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion125,@layerSetStatement
syn match layerRegion125 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(owner|mode)%(<|>)%([ \t]*)/ contained contains=layerOption126
syn match layerOption126 /\v%(<|>)%(owner|mode)%(<|>)/ contained
syn region layerRegion127 matchgroup=layerClause128 start=/\v%(<|>)%(repeatable)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetStatement
syn region layerRegion129 matchgroup=layerClause130 start=/\v%(<|>)%(runs)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion131,@layerSetStatement
syn match layerRegion131 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with)%(<|>)%([ \t]*)/ contained contains=layerOption132
syn match layerOption132 /\v%(<|>)%(with)%(<|>)/ contained
syn region layerRegion133 matchgroup=layerClause134 start=/\v%(<|>)%(builds)%(<|>)%(\s*[{:,.=)])@!/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion137,layerRegion135,@layerSetStatement
syn match layerRegion135 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(cross)%(<|>)/ contained contains=layerOption136
syn match layerOption136 /\v%(<|>)%(cross)%(<|>)/ contained
syn match layerRegion137 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(with|on)%(<|>)%([ \t]*)/ contained contains=layerOption138
syn match layerOption138 /\v%(<|>)%(with|on)%(<|>)/ contained
syn cluster layerSetClauses contains=layerRegion133,layerRegion129,layerRegion127,layerRegion123,layerRegion119,layerRegion115,layerRegion111,layerRegion107,layerRegion103,layerRegion97,layerRegion80,layerRegion76,layerRegion72,layerRegion68,layerRegion64,layerRegion62,layerRegion58,layerRegion54,layerRegion52,layerRegion50
syn match layerRegion139 /\v^%([ \t\r]*)%(#.*)?%(\n)/ contained contains=layerComment140
syn match layerComment140 /\v#.*/ contained
syn match layerRegion141 /\v%(,|\|\||\&\&|[=!<>]\=|[-+*/%<>])%([ \t\r]*)%(#.*)?%(\n)/ contained contains=layerOperator142,layerComment143
syn match layerOperator142 /\v,|\|\||\&\&|[=!<>]\=|[-+*/%<>]/ contained
syn match layerComment143 /\v#.*/ contained
syn cluster layerSetContinued contains=layerRegion141,layerRegion139,@layerSetComment
syn cluster layerSetStatement contains=@layerSetContinued,@layerSetExpression,@layerSetBraces
syn match layerRegion144 /\v%([A-Za-z0-9_")\]}])@1<=%([ \t]+)%(for|in|where)%(<|>)%([ \t]*)/ contained contains=layerControl145
syn match layerControl145 /\v%(<|>)%(for|in|where)%(<|>)/ contained
syn cluster layerSetHeader contains=@layerSetContinued,layerRegion144,@layerSetBlock,@layerSetExpression
syn region layerRegion146 matchgroup=layerControl147 start=/\v%(<|>)%(if|for|match|else)%(<|>)%(\s*:)@!%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion148 matchgroup=layerControl149 start=/\v%(<|>)%(let)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared150,@layerSetStatement
syn match layerDeclared150 /\v%(%(<|>)%(let)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn cluster layerSetBranches contains=layerRegion148,layerRegion146
syn region layerRegion151 matchgroup=layerPunctuation152 start=/\v%(\{)/ excludenl end=/\v\}|%(^%(import|param|slot|component|app|fleet)%(<|>))@=/ contains=@layerSetBlockcontent
syn cluster layerSetBlock contains=layerRegion151
syn cluster layerSetBlockcontent contains=@layerSetComment,@layerSetBranches,@layerSetClauses,@layerSetExpression,@layerSetBlock
syn region layerRegion153 matchgroup=layerDeclaration154 start=/\v%(<|>)%(fleet)%(<|>)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion155 matchgroup=layerDeclaration156 start=/\v%(<|>)%(app)%(<|>)%([ \t]*)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=@layerSetHeader
syn region layerRegion157 matchgroup=layerDeclaration158 start=/\v%(<|>)%(user)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared159,@layerSetHeader
syn match layerDeclared159 /\v%(%(<|>)%(user)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion160 matchgroup=layerDeclaration161 start=/\v%(<|>)%(component)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared162,layerRegion163,@layerSetHeader
syn region layerRegion163 matchgroup=layerPunctuation164 start=/\v%(\()/ excludenl end=/\v\)|%(\})@=/ contained contains=@layerSetTypes,@layerSetExpression,@layerSetBraces
syn match layerDeclared162 /\v%(%(<|>)%(component)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion165 matchgroup=layerDeclaration166 start=/\v%(<|>)%(param|slot)%(%([ \t]+)%([A-Za-z_][A-Za-z0-9_]*))@=/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerDeclared167,@layerSetTypes,@layerSetStatement
syn match layerDeclared167 /\v%(%(<|>)%(param|slot)%([ \t]+))@50<=[A-Za-z_][A-Za-z0-9_]*/ contained
syn region layerRegion168 matchgroup=layerDeclaration169 start=/\v%(<|>)%(import)%(<|>)/ matchgroup=NONE excludenl end=/\v$|%(\})@=/ contains=layerRegion170,@layerSetComment,@layerSetText,@layerSetWords
syn match layerRegion170 /\v%(")@1<=%([ \t]+)%(as)%(<|>)/ contained contains=layerControl171
syn match layerControl171 /\v%(<|>)%(as)%(<|>)/ contained
syn cluster layerSetFile contains=@layerSetComment,layerRegion168,layerRegion165,layerRegion160,layerRegion157,layerRegion155,layerRegion153,@layerSetBlockcontent

hi def link layerBoolean6 layerBoolean
hi def link layerBoolean42 layerBoolean
hi def link layerBoolean Boolean
hi def link layerClause53 layerClause
hi def link layerClause55 layerClause
hi def link layerClause59 layerClause
hi def link layerClause63 layerClause
hi def link layerClause65 layerClause
hi def link layerClause69 layerClause
hi def link layerClause73 layerClause
hi def link layerClause77 layerClause
hi def link layerClause81 layerClause
hi def link layerClause98 layerClause
hi def link layerClause104 layerClause
hi def link layerClause108 layerClause
hi def link layerClause112 layerClause
hi def link layerClause116 layerClause
hi def link layerClause120 layerClause
hi def link layerClause124 layerClause
hi def link layerClause128 layerClause
hi def link layerClause130 layerClause
hi def link layerClause134 layerClause
hi def link layerClause Statement
hi def link layerComment17 layerComment
hi def link layerComment140 layerComment
hi def link layerComment143 layerComment
hi def link layerComment Comment
hi def link layerControl5 layerControl
hi def link layerControl38 layerControl
hi def link layerControl40 layerControl
hi def link layerControl145 layerControl
hi def link layerControl147 layerControl
hi def link layerControl149 layerControl
hi def link layerControl171 layerControl
hi def link layerControl Conditional
hi def link layerDeclaration154 layerDeclaration
hi def link layerDeclaration156 layerDeclaration
hi def link layerDeclaration158 layerDeclaration
hi def link layerDeclaration161 layerDeclaration
hi def link layerDeclaration166 layerDeclaration
hi def link layerDeclaration169 layerDeclaration
hi def link layerDeclaration Structure
hi def link layerDeclared150 layerDeclared
hi def link layerDeclared159 layerDeclared
hi def link layerDeclared162 layerDeclared
hi def link layerDeclared167 layerDeclared
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
hi def link layerOperator142 layerOperator
hi def link layerOperator Operator
hi def link layerOption57 layerOption
hi def link layerOption61 layerOption
hi def link layerOption67 layerOption
hi def link layerOption71 layerOption
hi def link layerOption75 layerOption
hi def link layerOption79 layerOption
hi def link layerOption83 layerOption
hi def link layerOption85 layerOption
hi def link layerOption87 layerOption
hi def link layerOption90 layerOption
hi def link layerOption92 layerOption
hi def link layerOption93 layerOption
hi def link layerOption100 layerOption
hi def link layerOption102 layerOption
hi def link layerOption106 layerOption
hi def link layerOption110 layerOption
hi def link layerOption114 layerOption
hi def link layerOption118 layerOption
hi def link layerOption122 layerOption
hi def link layerOption126 layerOption
hi def link layerOption132 layerOption
hi def link layerOption136 layerOption
hi def link layerOption138 layerOption
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
hi def link layerPunctuation89 layerPunctuation
hi def link layerPunctuation152 layerPunctuation
hi def link layerPunctuation164 layerPunctuation
hi def link layerPunctuation Delimiter
hi def link layerShell94 layerShell
hi def link layerShell95 layerShell
hi def link layerText15 layerText
hi def link layerText16 layerText
hi def link layerText96 layerText
hi def link layerText String
hi def link layerType47 layerType
hi def link layerType Type
hi def link layerValue22 layerValue
hi def link layerValue Constant

let b:current_syntax = 'layer'
