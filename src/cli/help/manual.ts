import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page of the manual: `src/manual/NAME.md`, whose first line is `# TITLE`. */
export interface Topic {
  readonly name: string;
  readonly title: string;
}

/** All pages, by name. */
export function readTopics(): Topic[] {
  const folder = manualFolder();
  if (folder === null) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => {
      const [head = ''] = readFileSync(join(folder, file), 'utf8').split('\n', 1);
      return { name: file.slice(0, -'.md'.length), title: head.replace(/^# /, '') };
    });
}

/** The text of a page, as Markdown; undefined when there is none of that name. */
export function readTopic(name: string): string | undefined {
  const folder = manualFolder();
  if (folder === null || !/^[\w-]+$/.test(name)) return undefined;
  const file = join(folder, `${name}.md`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Beside the sources, or where the build puts it. */
function manualFolder(): string | null {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    for (const folder of [join(at, 'dist', 'manual'), join(at, 'manual')]) if (existsSync(folder)) return folder;
    if (dirname(at) === at) return null;
  }
}
