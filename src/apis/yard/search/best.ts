/** Which of many hits are shown, and in which order. */
import type { Hit } from "./hits.ts";

/** @returns the best first: the very name or id, then what begins so, then names that have all words somewhere */
export function bestOf(hits: readonly Hit[], text: string, limit: number): Hit[] {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  return hits
    .map((hit) => ({ hit, rank: rankOf(hit, wanted, words) }))
    .filter(({ rank }) => rank < noHit)
    .sort((a, b) => a.rank - b.rank || a.hit.name.length - b.hit.name.length || (a.hit.name < b.hit.name ? -1 : 1))
    .slice(0, limit)
    .map(({ hit }) => hit);
}

const noHit = 4;
/** Ids are all alike in front, so that a short text would find them all. */
const leastOfId = 6;

function rankOf({ id, name }: Hit, wanted: string, words: readonly string[]): number {
  const [lowerName, lowerId] = [name.toLowerCase(), id.toLowerCase()];
  if (lowerName === wanted || lowerId === wanted) return 0;
  if (lowerName.startsWith(wanted)) return 1;
  if (wanted.length >= leastOfId && lowerId.startsWith(wanted)) return 1;
  if (lowerName.includes(wanted)) return 2;
  return words.every((word) => lowerName.includes(word)) ? 3 : noHit;
}
