import { CoppiceError, closest } from '../../base/index.js';
import { languageByAlias } from '../../model/index.js';
import type { Command, FlagSpec, FlagTable, GivenFlag } from '../command.js';
import { globalFlags, type GlobalValues } from '../global-flags.js';

type Value = boolean | string | number | string[] | undefined;

export interface ParsedArguments {
  readonly args: string[];
  readonly flags: Record<string, Value>;
  readonly given: GivenFlag[];
  plainArgs: number;
}

export interface SplitCommandLine {
  /** The flags that stand before the command's name. */
  readonly before: string[];
  readonly name: string | undefined;
  readonly rest: string[];
}

/**
 * Finds the command's name: the first word that is neither a flag nor a flag's value. The rest is parsed once
 * the command, and so its flags, is loaded.
 */
export function splitCommandLine(argv: readonly string[]): SplitCommandLine {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith('-')) return { before: argv.slice(0, i), name: word, rest: argv.slice(i + 1) };
    if (word === '-C' && i + 2 < argv.length) {
      const rest = argv.slice(i + 2).join(' ');
      throw new CoppiceError('USAGE', '-C DIR is a flag of git', { hint: `coppice --repo ${argv[i + 1]!} ${rest}` });
    }
    const spec = (globalFlags as FlagTable)[word.slice(2)];
    if (spec !== undefined && spec.type !== 'boolean' && mayFollow(spec, argv[i + 1])) i++;
  }
  return { before: [...argv], name: undefined, rest: [] };
}

/** Whether a word after a flag can be its value: of one that needs none it may be the next argument. */
const mayFollow = ({ implied, choices }: FlagSpec, word: string | undefined): boolean =>
  implied === undefined || choices === undefined || choices.includes(word ?? '');

/** True when `flag` stands among the flags, whatever else is wrong with them. */
export function mentions(argv: readonly string[], ...names: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => names.includes(word));
}

export function parseFlags(words: readonly string[], table: FlagTable, owner: string): ParsedArguments {
  const parser = new FlagParser(words, table, { owner });
  parser.run();
  return parser.result;
}

/** Parses and checks what follows a command's name, `before` being the global flags in front of it. */
export function parseCommand(
  command: Command,
  before: readonly string[],
  rest: readonly string[],
): ParsedArguments & { globals: GlobalValues } {
  // Where a letter means one thing here and another everywhere, it is this command's, but alone it asks for help: so does git.
  const table: FlagTable = { ...globalFlags, ...command.flags };
  const early = parseFlags(before, globalFlags, 'coppice');
  const { dashedWords, elsewhere } = command;
  const words = rest.length === 1 && rest[0] === '-h' ? ['--help'] : rest;
  const parser = new FlagParser(words, table, {
    owner: `coppice ${command.name}`,
    ...(dashedWords && { dashedWords }),
    ...(elsewhere && { elsewhere }),
  });
  parser.run();
  const parsed = parser.result;
  for (const name in globalFlags) {
    const value = parsed.flags[name];
    if (Array.isArray(value)) parsed.flags[name] = [...(early.flags[name] as string[]), ...value];
    else if (value === undefined || value === false) parsed.flags[name] = early.flags[name];
  }
  if (parsed.flags['help'] !== true) checkArguments(command, parsed.args);
  return { ...parsed, globals: parsed.flags as unknown as GlobalValues };
}

function checkArguments(command: Command, args: readonly string[]): void {
  const helpHint = `coppice ${command.name} --help shows how it is used`;
  const missing = command.args[args.length];
  if (missing !== undefined && missing.optional !== true) {
    throw new CoppiceError('USAGE', `coppice ${command.name} needs ${missing.name}: ${missing.help}`, {
      hint: helpHint,
    });
  }
  if (args.length > command.args.length && command.args.at(-1)?.many !== true) {
    const surplus = args[command.args.length]!;
    throw new CoppiceError('USAGE', `coppice ${command.name} takes no argument ${quoteWord(surplus)}`, {
      hint: command.surplusHint ?? helpHint,
    });
  }
}

interface ParserRules extends Pick<Command, 'dashedWords' | 'elsewhere'> {
  /** Whose flags they are, as it is typed. */
  readonly owner: string;
}

const takesJoined = ({ type, choices, joins }: FlagSpec, value: string): boolean =>
  type === 'integer' ? /^\d+$/.test(value) : (choices?.includes(value) ?? joins?.(value) ?? true);

class FlagParser {
  readonly result: ParsedArguments = { args: [], flags: {}, given: [], plainArgs: Infinity };
  /** Letters and aliases of flags, by what is typed. */
  private readonly others = new Map<string, string>();
  private at = 0;
  private readonly undecided: { readonly name: string; readonly word: string; readonly at: number }[] = [];

  constructor(
    private readonly words: readonly string[],
    private readonly table: FlagTable,
    private readonly rules: ParserRules,
  ) {
    for (const [name, spec] of Object.entries(table)) {
      for (const other of [spec.short ?? [], spec.aliases ?? [], spec.habits ?? []].flat())
        this.others.set(other, name);
      this.result.flags[name] = spec.type === 'boolean' ? false : spec.many === true ? [] : spec.default;
    }
  }

  run(): void {
    while (this.at < this.words.length) {
      const word = this.words[this.at++]!;
      if (word === '--') {
        this.result.plainArgs = this.result.args.length;
        this.result.args.push(...this.words.slice(this.at));
        break;
      }
      if (word.startsWith('--')) this.long(word);
      else if (word.startsWith('-') && word.length > 1 && !this.isDashedWord(word)) this.cluster(word);
      else this.result.args.push(word);
    }
    this.decide();
  }

