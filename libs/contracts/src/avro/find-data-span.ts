const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the value of a member lies in a text: `end` is the first place after it. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the value of the last top-level member that is written `"data"`, the one that counts, without touching a byte.
 * `text` has to be a JSON object; of any other text the answer means nothing.
 */
export function findDataSpan(text: string): TextSpan | undefined {
  let depth = 0;
  let start: number | undefined;
  let found: TextSpan | undefined;
  let key: 'expected' | 'data' | 'none' = 'none';
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = findStringEnd(text, at);
        if (key === 'expected') key = text.slice(at, end) === '"data"' ? 'data' : 'none';
        at = end - 1;
        break;
      }
      case colon:
        if (key === 'data') start = at + 1;
        key = 'none';
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        if (depth === 1) key = 'expected';
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        if (depth === 0 && start !== undefined) found = trim(text, start, at);
        break;
      case comma:
        if (depth !== 1) break;
        if (start !== undefined) found = trim(text, start, at);
        start = undefined;
        key = 'expected';
    }
  }
  return found;
}

/** The place after the closing quote of the string that begins at `start`. */
function findStringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function trim(text: string, start: number, end: number): TextSpan {
  const value = text.slice(start, end);
  return {
    start: start + (value.length - value.trimStart().length),
    end: end - (value.length - value.trimEnd().length),
  };
}
