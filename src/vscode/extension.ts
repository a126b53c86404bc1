import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';
import { commandOf, type Asked, type Mode, type Reach } from './asked.js';
import { documentOfUri, scheme, uriOfDocument } from './documents.js';
import {
  messageOf,
  revChoices,
  rowsOf,
  type Answers,
  type RevAnswer,
  type RevChoice,
  type Row,
  type Target,
} from './rows.js';

let client: LanguageClient | undefined;

/** Starts the language server, and shows the view that asks it. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const settings = vscode.workspace.getConfiguration('coppice');
  const command = settings.get<string>('command', 'coppice');
  client = new LanguageClient(
    'coppice',
    'Coppice',
    { command, args: ['lsp'] },
    { documentSelector: [{ scheme: 'file' }], outputChannelName: 'Coppice' },
  );
  const search = new SearchView();
  context.subscriptions.push(
    search,
    vscode.workspace.registerTextDocumentContentProvider(scheme, {
      provideTextDocumentContent: (uri) => showDocument(uri),
    }),
    ...Object.entries({
      'coppice.searchRanked': () => search.ask('ranked'),
      'coppice.searchExact': () => search.ask('exact'),
      'coppice.searchHistory': () => search.ask('history'),
      'coppice.chooseRev': () => search.chooseRev(),
      'coppice.searchInDependencies': () => search.chooseReach(),
      'coppice.openPage': () => openPage(command),
      'coppice.openRow': (target: Target) => openTarget(target),
    }).map(([name, run]) => vscode.commands.registerCommand(name, run as (...words: unknown[]) => unknown)),
  );
  try {
    await client.start();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    void vscode.window.showErrorMessage(`${command} lsp does not start: ${text}. Name the command in coppice.command.`);
  }
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

/** Asks the language server. */
function ask<T>(command: string, argument: object): Promise<T> {
  return client!.sendRequest<T>('workspace/executeCommand', { command, arguments: [argument] });
}

/** The view: what was searched last, where, and what was found. */
class SearchView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<Row>;
  private asked: Asked = { mode: 'ranked', query: '', rev: '', reach: 'own' };
  private rows: readonly Row[] = [];
  private latest = 0;

  constructor() {
    this.view = vscode.window.createTreeView('coppice.results', { treeDataProvider: this, showCollapseAll: true });
  }

  dispose(): void {
    this.view.dispose();
    this.changed.dispose();
  }

  getChildren(row?: Row): Row[] {
    return [...(row?.children ?? this.rows)];
  }

  getTreeItem({ label, detail, tooltip, target, children }: Row): vscode.TreeItem {
    const state = children.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None;
    const item = new vscode.TreeItem(label, state);
    item.description = detail;
    item.tooltip = tooltip;
    if (target !== undefined) item.command = { command: 'coppice.openRow', title: 'Open', arguments: [target] };
    return item;
  }

  /** Asks what to search for, beginning with what is selected. */
  async ask(mode: Mode): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const selected = editor === undefined ? '' : editor.document.getText(editor.selection);
    const query = await vscode.window.showInputBox({
      title: `Coppice: ${mode}${this.asked.rev === '' ? '' : ` at ${this.asked.rev}`}`,
      prompt:
        mode === 'ranked'
          ? 'words, "a phrase", /a regex/, path:src/ lang:go'
          : 'text as it stands, or /a regular expression/',
      value: selected.includes('\n') || selected === '' ? this.asked.query : selected,
    });
    if (query === undefined || query === '') return;
    await this.run({ ...this.asked, mode, query });
  }

  async chooseRev(): Promise<void> {
    const picker = vscode.window.createQuickPick<vscode.QuickPickItem & RevChoice>();
    picker.placeholder = 'Branch, tag, fork, any commit';
    const load = async (typed: string): Promise<void> => {
      picker.busy = true;
      const { revs } = await ask<{ revs: readonly RevAnswer[] }>('coppice.revs', { match: typed, limit: 200 });
      if (typed === picker.value)
        picker.items = revChoices(revs, typed).map((choice) => ({ ...choice, alwaysShow: true }));
      picker.busy = false;
    };
    picker.onDidChangeValue((typed) => void load(typed.trim()));
    picker.onDidAccept(() => {
      const [choice] = picker.selectedItems;
      picker.hide();
      if (choice !== undefined) void this.run({ ...this.asked, rev: choice.rev });
    });
    picker.onDidHide(() => picker.dispose());
    picker.show();
    await load('');
  }

  async chooseReach(): Promise<void> {
    const reaches: readonly Reach[] = ['dependencies', 'with dependencies', 'own'];
    const reach = await vscode.window.showQuickPick([...reaches], { placeHolder: 'Search in' });
    if (reach === undefined) return;
    const asked = { ...this.asked, reach: reach as Reach };
    this.asked = asked;
    if (asked.query === '') await this.ask(asked.mode === 'history' ? 'ranked' : asked.mode);
    else await this.run(asked);
  }

  private async run(asked: Asked): Promise<void> {
    this.asked = asked;
    if (asked.query === '') return;
    const own = ++this.latest;
    const limit = vscode.workspace.getConfiguration('coppice').get<number>('limit', 50);
    const { command, argument } = commandOf(asked, limit);
    await vscode.commands.executeCommand('coppice.results.focus');
    try {
      const answers = await vscode.window.withProgress({ location: { viewId: 'coppice.results' } }, () =>
        ask<Answers>(command, argument),
      );
      if (own !== this.latest) return;
      this.rows = rowsOf(asked, answers);
      this.view.message = messageOf(asked, answers);
    } catch (error) {
      if (own !== this.latest) return;
      this.rows = [];
      this.view.message = error instanceof Error ? error.message : String(error);
    }
    this.changed.fire();
  }
}

async function openTarget({ uri, rev, path, folder = '', range }: Target): Promise<void> {
  const document =
    uri === undefined
      ? vscode.Uri.from({ scheme, ...uriOfDocument({ rev: rev ?? 'HEAD', path, folder }) })
      : vscode.Uri.parse(uri);
  const { start, end } = range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.window.showTextDocument(document, { selection, preview: true });
}

async function showDocument(uri: vscode.Uri): Promise<string> {
  const document = documentOfUri(uri);
  if (document === null) return '';
  const { rev, path, folder } = document;
  return (await ask<{ text: string }>('coppice.show', { rev, path, ...(folder === '' ? {} : { folder }) })).text;
}

/** In the terminal, so that what goes wrong can be read. */
function openPage(command: string): void {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const terminal = vscode.window.createTerminal({ name: 'Coppice', ...(folder === undefined ? {} : { cwd: folder }) });
  terminal.sendText(`${command} open`);
  terminal.show();
}
