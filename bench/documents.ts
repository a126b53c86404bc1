// Every command that README and manual show: npm run bench -- documents [--page NAME]
//
// Each line of their shell blocks is typed into bash, in a sample repository, with a daemon, as a reader would. What is left out
// needs the network or changes the machine (`excepted` in test/cli/support/documents.ts).
import { DocumentWorld, excepted, isDone, pages, runnable, shellLines } from '../test/cli/support/documents.js';
import { machine, option, printTable, writeJson } from './support/measure.js';

const only = option('page', '');
const world = await DocumentWorld.make();
const rows: { page: string; lines: number; run: number; failed: number }[] = [];
const failures: { page: string; line: string; code: number | null; stderr: string }[] = [];
for (const page of pages.filter((name) => name.includes(only))) {
  const lines = runnable(page).flat();
  let failed = 0;
  for (const line of lines) {
    const { code, stderr } = world.run(line);
    if (isDone(line, { code, stderr })) continue;
    failed++;
    failures.push({ page, line, code, stderr });
    console.error(`${page}: ${line}\n  exit code ${String(code)}: ${stderr.trim()}`);
  }
  if (lines.length > 0) rows.push({ page, lines: shellLines(page).flat().length, run: lines.length, failed });
}
world.stop();
const run = rows.reduce((sum, row) => sum + row.run, 0);
const lines = rows.reduce((sum, row) => sum + row.lines, 0);
printTable(`commands of the documents; ${machine()}`, [
  { what: 'lines that show commands', measured: String(lines), target: '', met: null },
  {
    what: `run (left out: ${excepted.map(([, why]) => why).join(', ')})`,
    measured: String(run),
    target: '',
    met: null,
  },
  { what: 'that fail or find nothing', measured: String(failures.length), target: '0', met: failures.length === 0 },
]);
writeJson('documents', { rows, failures });
process.exitCode = failures.length > 0 ? 1 : 0;
