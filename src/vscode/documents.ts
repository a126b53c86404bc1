/** A file as a rev has it, as a URI of its own scheme: what VS Code shows read-only. */
export interface RevDocument {
  readonly rev: string;
  readonly path: string;
  /** URI of the repository; empty: that of the workspace. */
  readonly folder: string;
}

export const scheme = 'coppice';

/** The parts of its URI. The path comes last in it, so that the editor knows the language. */
export function uriOfDocument({ rev, path, folder }: RevDocument): { path: string; query: string } {
  return { path: `/${path}`, query: JSON.stringify({ rev, folder }) };
}

/** Null for a URI that is none of ours. */
export function documentOfUri({ path, query }: { path: string; query: string }): RevDocument | null {
  try {
    const { rev, folder } = JSON.parse(query) as Partial<Record<string, unknown>>;
    if (typeof rev !== 'string' || typeof folder !== 'string') return null;
    return { rev, folder, path: path.replace(/^\//, '') };
  } catch {
    return null;
  }
}
