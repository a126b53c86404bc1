import type * as handler from './http/request-handler.js';
import type * as pages from './http/page-files.js';

/** What answers HTTP requests. Loaded when needed: a command that only asks starts sooner without. */
export async function loadServer(): Promise<Pick<typeof handler & typeof pages, 'RequestHandler' | 'PageFiles'>> {
  const [{ RequestHandler }, { PageFiles }] = await Promise.all([
    import('./http/request-handler.js'),
    import('./http/page-files.js'),
  ]);
  return { RequestHandler, PageFiles };
}
