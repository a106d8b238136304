-- Neovim starts `layc lsp`. g:layc names another command; 0 starts none.
local command = vim.g.layc or 'layc'
if command == 0 or vim.fn.executable(command) == 0 then
  return
end

local buffer = vim.api.nvim_get_current_buf()
local dir = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':p:h')
local git = vim.fn.finddir('.git', vim.fn.escape(dir, ' ,;') .. ';')
local root = git == '' and dir or vim.fn.fnamemodify(git, ':p:h:h')

-- :LaycBuild builds the images of the module in a terminal. The server then shows the errors of the
-- build, with their fixes.
vim.api.nvim_buf_create_user_command(buffer, 'LaycBuild', function()
  vim.cmd('silent wall')
  local result = vim.fn.tempname()
  local options = { cwd = dir, term = true }
  function options.on_exit()
    if vim.fn.filereadable(result) == 1 then
      local built = vim.json.decode(table.concat(vim.fn.readfile(result), '\n'))
      local params = { command = 'layc.built', arguments = { vim.uri_from_fname(dir), built } }
      vim.lsp.buf_request(buffer, 'workspace/executeCommand', params, function() end)
    end
  end
  vim.cmd('botright new')
  local run = vim.fn.has('nvim-0.11') == 1 and vim.fn.jobstart or vim.fn.termopen
  run({ command, 'build', '--json-file', result }, options)
end, {})

local config = { name = 'layc', cmd = { command, 'lsp' }, root_dir = root }

if vim.lsp.start then
  vim.lsp.start(config, { bufnr = buffer })
else -- Neovim 0.7
  for _, client in ipairs(vim.lsp.get_active_clients()) do
    if client.name == 'layc' and client.config.root_dir == root then
      vim.lsp.buf_attach_client(buffer, client.id)
      return
    end
  end
  config.on_init = function(client)
    vim.lsp.buf_attach_client(buffer, client.id)
  end
  vim.lsp.start_client(config)
end
