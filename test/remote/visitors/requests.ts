import type { Operation, ParameterSpec, ParameterTable } from '../../../src/api/operation.js';
import { operationsByName } from '../../../src/api/operations.js';
import { toolsByName } from '../../../src/api/mcp/tools.js';
import type { Random } from '../../crash/support/random.js';
import type { Secret } from './world.js';

/** What is asked: over HTTP, or of a tool of MCP. */
export interface Asked {
  readonly what: 'operation' | 'tool' | 'path';
  readonly name: string;
  readonly repo: string | null;
  readonly input: Readonly<Record<string, unknown>>;
}

const common = ['parcel', 'weight', 'counted', 'Counter', 'parcelWeight', 'total', 're.?turn', 'Parcel weight', 'zq'];
const paths = [
  '/metrics',
  '/healthz',
  '/openapi.json',
  '/',
  '/index.html',
  '/v1/none',
  '/v1/',
  '/v1/search',
  '/team-a',
];

/** Any request at all, made of what the asker may have heard of repositories that are not for them. */
export function randomRequest(random: Random, secrets: readonly Secret[], known: readonly string[]): Asked {
  const one = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const secret = (): Secret => one(secrets);
  // All of a marker, or so much that what it is could be completed.
  const rumour = (): string => {
    const word = one(secret().markers);
    const shapes = [
      word,
      word.slice(0, -2),
      `${word.slice(0, 6)}x${word.slice(7)}`,
      word.toUpperCase(),
      `${word}Counter`,
      word.slice(2),
    ];
    return one(shapes);
  };
  const text = (): string =>
    random(2) === 0 ? one(common) : random(4) === 0 ? `${one(common)} ${rumour()}` : rumour();
  const rev = (): string =>
    one([
      () => 'main',
      () => 'HEAD',
      () => 'main~1',
      () => one(secret().revs),
      () => one(known),
      () => `fork:${one(known)}`,
      () => '@worktree',
      () => `${one(secret().revs)}^`,
      rumour,
      () => 'lease:0',
    ])();
  const path = (): string =>
    one([
      () => 'src/common.ts',
      () => one(secret().paths),
      () => `../${secret().name}/src/common.ts`,
      () => `${secret().repository.path}/src/common.ts`,
      () => 'src',
      () => rumour(),
    ])();
  const makers: readonly (readonly [RegExp, () => string])[] = [
    [/^(rev|revs|from|to|lease)$/, rev],
    [/^(path|paths|pathspecs|folder|usedIn|file)$/, path],
    [/^roots$/, () => secret().repository.path],
    // Of an edit: what another repository has.
    [/^text$/, () => one(secret().texts)],
  ];
  const value = (name: string, spec: ParameterSpec): unknown => {
    if (spec.choices !== undefined && spec.choices.includes('put') && random(2) === 0) return 'put';
    if (spec.choices !== undefined) return spec.type === 'strings' ? [one(spec.choices)] : one(spec.choices);
    switch (spec.type) {
      case 'boolean':
        return random(2) === 0;
      case 'integer':
        return Math.max(spec.min ?? 0, Math.min(spec.max ?? 50, 1 + random(50)));
      case 'objects':
        return [object(spec.fields!)];
      case 'string':
      case 'strings': {
        const make = makers.find(([names]) => names.test(name))?.[1] ?? text;
        return spec.type === 'string' ? make() : Array.from({ length: 1 + random(2) }, make);
      }
    }
  };
  const object = (table: ParameterTable): Record<string, unknown> => {
    const made: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(table)) {
      // Long enough for every answer; what an edit is of is not left to chance alone.
      if (name === 'deadlineMs' || name === 'base64' || name === 'ttlMs') continue;
      if (spec.required === true || random(spec.type === 'string' ? 2 : 5) === 0) made[name] = value(name, spec);
    }
    return made;
  };
  const repo = one([
    () => secret().name,
    () => secret().name,
    () => secret().name,
    () => `${secret().name}@main`,
    () => secret().repository.path,
    () => one(['view:*', '*', 'view:all', 'no-such', '', '.', '/', 'team-', 'TEAM-A', 'team-*']),
  ])();
  if (random(20) === 0) return { what: 'path', name: one(paths), repo: null, input: {} };
  if (random(4) === 0) {
    const tool = one([...toolsByName.values()]);
    return { what: 'tool', name: tool.name, repo, input: object(tool.parameters) };
  }
  // What reads is asked most.
  const all = [...operationsByName.values()] as Operation[];
  const often = all.filter(({ name }) =>
    /^(search|grep|symbols|definition|references|log|show|resolve|files|revs|outline|compare|fork|apply|repositories)/.test(
      name,
    ),
  );
  const operation = one(random(4) === 0 ? all : often);
  return { what: 'operation', name: operation.name, repo, input: object(operation.parameters) };
}
