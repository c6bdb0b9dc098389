/** Secrets of the shapes that Wrenn's clients know. */
import { randomBytes } from "node:crypto";

/** 128 random bits. */
export function newTeamKey(): string {
  return `wrn_${randomBytes(16).toString("hex")}`;
}
