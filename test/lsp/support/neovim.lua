-- Run by a real Neovim, 0.7 or later: `-c 'luafile neovim.lua'`. $QUESTIONS is what is asked, as JSON: a list of { file, line, word, symbols, typed }.
-- Prints one line of JSON: what Neovim's client made of the answers, or { error }.
local isNew = vim.fn.has('nvim-0.11') == 1
local patienceMs = 20000
local answers, logged = {}, {}
local function placesIn(list)
  return vim.tbl_map(function(item)
    return vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':.') .. ':' .. item.lnum .. ':' .. item.col
  end, list)
end
local function namesIn(list)
  return vim.tbl_map(function(symbol) return symbol.name end, list or {})
end
local function waitFor(condition)
  return vim.wait(patienceMs, condition, 20)
end
local function note(_, said)
  table.insert(logged, said.message)
end
vim.lsp.handlers['window/logMessage'] = note
vim.lsp.handlers['window/showMessage'] = note

-- From 0.11 on the client is configured as the manual says; before, it is begun by hand.
local begun
local function attached()
  if not isNew then
    begun = begun or vim.lsp.start_client({ name = 'coppice', cmd = { 'coppice', 'lsp' }, root_dir = vim.fn.getcwd() })
    vim.lsp.buf_attach_client(0, begun)
    waitFor(function() return vim.lsp.get_client_by_id(begun).initialized end)
    return vim.lsp.get_client_by_id(begun)
  end
  local clients
  waitFor(function()
    clients = vim.lsp.get_clients({ bufnr = 0 })
    return clients[1] ~= nil and clients[1].initialized
  end)
  return clients[1]
end
local function ask(client, method, params)
  local said = isNew and client:request_sync(method, params, patienceMs, 0)
    or client.request_sync(method, params, patienceMs, 0)
  return (said or {}).result
end

local function answer(question)
  vim.cmd('edit ' .. question.file)
  local client = attached()
  local text = vim.api.nvim_buf_get_lines(0, question.line - 1, question.line, false)[1]
  vim.api.nvim_win_set_cursor(0, { question.line, assert(text:find(question.word, 1, true)) - 1 })
  local said = { client = client.name }
  local position = isNew and vim.lsp.util.make_position_params(0, client.offset_encoding) or vim.lsp.util.make_position_params()
  local hover = ask(client, 'textDocument/hover', position)
  said.hover = hover and hover.contents.value or vim.NIL
  -- As keys do it.
  vim.lsp.buf.references()
  waitFor(function() return #vim.fn.getqflist() > 0 end)
  said.references = placesIn(vim.fn.getqflist())
  vim.cmd('cclose')
  local function here()
    local cursor = vim.api.nvim_win_get_cursor(0)
    return vim.fn.fnamemodify(vim.fn.bufname(), ':.') .. ':' .. cursor[1] .. ':' .. cursor[2] + 1
  end
  local from = here()
  vim.lsp.buf.definition()
  waitFor(function() return here() ~= from end)
  said.definition = here()
  local outline = ask(client, 'textDocument/documentSymbol', { textDocument = vim.lsp.util.make_text_document_params() })
  said.outline = vim.tbl_map(function(item) return item.text end, vim.lsp.util.symbols_to_items(outline, 0))
  said.symbols = namesIn(ask(client, 'workspace/symbol', { query = question.symbols }))
  -- What is typed and not written is seen: Neovim sends it after 150 ms.
  vim.cmd('edit ' .. question.file)
  attached()
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { question.typed.text })
  waitFor(function()
    said.typed = namesIn(ask(client, 'workspace/symbol', { query = question.typed.symbols }))
    return #said.typed > 0
  end)
  vim.cmd('set nomodified')
  return said
end

local function all()
  for _, question in ipairs(vim.fn.json_decode(os.getenv('QUESTIONS'))) do
    table.insert(answers, answer(question))
  end
  local clients = isNew and vim.lsp.get_clients or vim.lsp.get_active_clients
  for _, client in ipairs(clients()) do
    if isNew then client:stop() else client.stop() end
  end
  local ended = waitFor(function() return #clients() == 0 end)
  return { answers = answers, logged = logged, ended = ended }
end

local ok, result = xpcall(all, debug.traceback)
io.stdout:write(vim.fn.json_encode(ok and result or { error = result }) .. '\n')
vim.cmd('qa!')
