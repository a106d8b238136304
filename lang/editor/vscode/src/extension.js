// The extension starts `layc lsp` in workspaces that the user trusts, and runs layc's commands.

const { execFile } = require('child_process');
const fs = require('fs/promises');
const os = require('os');
const path = require('path');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

const command = () => vscode.workspace.getConfiguration('layc').get('path') || 'layc';

async function start(context) {
  client = new LanguageClient('layc', 'layc', { command: command(), args: ['lsp'] }, {
    documentSelector: [{ language: 'layer' }],
    synchronize: { configurationSection: 'layc' },
    middleware: { window: { showDocument: show } },
  });
  context.subscriptions.push(client);
  try {
    await client.start();
  } catch (err) {
    const settings = 'Open Settings';
    const chosen = await vscode.window.showErrorMessage(
      `Cannot start ${command()} lsp: ${err.message}. Install layc, or set layc.path.`, settings);
    if (chosen) vscode.commands.executeCommand('workbench.action.openSettings', 'layc.path');
  }
}

// moduleDir returns the directory of the file that is shown, which is its module.
function moduleDir() {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === 'layer' && document.uri.scheme === 'file') return path.dirname(document.uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

// task runs layc in a terminal, in the directory of the module, and returns that when it has ended.
async function task(name, args) {
  const cwd = moduleDir();
  if (!cwd) {
    vscode.window.showErrorMessage('Open a .layer file first.');
    return undefined;
  }
  await vscode.workspace.saveAll(false);
  const t = new vscode.Task({ type: 'layc', name }, vscode.TaskScope.Workspace, name, 'layc',
    new vscode.ProcessExecution(command(), args, { cwd }));
  t.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  const execution = await vscode.tasks.executeTask(t);
  return new Promise(resolve => {
    const end = vscode.tasks.onDidEndTask(e => {
      if (e.execution !== execution) return;
      end.dispose();
      resolve(cwd);
    });
  });
}

// build builds the images. The server shows the errors of the build, with their fixes.
async function build() {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'layc-'));
  try {
    const file = path.join(dir, 'result.json');
    const cwd = await task('build', ['build', '-o', 'out', '--json-file', file]);
    const result = await fs.readFile(file, 'utf8').catch(() => ''); // none if the program has errors
    if (cwd && result) {
      const uri = client.code2ProtocolConverter.asUri(vscode.Uri.file(cwd));
      await vscode.commands.executeCommand('layc.built', uri, JSON.parse(result));
    }
  } catch (err) {
    vscode.window.showErrorMessage(`Cannot show the errors of the build: ${err.message}`);
  } finally {
    await fs.rm(dir, { recursive: true, force: true });
  }
}

// layc returns what a command prints.
const layc = (args, cwd) => new Promise((resolve, reject) =>
  execFile(command(), args, { cwd, maxBuffer: 64 << 20 }, (err, out, errors) =>
    err ? reject(new Error(errors.trim() || err.message)) : resolve(out)));

// plan shows the server's page of the plan, which follows each saved change.
async function plan() {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== 'layer') return vscode.window.showErrorMessage('Open a .layer file first.');
  await document.save();
  try {
    await vscode.commands.executeCommand('layc.plan', client.code2ProtocolConverter.asUri(document.uri));
  } catch (err) {
    vscode.window.showErrorMessage(`No plan: ${err.message}`);
  }
}

// show opens a page of the server in a tab of the editor.
async function show(params, next) {
  if (!params.uri.startsWith('http://')) return next(params);
  const uri = await vscode.env.asExternalUri(vscode.Uri.parse(params.uri));
  await vscode.commands.executeCommand('simpleBrowser.api.open', uri, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
  return { success: true };
}

// explain shows the page of an error: of the one at the cursor, or of one that the user names.
async function explain() {
  const editor = vscode.window.activeTextEditor;
  const here = editor && vscode.languages.getDiagnostics(editor.document.uri)
    .find(d => d.range.contains(editor.selection.active))?.code;
  const code = await vscode.window.showInputBox({
    prompt: 'Which error or warning?', value: String(here?.value ?? here ?? ''), placeHolder: 'E0310',
  });
  if (!code) return;
  try {
    const content = await layc(['explain', code], moduleDir() || os.homedir());
    vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content }), { preview: true });
  } catch (err) {
    vscode.window.showErrorMessage(err.message);
  }
}

exports.activate = async context => {
  const register = (name, run) => context.subscriptions.push(vscode.commands.registerCommand(name, run));
  register('layer.check', () => task('check', ['check']));
  register('layer.lock', () => task('lock', ['lock']));
  register('layer.build', build);
  register('layer.plan', plan);
  register('layer.explain', explain);
  if (vscode.workspace.isTrusted) return start(context);
  context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => start(context)));
};
