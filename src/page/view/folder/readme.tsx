import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { place } from '../../state/navigation.js';

/** The introduction of a folder: Markdown as it is meant, anything else as it stands. */
export function Readme({ path, text }: { readonly path: string; readonly text: string }): JSX.Element {
  const isMarkdown = /\.(?:md|markdown|mkd)$/i.test(path);
  const [content, setContent] = useState<JSX.Element | null>(null);
  const { rev } = place.value;
  useEffect(() => {
    setContent(null);
    if (!isMarkdown) return;
    let wanted = true;
    // The reader of Markdown is loaded when there is something to read.
    void import('./markdown.js').then(({ Markdown }) => {
      if (wanted) setContent(<Markdown text={text} path={path} rev={rev} />);
    });
    return () => {
      wanted = false;
    };
  }, [path, text, rev]);
  return (
    <section class="readme" aria-label={path.slice(path.lastIndexOf('/') + 1)}>
      {isMarkdown ? content : <pre tabIndex={0}>{text}</pre>}
    </section>
  );
}
