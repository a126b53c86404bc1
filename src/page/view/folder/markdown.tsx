import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChildren, JSX } from 'preact';
import { highlighter } from '../../code/highlighter.js';
import { decodeEntities, textOfHtml } from '../../code/html-text.js';
import { linkTarget } from '../../code/link-target.js';
import { languageByAlias } from '../../../model/index.js';
import { hrefOf } from '../../state/navigation.js';
import { hrefOfFolder } from '../parts/path-trail.js';
import { CodeLine } from '../parts/code-line.js';

interface MarkdownProps {
  readonly text: string;
  /** The file that it is of: links count from its folder. */
  readonly path: string;
  readonly rev: string;
}

/**
 * Markdown as elements of ours: nothing of a file becomes markup, so whatever stands there, nothing of it runs, and nothing is loaded.
 * Its own HTML is read for its text, pictures are shown by what they are called.
 */
export function Markdown({ text, path, rev }: MarkdownProps): JSX.Element {
  const reader = new Reader(path, rev);
  return <>{reader.blocks(lexer(text, { gfm: true }))}</>;
}

class Reader {
  constructor(
    private readonly path: string,
    private readonly rev: string,
  ) {}

  blocks(tokens: readonly Token[]): ComponentChildren[] {
    return tokens.map((token, index) => this.block(token, index));
  }

  private block(token: Token, key: number): ComponentChildren {
    switch (token.type) {
      case 'heading': {
        const { depth, tokens } = token as Tokens.Heading;
        // The page has a heading of its own.
        const Tag = `h${Math.min(6, depth + 1)}` as 'h2';
        return <Tag key={key}>{this.inline(tokens)}</Tag>;
      }
      case 'paragraph':
        return <p key={key}>{this.inline((token as Tokens.Paragraph).tokens)}</p>;
      case 'text': {
        const { tokens, text } = token as Tokens.Text;
        return <span key={key}>{tokens === undefined ? decodeEntities(text) : this.inline(tokens)}</span>;
      }
      case 'blockquote':
        return <blockquote key={key}>{this.blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
      case 'code': {
        const { text, lang } = token as Tokens.Code;
        return <CodeText key={key} text={text} language={lang ?? ''} />;
      }
      case 'list': {
        const { ordered, items, start } = token as Tokens.List;
        const children = items.map((item, index) => (
          <li key={index}>
            {item.task && (item.checked === true ? '☑ ' : '☐ ')}
            {this.blocks(item.tokens)}
          </li>
        ));
        return ordered ? (
          <ol key={key} start={start === '' ? 1 : start}>
            {children}
          </ol>
        ) : (
          <ul key={key}>{children}</ul>
        );
      }
      case 'table':
        return this.table(token as Tokens.Table, key);
      case 'hr':
        return <hr key={key} />;
      case 'html': {
        const text = textOfHtml((token as Tokens.HTML).text);
        return text === '' ? null : <p key={key}>{text}</p>;
      }
      default:
        return null; // spaces, definitions of links
    }
  }

  private table({ header, rows }: Tokens.Table, key: number): JSX.Element {
    return (
      <div class="table" key={key} tabIndex={0} role="group" aria-label="Table">
        <table>
          <thead>
            <tr>
              {header.map((cell, index) =>
                cell.text === '' ? <td key={index} /> : <th key={index}>{this.inline(cell.tokens)}</th>,
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column}>{this.inline(cell.tokens)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }

  private inline(tokens: readonly Token[]): ComponentChildren[] {
    return tokens.map((token, key) => {
      switch (token.type) {
        case 'strong':
          return <strong key={key}>{this.inline((token as Tokens.Strong).tokens)}</strong>;
        case 'em':
          return <em key={key}>{this.inline((token as Tokens.Em).tokens)}</em>;
        case 'del':
          return <del key={key}>{this.inline((token as Tokens.Del).tokens)}</del>;
        case 'codespan':
          return <code key={key}>{(token as Tokens.Codespan).text}</code>;
        case 'br':
          return <br key={key} />;
        case 'link': {
          const { href, tokens, text } = token as Tokens.Link;
          const inside = this.inline(tokens);
          return this.link(href, inside.length === 0 ? text : inside, key);
        }
        case 'image': {
          const { href, text } = token as Tokens.Image;
          return text === '' ? null : this.picture(href, text, key);
        }
        case 'html': {
          const { text } = token as Tokens.HTML;
          return /^<br\s*\/?>/i.test(text) ? <br key={key} /> : textOfHtml(text);
        }
        case 'text': {
          const { tokens, text } = token as Tokens.Text;
          return tokens === undefined ? decodeEntities(text) : this.inline(tokens);
        }
        case 'escape':
          return (token as Tokens.Escape).text;
        default:
          return 'raw' in token ? String(token.raw) : null;
      }
    });
  }

  /** Inside of a link a picture is what it is called, else a link to it. */
  private picture(href: string, text: string, key: number): ComponentChildren {
    const target = linkTarget(href, this.path);
    return target?.kind === 'file' ? this.link(href, text, key) : text;
  }

  private link(href: string, children: ComponentChildren, key: number): ComponentChildren {
    const target = linkTarget(href, this.path);
    if (target === null) return <span key={key}>{children}</span>;
    if (target.kind === 'web')
      return (
        <a key={key} href={target.href} target="_blank" rel="noopener noreferrer">
          {children}
        </a>
      );
    const { path, lines } = target;
    const to = path === '' || target.isFolder ? hrefOfFolder(path) : hrefOf({ file: { path, rev: this.rev, lines } });
    return (
      <a key={key} href={to}>
        {children}
      </a>
    );
  }
}

function CodeText({ text, language }: { readonly text: string; readonly language: string }): JSX.Element {
  const name = /^[\w+#-]*/.exec(language)![0].toLowerCase();
  const runs = highlighter.runsOf(text, name === 'console' ? 'bash' : (languageByAlias(name) ?? name)).value;
  return (
    <pre tabIndex={0}>
      <code>
        <CodeLine text={text} part={{ start: 0, end: text.length }} runs={runs} marks={[]} />
      </code>
    </pre>
  );
}
