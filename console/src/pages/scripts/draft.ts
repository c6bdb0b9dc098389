/** The script that is being written, kept by this browser tab. */
import { session } from "../../api/session.ts";

const key = "runyard.script";

const first = `globalThis.count = (globalThis.count ?? 0) + 1;
console.log("This is run", count);
({ count, squared: count ** 2 })
`;

// What somebody has written is nobody else's business.
session.subscribe(() => {
  if (!session.get()) sessionStorage.removeItem(key);
});

export const readDraft = (): string => sessionStorage.getItem(key) ?? first;

export function keepDraft(code: string): void {
  try {
    sessionStorage.setItem(key, code);
  } catch {
    sessionStorage.removeItem(key); // too long to be kept; an older one would mislead
  }
}
