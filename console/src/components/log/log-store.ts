/** The lines of a log, by number, in little more memory than their bytes: text is kept in large pieces with the place of each line in it, as a string
 *  for each of a million lines would be mostly overhead. */

/** A line that never ends is cut into ones of this length. */
const longestLine = 64 * 1024;
/** New text goes to the last piece until that is this long. */
const pieceLength = 256 * 1024;
/** The oldest lines go when there are more: what can be scrolled is as high as browsers can make it. */
export const mostLines = 1_000_000;

interface Piece {
  text: string;
  /** Number of its first line. */
  readonly first: number;
  /** Where each of its lines ends, its line feed left out. */
  readonly ends: number[];
}

export interface LogStore {
  append(text: string): void;
  /** Forgets all lines. */
  clear(): void;
  /** The first line that is kept: 0, until older ones are gone. */
  readonly start: number;
  /** One more than the last line. */
  readonly end: number;
  /** "" for a line that is not there. */
  line(number: number): string;
  subscribe(listener: () => void): () => void;
  /** Another one after each change. */
  version(): number;
}

export function createLogStore(keep = mostLines): LogStore {
  const listeners = new Set<() => void>();
  let pieces: Piece[] = [];
  /** What was printed since the last line feed; shown as a line of its own. */
  let open = "";
  let closed = 0;
  let version = 0;

  function add(text: string): void {
    const last = pieces.at(-1);
    const piece = last && last.text.length < pieceLength ? last : { text: "", first: closed, ends: [] };
    if (piece !== last) pieces.push(piece);
    const base = piece.text.length;
    piece.text += text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) piece.ends.push(base + at);
    closed = piece.first + piece.ends.length;
    while (pieces.length > 1 && closed - pieces[1]!.first >= keep) pieces.shift();
  }

  function changed(): void {
    version++;
    for (const listener of [...listeners]) listener();
  }

  return {
    append(text) {
      if (text === "") return;
      const whole = open + text;
      const cut = whole.lastIndexOf("\n") + 1;
      open = whole.slice(cut);
      if (cut > 0) add(whole.slice(0, cut));
      for (; open.length > longestLine; open = open.slice(longestLine)) add(`${open.slice(0, longestLine)}\n`);
      changed();
    },
    clear() {
      [pieces, open, closed] = [[], "", 0];
      changed();
    },
    get start() {
      return pieces[0]?.first ?? 0;
    },
    get end() {
      return closed + (open === "" ? 0 : 1);
    },
    line(number) {
      if (number === closed) return open;
      const piece = pieceOf(pieces, number);
      const end = piece?.ends[number - piece.first];
      if (!piece || end === undefined) return "";
      return piece.text.slice(number === piece.first ? 0 : piece.ends[number - piece.first - 1]! + 1, end);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => version,
  };
}

/** The last one that begins at the line or before. */
function pieceOf(pieces: readonly Piece[], number: number): Piece | undefined {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (pieces[middle]!.first <= number) low = middle;
    else high = middle - 1;
  }
  return pieces[low];
}
