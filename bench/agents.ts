// What a coding agent gets for its tokens: npm run bench -- agents --sets DIR --repos DIR [--only NAME,…] [--store DIR]
//   [--peer 'node /path/to/other/dist/main.js' [--peer-store DIR]]
//
// Servers run as an agent starts them (`coppice mcp`, on stdio). The labelled questions (bench/quality/README.md) are asked of the tool
// `search` in its budgets of tokens: which of the relevant files does the answer show? With a peer, an older build for one, both are asked
// once with nothing but the question, as agents mostly do, and what their answers take is compared. Bytes are counted as four to a token.
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { mean, pathsMatch } from '../src/evaluation/index.js';
import { makeFolder } from '../test/support/git.js';
import { codeLanguages, readSets, type LabelledRepository } from './quality/sets.js';
import { flag, machine, option, printTable, writeJson } from './support/measure.js';

const budgets = [500, 1000, 2000] as const;
const targets = { 500: 0.85, 1000: 0.93, 2000: 0.97 } as const;
const bytesPerToken = 4;
const answerMs = 300_000;

interface Asked {
  readonly text: string;
  /** Bytes of all that the client is sent. */
  readonly bytes: number;
}

class Agent {
  private constructor(
    private readonly client: Client,
    readonly definitionTokens: number,
  ) {}

  static async start(command: string, store: string): Promise<Agent> {
    const [program, ...args] = command.split(' ') as [string, ...string[]];
    const client = new Client({ name: 'bench', version: '0' });
    const env = { ...(process.env as Record<string, string>), COPPICE_HOME: store, COPPICE_DAEMON: 'off' };
    await client.connect(new StdioClientTransport({ command: program, args: [...args, 'mcp'], env, stderr: 'ignore' }));
    const { tools } = await client.listTools();
    return new Agent(client, Buffer.byteLength(JSON.stringify(tools)) / bytesPerToken);
  }

  async search(args: Record<string, unknown>): Promise<Asked> {
    const options = { timeout: answerMs, maxTotalTimeout: answerMs };
    const answer = await this.client.callTool({ name: 'search', arguments: args }, undefined, options);
    const [part] = answer.content as readonly { text?: string }[];
    if (answer.isError === true) throw new Error(part?.text);
    return { text: part?.text ?? '', bytes: Buffer.byteLength(JSON.stringify(answer)) };
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** The files of which an answer shows lines: `path:1-9` above them. */
const filesOf = (text: string): string[] =>
  [...text.matchAll(/^(?:\d+[.)] )?([^\s:][^:\n]*):\d+(?:-\d+)?(?= |$)/gm)].map(([, path]) => path!);

/** The share of the relevant files that are among some. */
function shareOf(wanted: readonly string[], shown: readonly string[]): number {
  return mean(wanted.map((path) => (shown.some((one) => pathsMatch(one, path)) ? 1 : 0)));
}

const wantedOf = (targets: LabelledRepository['queries'][number]['targets']): string[] => [
  ...new Set(targets.map(({ path }) => path)),
];

const { repositories: all, missing } = readSets(option('sets'), option('repos'));
if (missing.length > 0) console.error(`not found: ${missing.join(', ')}`);
const only = flag('only') ? option('only').split(',') : null;
const repositories = all.filter(({ name }) => only?.includes(name) ?? true);

const ours = await Agent.start(`${process.execPath} ${join('dist', 'main.js')}`, option('store', makeFolder()));
const peer = flag('peer') ? await Agent.start(option('peer'), option('peer-store', makeFolder())) : null;

interface Row {
  readonly repository: string;
  readonly queries: number;
  /** By budget, the share of relevant files, and tokens that the answers took. */
  readonly within: Record<number, { readonly share: number; readonly tokens: number }>;
  readonly plain: { readonly ours: Plain; readonly peer: Plain } | null;
}

interface Plain {
  readonly tokens: number;
  readonly useful: number;
}

const rows: Row[] = [];
for (const repository of repositories) {
  const { name, path, rev, prefix, queries } = repository;
  const at = { repo: path, rev, languages: codeLanguages };
  const ask = async (agent: Agent, args: object): Promise<Asked> => agent.search({ ...at, ...args });
  const shown = ({ text }: Asked): string[] => filesOf(text).map((file) => prefix + file);
  const within: Row['within'] = {};
  for (const budget of budgets) {
    const shares: number[] = [];
    const tokens: number[] = [];
    for (const { query, targets } of queries) {
      const answer = await ask(ours, { query, max_tokens: budget, limit: 50 });
      shares.push(shareOf(wantedOf(targets), shown(answer)));
      tokens.push(Buffer.byteLength(answer.text) / bytesPerToken);
    }
    within[budget] = { share: mean(shares), tokens: mean(tokens) };
  }
  let plain: Row['plain'] = null;
  if (peer !== null) {
    const counted = async (agent: Agent): Promise<Plain> => {
      let [bytes, useful] = [0, 0];
      for (const { query, targets } of queries) {
        // As an agent asks; an older build knows fewer languages than the sets of files are made of.
        const answer = await agent.search({ repo: path, rev, query });
        bytes += answer.bytes;
        if (shareOf(wantedOf(targets), shown(answer)) > 0) useful++;
      }
      return { tokens: bytes / bytesPerToken, useful };
    };
    plain = { ours: await counted(ours), peer: await counted(peer) };
  }
  rows.push({ repository: name, queries: queries.length, within, plain });
  const figures = budgets.map((budget) => within[budget]!.share.toFixed(3)).join(' ');
  const compared = plain === null ? '' : `  useful ${plain.ours.useful} / ${plain.peer.useful} of ${queries.length}`;
  console.log(`${name.padEnd(22)} ${figures}${compared}`);
}
await ours.close();
await peer?.close();

const queries = rows.reduce((sum, row) => sum + row.queries, 0);
const perUseful = (of: 'ours' | 'peer'): number =>
  rows.reduce((sum, { plain }) => sum + plain![of].tokens, 0) /
  rows.reduce((sum, { plain }) => sum + plain![of].useful, 0);
const compared =
  peer === null
    ? []
    : [
        {
          what: 'tokens for each answer that shows a relevant file, with nothing but the question: of those of the peer',
          measured: `${perUseful('ours').toFixed(0)} of ${perUseful('peer').toFixed(0)} (${(perUseful('ours') / perUseful('peer')).toFixed(2)}x)`,
          target: '0.60x',
          met: perUseful('ours') <= 0.6 * perUseful('peer'),
        },
      ];
printTable(`${queries} questions of ${rows.length} repositories, asked as an agent does; ${machine()}`, [
  {
    what: 'tokens of the definitions of all tools',
    measured: `${ours.definitionTokens.toFixed(0)}${peer === null ? '' : ` (${peer.definitionTokens.toFixed(0)})`}`,
    target: '2,500',
    met: ours.definitionTokens <= 2500,
  },
  ...budgets.map((budget) => {
    const share = mean(rows.map(({ within }) => within[budget]!.share));
    const tokens = mean(rows.map(({ within }) => within[budget]!.tokens));
    return {
      what: `relevant files that an answer of ${budget} tokens shows (it took ${tokens.toFixed(0)})`,
      measured: share.toFixed(3),
      target: String(targets[budget]),
      met: share >= targets[budget],
    };
  }),
  ...compared,
]);
writeJson('agents', { rows });
