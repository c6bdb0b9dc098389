/** What rows of capsules show that capsules do not know themselves. */
import type { ConsoleParts } from "../console-parts.ts";
import type { CapsuleSurroundings } from "./capsule.ts";

export function capsuleSurroundings({ hosts, words }: Pick<ConsoleParts, "hosts" | "words">): CapsuleSurroundings {
  const names = new Map(hosts.records().map(({ id, name }) => [id, name]));
  return { idToWire: words.idToWire, hostName: (hostId) => names.get(hostId) ?? null };
}
