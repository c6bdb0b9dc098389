/** The terminals that this browser tab has open in capsules, and what they last showed: after a reload they are come back to. Terminals run on without
 *  anybody; which of them were ours, only we know. */
import { session } from "../../api/session.ts";

export interface KeptTerminal {
  /** Of the terminals of its capsule; what it is called by. */
  readonly number: number;
  /** By which the capsule knows it; none before it has begun. */
  readonly tag?: string;
}

const listPrefix = "runyard.terminals.";
const screenPrefix = "runyard.screen.";
/** Of output, from which the screen is drawn again. */
export const mostScreenBytes = 128 * 1024;

// What was on a screen is nobody else's business.
session.subscribe(() => {
  if (session.get()) return;
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith(listPrefix) || key.startsWith(screenPrefix)) sessionStorage.removeItem(key);
});

export function readTerminals(capsuleId: string): readonly KeptTerminal[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(listPrefix + capsuleId) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isTerminal) : [];
  } catch {
    return []; // not of ours
  }
}

function isTerminal(value: unknown): value is KeptTerminal {
  const { number, tag } = Object(value) as { number?: unknown; tag?: unknown };
  return typeof number === "number" && typeof tag === "string";
}

export function keepTerminals(capsuleId: string, terminals: readonly KeptTerminal[]): void {
  sessionStorage.setItem(listPrefix + capsuleId, JSON.stringify(terminals.filter(({ tag }) => tag !== undefined)));
}

/** @returns the last bytes that a terminal has printed, as far as they were kept */
export function readScreen(tag: string): Uint8Array {
  return Uint8Array.from(sessionStorage.getItem(screenPrefix + tag) ?? "", (character) => character.charCodeAt(0));
}

export function keepScreen(tag: string, pieces: readonly Uint8Array[]): void {
  const text = pieces.map((piece) => Array.from(piece, (byte) => String.fromCharCode(byte)).join("")).join("");
  try {
    sessionStorage.setItem(screenPrefix + tag, text.slice(-mostScreenBytes));
  } catch {
    sessionStorage.removeItem(screenPrefix + tag); // there is no room: then it begins empty
  }
}

export function forgetScreen(tag: string): void {
  sessionStorage.removeItem(screenPrefix + tag);
}
