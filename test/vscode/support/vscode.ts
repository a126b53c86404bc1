import { vi } from 'vitest';

/** A double of VS Code: as much of it as the extension uses, and what it was told. */
export const told = {
  commands: new Map<string, (...words: unknown[]) => unknown>(),
  provider: undefined as
    { getChildren(row?: unknown): unknown[]; getTreeItem(row: unknown): Record<string, unknown> } | undefined,
  view: { message: '', dispose: vi.fn() },
  errors: [] as string[],
  opened: [] as unknown[],
  /** What the user types or chooses next. */
  input: undefined as string | undefined,
};

export class EventEmitter {
  readonly event = vi.fn();
  readonly fire = vi.fn();
  readonly dispose = vi.fn();
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState: number,
  ) {}
}

export class Range {
  constructor(readonly startLine: number) {}
}

export const TreeItemCollapsibleState = { None: 0, Expanded: 2 };
export const Uri = {
  parse: (text: string) => text,
  from: ({ scheme, path, query }: Record<string, string>) => `${scheme}:${path}?${query}`,
};

const disposable = { dispose: vi.fn() };

export const commands = {
  registerCommand(name: string, run: (...words: unknown[]) => unknown) {
    told.commands.set(name, run);
    return disposable;
  },
  executeCommand: vi.fn(() => Promise.resolve()),
};

export const window = {
  activeTextEditor: undefined,
  createTreeView(_: string, { treeDataProvider }: { treeDataProvider: typeof told.provider }) {
    told.provider = treeDataProvider;
    return told.view;
  },
  showErrorMessage: (text: string) => void told.errors.push(text),
  showInputBox: () => Promise.resolve(told.input),
  showQuickPick: () => Promise.resolve(told.input),
  showTextDocument: (uri: unknown) => Promise.resolve(told.opened.push(uri)),
  withProgress: (_: object, run: () => Promise<unknown>) => run(),
};

export const workspace = {
  getConfiguration: () => ({ get: (_: string, given: unknown) => given }),
  registerTextDocumentContentProvider: () => disposable,
};
