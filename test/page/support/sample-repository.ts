import { makeRepository, type TestRepository } from '../../support/git.js';

const parser = `/** Reads the arguments of a command line. */
export class ArgumentParser {
  private readonly values = new Map<string, string>();

  /** Parses one argument. */
  parseArgument(text: string): void {
    const [name, value] = text.split('=');
    this.values.set(name!, value ?? '');
  }

  valueOf(name: string): string | undefined {
    return this.values.get(name);
  }
}
`;

const lexer = `package lexer

// Token is a piece of the input.
type Token struct {
	Kind string
	Text string
}

// ParseTokens splits the input at spaces.
func ParseTokens(input string) []Token {
	var tokens []Token
	return tokens
}
`;

/** With what Markdown may have, and what must not take effect. */
const readme = `# Sample

Parses *arguments*, see the [guides](docs/), [the parser](src/parser.ts#L5) or [elsewhere](https://example.com/).

<script>document.title = 'owned';</script>
<img src="https://example.com/badge.svg" alt="badge" onerror="document.title = 'owned'">

[bad](javascript:document.title='owned') ![picture](docs/picture.png)

| word | meaning |
|---|---|
| parse | read |

\`\`\`ts
const one = 1;
\`\`\`
`;

/** Many lines, for what scrolls; the last one is `const last`. */
const long = `${Array.from({ length: 1500 }, (_, index) => `export const constant${index} = ${index};`).join('\n')}\nconst last = 1;\n`;

let shared: TestRepository | undefined;

/** The sample that tests share: not to be changed. */
export function sampleRepository(): TestRepository {
  return (shared ??= makeSampleRepository());
}

let other: TestRepository | undefined;

/** A small one, to be searched together with the sample. */
export function otherRepository(): TestRepository {
  if (other === undefined) {
    other = makeRepository({ name: 'other' });
    other.commit({ 'reader.ts': 'export const reader = (text: string) => parse(text);\n' });
  }
  return other;
}

let project: TestRepository | undefined;

/** A work tree with a package that it depends on. */
export function projectRepository(): TestRepository {
  if (project === undefined) {
    project = makeRepository({ name: 'project' });
    project.commit({
      'package.json': '{ "name": "project", "dependencies": { "left": "^1.0.0" } }\n',
      'src/use.js': "import { leftPad } from 'left';\nexport const padded = leftPad('pad');\n",
      '.gitignore': 'node_modules\n',
    });
    project.write('node_modules/left/package.json', '{ "name": "left", "version": "1.2.0", "main": "pad.js" }\n');
    project.write(
      'node_modules/left/pad.js',
      '/** Pads a text. */\nexport function leftPad(text) {\n  return ` ${text}`;\n}\n',
    );
  }
  return project;
}

/**
 * A work tree on `main` with files in several languages and folders. The tag `v1.0` is an earlier commit; the branch `next`
 * has another parser and one file more, and lacks the lexer.
 */
export function makeSampleRepository(name = 'sample'): TestRepository {
  const repository = makeRepository({ name });
  repository.commits([
    {
      files: {
        'README.md': readme,
        'src/parser.ts': parser.replace('Parses one argument', 'Parses one parameter'),
        'docs/guide.md': '# Guide\n\n- parse first\n- ask later\n',
      },
      message: 'first\n',
    },
    {
      files: {
        'src/parser.ts': parser,
        'src/lexer/lexer.go': lexer,
        'src/long.ts': long,
        'image.bin': Uint8Array.from([1, 2, 0, 3]),
      },
      message: 'a lexer\n',
    },
    {
      files: {
        'src/parser.ts': parser.replace('parseArgument', 'parseOption'),
        'src/lexer/lexer.go': null,
        'src/printer.py': 'def print_tree(tree):\n    """Prints what was parsed."""\n    return parse(tree)\n',
      },
      branch: 'next',
      parents: [':2'],
      message: 'options\n',
    },
  ]);
  repository.tag('v1.0', 'main~1');
  return repository;
}

export const manyHits = 10_000;

/** So many small files, each of which has the word `needle`. */
export function makeLargeRepository(): TestRepository {
  const repository = makeRepository({ name: 'large', bare: true });
  const files = Array.from({ length: manyHits }, (_, index) => {
    return [
      `notes/${index % 97}/note-${index}.ts`,
      `// needle ${index}\nexport const note${index} = ${index};\n`,
    ] as const;
  });
  repository.commit(Object.fromEntries(files), { branch: 'main' });
  return repository;
}
