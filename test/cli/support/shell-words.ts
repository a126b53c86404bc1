/** One command of a shell line: its words, and what comes before it. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** `|`: it reads what the command before prints. */
  readonly after: '' | '&&' | '|' | ';';
}

/** Splits a line as a shell does, as far as documents need: quotes, backslashes, comments, pipes and `&&`. Variables and `$()` stay. */
export function splitShellLine(line: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let after: ShellCommand['after'] = '';
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (next: ShellCommand['after']): void => {
    endWord();
    if (words.length > 0) commands.push({ words, after });
    words = [];
    after = next;
  };
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === "'") {
      const end = line.indexOf("'", i + 1);
      word = (word ?? '') + line.slice(i + 1, end);
      i = end;
    } else if (char === '"') {
      word ??= '';
      for (i++; line[i] !== '"'; i++) {
        if (line[i] === '\\' && '"\\$`'.includes(line[i + 1]!)) i++;
        word += line[i]!;
      }
    } else if (char === '\\') word = (word ?? '') + (line[++i] ?? '');
    else if (char === ' ') endWord();
    else if (char === '#' && word === undefined) break;
    else if (line.startsWith('&&', i)) {
      endCommand('&&');
      i++;
    } else if (char === '|' || char === ';') endCommand(char);
    else word = (word ?? '') + char;
  }
  endCommand('');
  return commands;
}
