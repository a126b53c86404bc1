import type { PackagesStatus, RepositoryStatus, RevStatus, StatusResult, VectorStatus } from '../../engine/index.js';
import { formatBytes, formatTable, formatTime, plural, printable, shortCommit } from '../terminal/format.js';
import { quotePath } from '../terminal/quote-path.js';
import type { Colour, Paint } from '../terminal/style.js';

/** Lists of files are for a glance; `--json` has all of them. */
const filesShown = 5;
const revsShown = 10;

/** What a person asks of it: how large, how fresh, what was left out; `all`: each tag and branch, and what is held in memory. */
export function formatStatus(status: StatusResult, paint: Paint, all = false): string {
  const held = [
    plural(status.files, 'file'),
    plural(status.chunks, 'chunk'),
    plural(status.trees, 'tree'),
    plural(status.commits, 'commit'),
    `${formatBytes(status.textBytes)} of text`,
  ].join(', ');
  const rows = [
    ['store', `${status.store} (format ${String(status.formatVersion)})`],
    ['size', `${formatBytes(status.sizeBytes)} in ${plural(status.segments, 'segment')}`],
    ['holds', held],
    ...status.vectors.map((vectors) => ['vectors', vectorsOf(vectors, status.chunks)]),
    ...(all ? [['memory', memoryOf(status)]] : []),
  ];
  if (status.packages > 0) rows.push(['packages', `${plural(status.packages, 'package')} of registries`]);
  for (const { name, roots, deps } of status.views)
    rows.push(['view', `${name}: ${roots.join(', ')}${deps ? ', with packages' : ''}`]);
  if (status.writer !== null) {
    const { pid, command, sinceMs } = status.writer;
    rows.push(['writer', `${command} (process ${String(pid)}, since ${formatTime(sinceMs)})`]);
  }
  const store = formatTable(rows.map(([name, value]) => [paint('bold', name!), value!]));
  if (status.repositories.length === 0) return `${store}\nno repository is indexed yet; coppice index does it\n`;
  return [store, ...status.repositories.map((repository) => formatRepository(repository, paint, all))].join('\n');
}

function vectorsOf({ model, revision, dimension, chunks, sizeBytes }: VectorStatus, all: number): string {
  const name = [model, revision].filter((part) => part !== '').join(' ');
  const covered = chunks === all ? 'all chunks' : `${String(chunks)} of ${plural(all, 'chunk')}`;
  return `${name} (${String(dimension)} components): ${covered}, ${formatBytes(sizeBytes)}`;
}

function memoryOf({ memory }: StatusResult): string {
  const { snapshots, snapshotBytes, snapshotBytesMax, cacheBytes, cacheBytesMax } = memory;
  const bounded = (bytes: number, max: number): string => `${formatBytes(bytes)} of ${formatBytes(max)}`;
  return `${plural(snapshots, 'open snapshot')} (${bounded(snapshotBytes, snapshotBytesMax)}), caches ${bounded(cacheBytes, cacheBytesMax)}`;
}

function packagesOf(status: PackagesStatus, paint: Paint): string {
  const { packages, direct, installed, indexed, missing, optional, ecosystems, skipped } = status;
  const kinds = Object.entries(ecosystems).map(([name, count]) => `${String(count)} of ${name}`);
  let text = `  depends on ${plural(packages, 'package')} (${kinds.join(', ')}; ${String(direct)} direct): `;
  text += `${String(installed)} on disk, ${String(indexed)} indexed, ${String(missing.length)} missing`;
  text += optional > 0 ? `, ${String(optional)} optional and not there\n` : '\n';
  if (missing.length > 0) {
    const more = missing.length > filesShown ? ', …' : '';
    text += paint('dim', `    missing: ${printable(missing.slice(0, filesShown).join(', '))}${more}`) + '\n';
  }
  for (const { what, reason } of skipped.slice(0, filesShown))
    text += paint('dim', `    left out: ${quotePath(what)}: ${printable(reason)}`) + '\n';
  return text;
}

function formatRepository(repository: RepositoryStatus, paint: Paint, all: boolean): string {
  let text = `${paint('boldMagenta', repository.name)}  ${paint('dim', repository.path)}\n`;
  const indexed = repository.revs.filter(({ kind, state }) => kind !== 'fork' && state !== 'not-indexed');
  // What is not as it should be is shown in any case.
  const shown = indexed.filter(({ kind, state }, i) => all || state !== 'indexed' || (kind !== 'tag' && i < revsShown));
  text += formatTable(
    shown.map((rev) => [paint('cyan', rev.rev), rev.kind, shortCommit(rev.commit, '-'), stateOf(rev, paint)]),
    '  ',
  );
  if (shown.length < indexed.length)
    text +=
      paint(
        'dim',
        `  and ${plural(indexed.length - shown.length, 'more rev', 'more revs')}, all indexed (--all lists them)`,
      ) + '\n';
  const left = repository.revs.filter(({ state }) => state === 'not-indexed').length;
  if (left > 0) text += paint('dim', `  ${plural(left, 'more rev is', 'more revs are')} not indexed yet`) + '\n';
  if (repository.forks > 0) text += `  ${plural(repository.forks, 'fork')} (coppice forks lists them)\n`;
  const { packages } = repository;
  if (packages !== undefined) text += packagesOf(packages, paint);
  const { skipped, exactOnly, diagnostics } = repository;
  if (exactOnly.length > 0) {
    text += `  ${plural(exactOnly.length, 'file')} too large to be ranked: grep and log find them\n`;
    text += shorten(
      exactOnly.map((file) => [quotePath(file.path), formatBytes(file.sizeBytes)]),
      paint,
    );
  }
  if (skipped.length > 0) {
    text += `  ${plural(skipped.length, 'file')} without searchable lines\n`;
    const rows = skipped.map((file) => [quotePath(file.path), file.reason, formatBytes(file.sizeBytes)]);
    text += shorten(rows, paint);
  }
  if (diagnostics.length > 0) {
    text += `  ${plural(diagnostics.length, 'file')} cut by lines, not by symbols\n`;
    text += shorten(
      diagnostics.map((file) => [quotePath(file.path), file.message]),
      paint,
    );
  }
  return text;
}

function shorten(rows: readonly (readonly string[])[], paint: Paint): string {
  const more = rows.length - filesShown;
  return (
    formatTable(rows.slice(0, filesShown), '    ') +
    (more > 0 ? paint('dim', `    and ${plural(more, 'more', 'more')}`) + '\n' : '')
  );
}

function stateOf({ state }: RevStatus, paint: Paint): string {
  const colours: Readonly<Record<RevStatus['state'], Colour>> = {
    indexed: 'green',
    incomplete: 'yellow',
    behind: 'yellow',
    'not-indexed': 'dim',
  };
  return paint(colours[state], state);
}
