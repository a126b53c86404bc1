import type { CommandContext } from '../context.js';
import { formatCount } from './format.js';

/** Says below a list that it is only the beginning: `20 of 218 (-n 218 shows all)`; `total` where it is known. */
export async function noteMore(
  context: CommandContext,
  { shown, total, flag }: { readonly shown: number; readonly total?: number | null; readonly flag: string },
): Promise<void> {
  if (typeof total === 'number' && shown >= total) return;
  await context.out.end();
  const all = typeof total !== 'number' ? 'many more' : formatCount(total);
  const larger =
    typeof total !== 'number' ? `${flag} ${String(10 * shown)} shows more` : `${flag} ${String(total)} shows all`;
  context.note(`${formatCount(shown)} of ${all} (${larger})`);
}
