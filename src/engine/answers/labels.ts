import { resolve } from 'node:path';

import { CoppiceError } from '../../base/index.js';
import { appendLineBelow } from '../../store/index.js';
import { withRev } from '../revs/revs.js';
import { showFile } from './show.js';
import type { Session } from '../session/session.js';
import type { AddedLabel, CallOptions, Label } from '../types.js';

const setDefault = 'golden.jsonl';

/** See `Engine.addLabel`. */
export async function addLabel(
  session: Session,
  { query, path, startLine, endLine, rev, set, feedback, answered = true }: Label & CallOptions,
): Promise<AddedLabel> {
  const { shared, repository } = session;
  if (feedback === true && !shared.settings.feedback)
    throw new CoppiceError('FORBIDDEN', 'feedback is not allowed', {
      hint: '"feedback": true in config.json of the store allows it',
    });
  if (query.trim() === '') throw new CoppiceError('USAGE', 'the question is empty', { hint: 'say what was asked' });
  const lines = startLine === undefined ? undefined : { start: startLine, end: endLine ?? startLine };
  const shown = await withRev(session, rev ?? session.defaultRev, {}, (opened) =>
    showFile(session, opened, path, lines, undefined),
  );
  const isOfStore = feedback === true || (repository.workTree === null && set === undefined);
  const folder = isOfStore || repository.workTree === null ? shared.store.path : repository.workTree;
  const own = `golden/${repository.name.replace(/[^\w.-]/g, '_')}${feedback === true ? '-feedback' : ''}.jsonl`;
  const name = isOfStore ? own : (set ?? setDefault);
  if (!name.endsWith('.jsonl'))
    throw new CoppiceError('USAGE', `${name} is no golden set: its name does not end with .jsonl`, {
      hint: 'name a file such as golden.jsonl',
    });
  const target = {
    path,
    ...(lines !== undefined && { startLine: shown.startLine, endLine: shown.endLine }),
  };
  const entry = {
    query,
    category: feedback === true ? 'feedback' : 'label',
    relevant: answered ? [target] : [],
    ...(answered ? {} : { irrelevant: [target] }),
  };
  appendLineBelow(folder, name, JSON.stringify(entry));
  return { set: resolve(folder, name) };
}
