/** The shell that this browser tab has open in a container. It waits for us a while when we leave, and which one was ours, only we know. */
import { session } from "../../api/session.ts";

export interface KeptShell {
  readonly command: string;
  /** By which the yard knows it, and nobody else does. */
  readonly key: string;
}

const prefix = "runyard.shell.";

// Who signs in next has shells of their own.
session.subscribe(() => {
  if (session.get()) return;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
});

/** @param place of the container: its host and its id */
export function readShell(place: string): KeptShell | undefined {
  try {
    const { command, key } = Object(JSON.parse(sessionStorage.getItem(prefix + place) ?? "null")) as Partial<KeptShell>;
    return typeof command === "string" && typeof key === "string" ? { command, key } : undefined;
  } catch {
    return undefined; // not of ours
  }
}

export function beginShell(place: string, command: string): KeptShell {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
  const shell = { command, key: random.join("") };
  sessionStorage.setItem(prefix + place, JSON.stringify(shell));
  return shell;
}

export function forgetShell(place: string): void {
  sessionStorage.removeItem(prefix + place);
}
