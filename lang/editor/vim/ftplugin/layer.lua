-- Neovim starts `layc lsp`. g:layc names another command; 0 starts none.
local command = vim.g.layc or 'layc'
if command == 0 or vim.fn.executable(command) == 0 then
  return
end

local buffer = vim.api.nvim_get_current_buf()
local dir = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':p:h')
local git = vim.fn.finddir('.git', vim.fn.escape(dir, ' ,;') .. ';')
local root = git == '' and dir or vim.fn.fnamemodify(git, ':p:h:h')
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
