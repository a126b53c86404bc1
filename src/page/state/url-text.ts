/** Half of a surrogate pair: how Coppice writes a byte of a path that is no UTF-8. `encodeURIComponent` refuses it. */
const loneSurrogate = /([\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/;
/** The three bytes that UTF-8's rule would make of one. */
const encodedSurrogate = /(%ED%[AB][0-9A-F]%[89AB][0-9A-F])/i;

/** Any text as part of a query string. What may stand there as it is stays readable. */
export function encodeUrlText(text: string): string {
  return text
    .split(loneSurrogate)
    .map((part, index) => (index % 2 === 0 ? encodeURIComponent(part) : encodeSurrogate(part.charCodeAt(0))))
    .join('')
    .replace(/%20/g, '+')
    .replace(/%(?:2F|3A|40|2C)/g, (escape) => decodeURIComponent(escape));
}

/** The reverse; escapes that make no sense stay as they are. */
function decodeUrlText(encoded: string): string {
  return encoded
    .replace(/\+/g, ' ')
    .split(encodedSurrogate)
    .map((part, index) => (index % 2 === 0 ? decodePart(part) : decodeSurrogate(part)))
    .join('');
}

/** The parameters of a query string (without or with its question mark), by name; of several with one name, the last. */
export function parseQueryString(queryString: string): ReadonlyMap<string, string> {
  const parts = queryString.replace(/^\?/, '').split('&');
  return new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [decodeUrlText(name), decodeUrlText(value.join('='))];
    }),
  );
}

function encodeSurrogate(code: number): string {
  const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
}

function decodeSurrogate(encoded: string): string {
  const [high = 0, middle = 0, low = 0] = encoded
    .slice(1)
    .split('%')
    .map((hex) => parseInt(hex, 16));
  return String.fromCharCode(((high & 0x0f) << 12) | ((middle & 0x3f) << 6) | (low & 0x3f));
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
