/** What every command of the line promises to who uses it wrongly, or asks for help. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openHome } from "./home.ts";

export interface Misuse {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly says: RegExp;
}

/** One test for each. */
export function testMisuse(...all: readonly Misuse[]): void {
  for (const { args, env, says } of all)
    test(`${["runyard", ...args].join(" ")}${env ? " with a bad setting" : ""} is refused as a mistake in its use`, async () => {
      using home = openHome();
      const ended = await home.runyard(args, { env });
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, says);
      assert.equal(ended.stdout, "");
    });
}

/** @param commands their words, as "app ls" */
export function testHelp(...commands: readonly string[]): void {
  for (const command of commands)
    test(`runyard ${command} --help shows an example`, async () => {
      using home = openHome();
      const ended = await home.runyard([...command.split(" "), "--help"]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, new RegExp(`Examples?:\n(.*\n)* {2}\\$ .*\\brunyard ${command}\\b`));
    });
}

/** A command, and those below it. */
export const withBelow = (command: string, ...below: readonly string[]): string[] => [
  command,
  ...below.map((name) => `${command} ${name}`),
];
