import type { CommandContext } from './context.js';

/** A flag, said once: the parser, the help text and the suggestions all come from this. */
export interface FlagSpec {
  readonly type: 'boolean' | 'string' | 'integer';
  /** One letter, for `-F`. */
  readonly short?: string;
  /** Other names that fingers know, one letter or more. */
  readonly aliases?: readonly string[];
  /** Names that are taken as this flag's, and that help does not list. */
  readonly habits?: readonly string[];
  /** May be given several times; the value is the list. Strings only. */
  readonly many?: true;
  /** The only values allowed. Strings only. */
  readonly choices?: readonly string[];
  /** What it has where no value follows: none follows that is needed as an argument, begins with `-`, or is none of its choices. Strings only. */
  readonly implied?: string;
  /** What stands for the value in help: `REV`. */
  readonly value?: string;
  readonly default?: string | number;
  /** Smallest integer allowed. */
  readonly min?: number;
  /** `-3` gives it. Integers only. */
  readonly bare?: true;
  /** Where words that begin with `-` are allowed: whether what is joined to the letter is a value of this flag. */
  readonly joins?: (value: string) => boolean;
  readonly help: string;
}

export type FlagTable = Readonly<Record<string, FlagSpec>>;

type ChoiceOf<F extends FlagSpec> = F extends { choices: readonly (infer C)[] } ? C : string;
type OrMissing<F extends FlagSpec, T> = F extends { default: string | number } ? T : T | undefined;
type FlagValue<F extends FlagSpec> = F['type'] extends 'boolean'
  ? boolean
  : F['type'] extends 'integer'
    ? OrMissing<F, number>
    : F extends { many: true }
      ? readonly ChoiceOf<F>[]
      : OrMissing<F, ChoiceOf<F>>;

export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: FlagValue<T[K]> };

export interface ArgumentSpec {
  /** As help shows it: `PATTERN`. */
  readonly name: string;
  readonly help: string;
  readonly optional?: true;
  /** Takes all that is left; only for the last one. */
  readonly many?: true;
}

/** A flag with a value, in the order given: `apply` depends on the order across different flags. */
export interface GivenFlag {
  readonly name: string;
  readonly value: string;
}

export interface CommandInput<T extends FlagTable> {
  readonly args: readonly string[];
  readonly flags: FlagValues<T>;
  readonly given: readonly GivenFlag[];
  /** How many of the arguments stand before `--`; all of them where there is none. */
  readonly plainArgs: number;
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

/** 0 done or found, 1 nothing found, 2 error. */
export type ExitCode = 0 | 1 | 2;

export interface CommandDefinition<T extends FlagTable> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What follows the command's name; derived from the arguments when left out. */
  readonly usage?: string;
  /** More than the summary, for the command's own help. */
  readonly description?: string;
  readonly args: readonly ArgumentSpec[];
  readonly flags: T;
  readonly examples: readonly Example[];
  /** A word that begins with `-` and is no flag is an argument (`search -test`): what looks like flags is told by their values. */
  readonly dashedWords?: true;
  /** Flags of other tools that this one does without, and what to type instead, in one line: a letter, or a name. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** The way out when an argument too many is given: `to search another rev use --rev`. */
  readonly surplusHint?: string;
  readonly run: (context: CommandContext, input: CommandInput<T>) => Promise<ExitCode>;
}

export type Command = CommandDefinition<FlagTable>;

/** Keeps the flags' types inside `run`, and gives every command one type outside. */
export function defineCommand<const T extends FlagTable>(definition: CommandDefinition<T>): Command {
  // Sound because the parser makes exactly the values that the table declares.
  return definition as unknown as Command;
}

/** Drops what was not given, so that options objects hold no explicit undefined. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present: Partial<T> = {};
  for (const key in options) if (options[key] !== undefined) present[key] = options[key];
  return present as { [K in keyof T]?: Exclude<T[K], undefined> };
}
