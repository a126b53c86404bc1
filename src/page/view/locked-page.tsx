import type { JSX } from 'preact';

/** Without a token nothing can be asked: tells how to get one. */
export function LockedPage({ refused }: { readonly refused: boolean }): JSX.Element {
  return (
    <main class="message-page">
      <img src="./icon.svg" alt="" width="48" height="48" />
      <h1>Coppice</h1>
      <p>
        {refused
          ? 'This page belongs to an earlier run of the daemon, and its key no longer fits.'
          : 'This page needs the key that the daemon made for you.'}
      </p>
      <p>
        Run <code>coppice open</code> in a terminal, in the repository that you want to search. It opens this page with
        the key.
      </p>
    </main>
  );
}
