/** What people type to find a row: words, each of which must occur somewhere in it. */

/** @returns undefined, where every row matches */
export function matcherOf(search: string | undefined): ((...texts: readonly Searched[]) => boolean) | undefined {
  const words = (search ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return undefined;
  return (...texts) => {
    const text = texts
      .flat()
      .filter((part) => part !== null)
      .join("\n")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

export type Searched = string | null | readonly string[];
