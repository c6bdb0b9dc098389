/** One yard for a suite of the command line's tests, and its commands as a user of the same machine runs them. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { type Home, openHome } from "./home.ts";
import { type RunningYard, startYard } from "./yard-process.ts";

export interface CommandYard {
  readonly home: Home;
  /** Once the suite has begun. */
  readonly yard: RunningYard;
  /** Runs a command that must go well. @returns what it prints */
  done(args: readonly string[], options?: { stdin?: string }): Promise<string>;
}

/** Belongs into the body of a suite: the yard starts before its tests and ends after them.
 *  @param args further ones of the yard, asked for when the suite begins */
export function useCommandYard(args: () => readonly string[] = () => []): CommandYard {
  const home = openHome();
  let yard: RunningYard;
  before(async () => {
    yard = await startYard(args(), home);
  });
  after(async () => {
    await yard[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });
  return {
    home,
    get yard() {
      return yard;
    },
    async done(words, options) {
      const ended = await home.runyard(words, options);
      assert.equal(ended.code, 0, `${words.join(" ")}: ${ended.stderr}`);
      return ended.stdout;
    },
  };
}
