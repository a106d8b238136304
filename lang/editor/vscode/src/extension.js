// The extension starts `layc lsp` in workspaces that the user trusts, and runs layc's commands.

const { execFile } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

const command = () => vscode.workspace.getConfiguration('layer').get('path') || 'layc';

async function start(context) {
  client = new LanguageClient('layer', 'layc', { command: command(), args: ['lsp'] }, {
    documentSelector: [{ language: 'layer' }],
    synchronize: { configurationSection: 'layc' },
  });
  context.subscriptions.push(client);
  try {
    await client.start();
  } catch (err) {
    const settings = 'Open Settings';
    const chosen = await vscode.window.showErrorMessage(
      `Cannot start ${command()} lsp: ${err.message}. Install layc, or set layer.path.`, settings);
    if (chosen) vscode.commands.executeCommand('workbench.action.openSettings', 'layer.path');
  }
}

// moduleDir returns the directory of the file that is shown, which is its module.
function moduleDir() {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === 'layer' && document.uri.scheme === 'file') return path.dirname(document.uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

// task runs layc in a terminal.
async function task(name, args) {
  const cwd = moduleDir();
  if (!cwd) return vscode.window.showErrorMessage('Open a .layer file first.');
  await vscode.workspace.saveAll(false);
  const t = new vscode.Task({ type: 'layc', name }, vscode.TaskScope.Workspace, name, 'layc',
    new vscode.ProcessExecution(command(), args, { cwd }));
  t.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  return vscode.tasks.executeTask(t);
}

// layc returns what a command prints.
const layc = (args, cwd) => new Promise((resolve, reject) =>
  execFile(command(), args, { cwd, maxBuffer: 64 << 20 }, (err, out, errors) =>
    err ? reject(new Error(errors.trim() || err.message)) : resolve(out)));

let page; // the panel of the plan

async function plan() {
  const cwd = moduleDir();
  if (!cwd) return vscode.window.showErrorMessage('Open a .layer file first.');
  await vscode.workspace.saveAll(false);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'layc-plan-'));
  try {
    const file = path.join(dir, 'plan.html');
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'layc plan' },
      () => layc(['plan', '--html', file], cwd));
    const html = fs.readFileSync(file, 'utf8');
    if (!page) {
      page = vscode.window.createWebviewPanel('layer.plan', 'Plan', vscode.ViewColumn.Beside, { enableScripts: true });
      page.onDidDispose(() => { page = undefined; });
    }
    page.webview.html = html;
    page.title = `Plan of ${path.basename(cwd)}`;
    page.reveal(undefined, true);
  } catch (err) {
    vscode.window.showErrorMessage(`layc plan: ${err.message}`);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
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
  register('layer.build', () => task('build', ['build', '-o', 'out']));
  register('layer.plan', plan);
  register('layer.explain', explain);
  if (vscode.workspace.isTrusted) return start(context);
  context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => start(context)));
};
