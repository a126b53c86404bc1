import { languages } from '../../model/index.js';

const byExtension = new Map<string, string>();
const byFileName = new Map<string, string>();
for (const { id, extensions, fileNames } of languages) {
  for (const extension of extensions) if (!byExtension.has(extension)) byExtension.set(extension, id);
  for (const name of fileNames) byFileName.set(name, id);
}

/** The language that a file's name tells; `text` where it tells none. Contents are not looked at. */
export function languageOfPath(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  return byFileName.get(name) ?? (dot < 0 ? undefined : byExtension.get(name.slice(dot + 1))) ?? 'text';
}
