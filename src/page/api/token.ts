const storageKey = 'coppice.token';
const channelName = 'coppice.token';
const answerMsMax = 300;

/**
 * The token that the daemon asks for. `coppice open` puts it into the URL's fragment, which is sent nowhere, beside
 * what to search; it is kept for this tab and taken out of the address bar. A tab that was opened from a link has none and asks the others of this
 * origin. Null when nobody knows it.
 */
export async function findToken(): Promise<string | null> {
  const fragment = new URLSearchParams(location.hash.replace(/^#/, ''));
  const token = fragment.get('token');
  if (token !== null) {
    sessionStorage.setItem(storageKey, token);
    fragment.delete('token');
    history.replaceState(history.state, '', `?${[location.search.slice(1), fragment].filter(String).join('&')}`);
  }
  const known = sessionStorage.getItem(storageKey) ?? (await askOtherTabs());
  if (known !== null) {
    sessionStorage.setItem(storageKey, known);
    answerOtherTabs(known);
  }
  return known;
}

/** After the daemon has refused the token: it is of an earlier run. */
export function forgetToken(): void {
  sessionStorage.removeItem(storageKey);
}

type TokenMessage = { readonly kind: 'ask' } | { readonly kind: 'tell'; readonly token: string };

function askOtherTabs(): Promise<string | null> {
  const channel = new BroadcastChannel(channelName);
  return new Promise((resolve) => {
    const settle = (token: string | null): void => {
      clearTimeout(timer);
      channel.close();
      resolve(token);
    };
    const timer = setTimeout(() => settle(null), answerMsMax);
    channel.onmessage = ({ data }: MessageEvent<TokenMessage>) => {
      if (data.kind === 'tell') settle(data.token);
    };
    channel.postMessage({ kind: 'ask' } satisfies TokenMessage);
  });
}

function answerOtherTabs(token: string): void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }: MessageEvent<TokenMessage>) => {
    const current = sessionStorage.getItem(storageKey);
    if (data.kind === 'ask' && current === token) channel.postMessage({ kind: 'tell', token } satisfies TokenMessage);
  };
}
