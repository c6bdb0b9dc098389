/** Paths as a policy names them: `*` stands for anything within one segment, `**` for anything. */
import { posix } from "node:path";

/** `*`, `**`, and single characters. */
export type PathPattern = readonly string[];

/** Encodings within encodings that some servers undo one after the other. */
const mostDecodings = 4;

/** @throws {RangeError} */
export function parsePathPattern(text: string): PathPattern {
  if (!text.startsWith("/") || /[?#\s]/.test(text))
    throw new RangeError(`"${text}" is no path; it begins with / and has no query`);
  return text.match(/\*\*?|[^*]/gs) ?? [];
}

/** As it is and as the most obliging server could read it: `/public/..%2fadmin` is one for `/admin`, too. */
export function matchesPath(patterns: readonly PathPattern[], url: URL): boolean {
  const read = mostDecoded(url.pathname);
  if (read === undefined) return false;
  return [url.pathname, read].every((path) => patterns.some((pattern) => matches(pattern, path)));
}

function mostDecoded(path: string): string | undefined {
  let text = path;
  try {
    for (let i = 0; i < mostDecodings; i++) {
      const decoded = decodeURIComponent(text);
      if (decoded === text) return posix.normalize(text.replaceAll("\\", "/"));
      text = decoded;
    }
  } catch {} // no encoding of any text
  return undefined;
}

/** All places in the pattern that the path could have reached, character by character: the path is a script's, and a regular expression could be
 *  made to go back and forth in it for ever. */
function matches(pattern: PathPattern, path: string): boolean {
  let places = behindStars(pattern, [0]);
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    const next = new Set<number>();
    for (const place of places) {
      const part = pattern[place];
      if (part === "**" || (part === "*" && char !== "/")) next.add(place);
      else if (part === char) next.add(place + 1);
    }
    places = behindStars(pattern, next);
  }
  return places.has(pattern.length);
}

/** A star may also stand for nothing. */
function behindStars(pattern: PathPattern, places: Iterable<number>): Set<number> {
  const all = new Set(places);
  for (const place of all) if (pattern[place]?.startsWith("*")) all.add(place + 1); // a set yields what is added on the way, too
  return all;
}
