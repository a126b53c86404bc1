import { dialog, type Dialog } from '../state/dialogs.js';
import { showsFolder } from '../state/shown/folder-content.js';
import { refresh } from '../state/epoch.js';
import { moveLine, moveMatch } from '../state/file-cursor.js';
import { follow, go, hrefOf, leaveFile, place } from '../state/navigation.js';
import { modes, unnarrowed } from '../state/place.js';
import { connection } from '../state/session.js';
import { activeRow, moveActive, rows } from '../state/shown/shown-results.js';
import { fileOfItem } from '../search/item-links.js';
import { permalink } from './file/file-head.js';
import { focusContent, focusEntry, focusSearch } from './focus.js';
import { closeName } from './file/name-panel.js';

/** Keys that work wherever nobody types; see the dialog of keys. */
export function startKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || connection.peek().state !== 'ready' || dialog.peek() !== null) return;
    if (isTyping(event.target) || (isChoosing(event.target) && event.key.startsWith('Arrow'))) return;
    const action = event.key === 'Enter' ? enter(event) : actionOf(event);
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

type Action = () => void;

function actionOf(event: KeyboardEvent): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const mode = modes[Number(event.key) - 1];
  if (mode !== undefined) return () => go({ mode, file: null, ...unnarrowed });
  return (
    everywhere[event.key] ??
    (showsFolder.peek() ? inFolder : place.peek().file === null ? inResults : inFile)[event.key]
  );
}

const open = (name: Dialog) => () => {
  dialog.value = name;
};

const everywhere: Readonly<Record<string, Action>> = {
  '/': () => focusSearch(),
  '?': open('keys'),
  c: open('against'),
  R: refresh,
};

const next = (): void => {
  moveActive(1);
  focusContent();
};
/** Above the first result there is the search box. */
const previous = (): void => {
  if (activeRow.peek() === null || !moveActive(-1)) focusSearch();
  else focusContent();
};

const inResults: Readonly<Record<string, Action>> = {
  a: () => document.querySelector<HTMLButtonElement>('.row.active .hit-answer button')?.click(),
  j: next,
  ArrowDown: next,
  k: previous,
  r: open('rev'),
  ArrowUp: previous,
  Escape: () => focusSearch(),
};

const inFolder: Readonly<Record<string, Action>> = {
  j: () => focusEntry(1),
  ArrowDown: () => focusEntry(1),
  k: () => focusEntry(-1),
  ArrowUp: () => focusEntry(-1),
  u: () => {
    const { folder } = place.peek();
    go({ folder: folder.replace(/[^/]+\/$/, '') });
  },
  r: open('rev'),
  Escape: () => focusSearch(),
};

const inFile: Readonly<Record<string, Action>> = {
  j: () => moveLine(1, false),
  k: () => moveLine(-1, false),
  J: () => moveLine(1, true),
  K: () => moveLine(-1, true),
  n: () => moveMatch(1),
  p: () => moveMatch(-1),
  r: open('file-rev'),
  d: open('names'),
  u: () => go({ query: '', against: '', file: null, name: '', folder: place.peek().file!.path.replace(/[^/]+$/, '') }),
  y: () => {
    const href = permalink();
    if (href !== null) follow(href);
  },
  Escape: () => (place.peek().name === '' ? leaveFile() : closeName()),
};

/** Opens the active result, with Ctrl or the command key in a new tab. Buttons and links do what they do. */
function enter({ target, ctrlKey, metaKey }: KeyboardEvent): Action | undefined {
  if (target instanceof Element && target.closest('a, button') !== null) return undefined;
  const row = rows.peek()[activeRow.peek() ?? -1];
  if (place.peek().file !== null || row?.type !== 'item') return undefined;
  const href = hrefOf({ file: fileOfItem(row.item) });
  return () => (ctrlKey || metaKey ? void window.open(href) : follow(href));
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || (target instanceof HTMLInputElement && target.type === 'text');
}

/** In a group of radio buttons the arrows choose. */
function isChoosing(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'radio';
}
