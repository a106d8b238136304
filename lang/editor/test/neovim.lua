-- Uses the language server as a person would: $FILE is a module with a mistake. Each check prints
-- a line; what fails ends Neovim with an error.
local failed = false
local function check(what, ok, got)
  print(what .. ': ' .. (ok and 'ok' or 'WRONG ' .. vim.inspect(got)) .. '\n')
  failed = failed or not ok
end

vim.cmd('edit ' .. vim.env.FILE)
local buffer = vim.api.nvim_get_current_buf()
check('filetype', vim.bo.filetype == 'layer', vim.bo.filetype)

-- The place of a text: the cursor goes to its start.
local function find(text)
  vim.fn.cursor(1, 1)
  assert(vim.fn.search('\\V' .. text, 'cW') > 0, text)
end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(0, 'utf-16'), more or {})
  local answers, err = vim.lsp.buf_request_sync(buffer, method, params, 120000)
  for _, a in pairs(answers or {}) do
    if a.result then return a.result end
    err = a.err or a.error or err
  end
  return err
end

local function diagnostics(count)
  vim.wait(120000, function() return #vim.diagnostic.get(buffer) == count end, 20)
  return vim.diagnostic.get(buffer)
end

local found = diagnostics(1)
check('diagnostics', #found == 1 and found[1].lnum == 15 and found[1].message:find('gizo'), found)

find('gizmo, gizo')
local hover = vim.inspect(ask('textDocument/hover'))
check('hover', hover:find('A gizmo of the shop'), hover)

local definition = ask('textDocument/definition')
definition = definition[1] or definition
local range = definition.range or definition.targetSelectionRange or {}
check('definition', range.start and range.start.line == 9, definition)

find('gizo')
vim.cmd('normal! l')
local words = {}
local answer = ask('textDocument/completion')
for _, item in ipairs(answer.items or answer) do words[item.label] = true end
check('completion', words.gizmo, answer)

vim.cmd([[%s/gizmo, gizo/gizmo/]])
check('corrected', #diagnostics(0) == 0, vim.diagnostic.get(buffer))

-- The command builds, and shows what the build has found.
vim.cmd('LaycBuild')
found = diagnostics(1)
check('build', #found == 1 and found[1].message:find('gizmo changes paths'), found)
vim.cmd('close!')
find('gizmo {')
local here = ask('textDocument/codeAction', { range = { start = { line = 9, character = 11 }, ['end'] = { line = 9, character = 11 } }, context = { diagnostics = {} } })
for _, action in ipairs(here) do
  if action.kind == 'quickfix' then vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16') end
end
local owned = vim.api.nvim_buf_get_lines(buffer, 10, 11, false)[1]
check('build fix', owned == '    owns "/opt/gizmo", "/etc/gizmo"' and #diagnostics(0) == 0, { owned, here })

find('gizmo {')
vim.lsp.util.apply_workspace_edit(ask('textDocument/rename', { newName = 'hammer' }), 'utf-16')
local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
check('rename', text:find('component hammer {') and text:find('uses hammer'), text)

vim.lsp.util.apply_text_edits(ask('textDocument/formatting', { options = { tabSize = 4, insertSpaces = true } }), buffer, 'utf-16')
text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
check('formatting', text:find('\n    uses hammer'), text)

-- The checksum of a download: of what the server downloads when the action is chosen.
local fetch = vim.fn.search('copy "gizmo"')
vim.api.nvim_buf_set_lines(buffer, fetch, fetch, false, { '    fetch "' .. vim.env.URL .. '/gizmo" to "/opt/gizmo/"' })
vim.fn.cursor(fetch + 1, 6)
local point = { line = fetch, character = 5 }
local offered = ask('textDocument/codeAction', { range = { start = point, ['end'] = point }, context = { diagnostics = {} } })
for _, action in ipairs(offered) do
  if action.command and action.command.command == 'layc.pin' then ask('workspace/executeCommand', action.command) end
end
local declared = function() return vim.api.nvim_buf_get_lines(buffer, fetch, fetch + 1, false)[1] end
vim.wait(20000, function() return declared():find('sha256') end, 20)
check('checksum', declared():find('/gizmo" sha256 "' .. vim.fn.sha256('gizmo') .. '" to'), { declared(), offered })

for _, client in pairs(vim.lsp.get_active_clients()) do client.stop() end
vim.wait(5000, function() return #vim.lsp.get_active_clients() == 0 end, 20)
vim.cmd(failed and 'cquit!' or 'quitall!')