  private long(word: string): void {
    const equals = word.indexOf('=');
    const typed = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const name = typed.length > 1 ? (this.others.get(typed) ?? typed) : typed;
    const spec = Object.hasOwn(this.table, name) ? this.table[name] : undefined;
    if (spec === undefined) throw this.unknown(`--${typed}`, word);
    if (spec.type === 'boolean') {
      if (equals >= 0) throw this.usage(`--${typed} takes no value`);
      this.result.flags[name] = true;
    } else {
      if (equals < 0 && spec.implied !== undefined) this.maybe(name);
      else this.take(name, spec, `--${typed}`, equals < 0 ? this.next(`--${typed}`, spec) : word.slice(equals + 1));
    }
  }

  /** `-test` is no flag where it is not one as a whole: `-t` with a value that it takes. */
  private isDashedWord(word: string): boolean {
    if (this.rules.dashedWords !== true || word.length < 3) return false;
    for (let i = 1; i < word.length; i++) {
      const name = this.others.get(word[i]!);
      if (name === undefined) return true;
      const spec = this.table[name]!;
      if (spec.type === 'boolean') continue;
      const joined = word.slice(i + 1).replace(/^=/, '');
      return joined !== '' && !takesJoined(spec, joined);
    }
    return false;
  }

  /** `-Fi`, `-C3`, `-C 3`: switches may be joined, and the last one's value may follow at once. */
  private cluster(word: string): void {
    const bare = /^-\d+$/.test(word) && Object.entries(this.table).find(([, { bare }]) => bare === true);
    if (bare) {
      this.take(bare[0], bare[1], '-N', word.slice(1));
      return;
    }
    for (let i = 1; i < word.length; i++) {
      const shown = `-${word[i]!}`;
      const name = this.others.get(word[i]!);
      if (name === undefined) throw this.unknown(shown, word);
      const spec = this.table[name]!;
      if (spec.type !== 'boolean') {
        const joined = word.slice(i + 1).replace(/^=/, '');
        this.take(name, spec, shown, i + 1 < word.length ? joined : this.next(shown, spec));
        return;
      }
      this.result.flags[name] = true;
    }
  }

  /** A flag that may have a value: what follows is one, unless it turns out to be the only argument. */
  private maybe(name: string): void {
    const spec = this.table[name]!;
    const word = this.words[this.at];
    this.result.flags[name] = spec.implied!;
    if (word === undefined || word.startsWith('-') || /\s/.test(word) || !mayFollow(spec, word)) return;
    this.at++;
    this.undecided.push({ name, word, at: this.result.args.length });
  }

  private decide(): void {
    for (const { name, word, at } of this.undecided.reverse()) {
      if (this.result.args.length > 0 || this.result.given.some((flag) => flag.name === 'regexp'))
        this.take(name, this.table[name]!, `--${name}`, word);
      else this.result.args.splice(at, 0, word);
    }
  }

  private next(shown: string, spec: FlagSpec): string {
    if (this.at < this.words.length) return this.words[this.at++]!;
    throw this.usage(`${shown} needs a value: ${shown} ${spec.value ?? 'VALUE'}`);
  }

  private take(name: string, spec: FlagSpec, shown: string, text: string): void {
    this.result.given.push({ name, value: text });
    if (spec.type === 'integer') {
      const min = spec.min ?? 0;
      if (!/^\d{1,9}$/.test(text) || Number(text) < min) {
        throw this.usage(`${shown} needs a whole number from ${String(min)} on, not ${quoteWord(text)}`);
      }
      this.result.flags[name] = Number(text);
      return;
    }
    if (spec.choices !== undefined && !spec.choices.includes(text)) {
      const near = closest(text, spec.choices);
      const hint = near === undefined ? undefined : `did you mean ${near}?`;
      throw this.usage(`${shown} is one of ${spec.choices.join(', ')}, not ${quoteWord(text)}`, hint);
    }
    if (spec.many === true) (this.result.flags[name] as string[]).push(text);
    else this.result.flags[name] = text;
  }

  private unknown(shown: string, word: string): CoppiceError {
    const instead = this.rules.elsewhere?.[shown.replace(/^--?/, '')] ?? this.languageFlag(shown);
    if (instead !== undefined)
      return new CoppiceError('USAGE', `${shown} is not a flag of ${this.rules.owner}`, { hint: instead });
    const inside = word === shown || word.startsWith(`${shown}=`) ? '' : ` in ${word}`;
    const near = shown.startsWith('--') ? closest(shown.slice(2), Object.keys(this.table)) : undefined;
    const hint =
      near !== undefined
        ? `did you mean --${near}?`
        : `${this.rules.owner} --help lists its flags; what begins with - but is no flag goes after --`;
    return new CoppiceError('USAGE', `unknown flag ${shown}${inside}`, { hint });
  }

  /** `--js`, `--nojs`: what ag and ack call a language. */
  private languageFlag(shown: string): string | undefined {
    const [, not, name] = /^--(no-?)?(.+)$/.exec(shown) ?? [];
    if (name === undefined || this.table['lang'] === undefined || languageByAlias(name) === undefined) return undefined;
    return `${not === undefined ? '-t' : '-T'} ${name}`;
  }

  private usage(message: string, hint = `${this.rules.owner} --help shows how it is used`): CoppiceError {
    return new CoppiceError('USAGE', message, { hint });
  }
}

/** A user's word inside a message: quoted, so that an empty one or one with spaces can be seen. */
export function quoteWord(word: string): string {
  return `'${word}'`;
}
