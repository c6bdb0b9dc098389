/** A program that is killed in the middle of its work, as by a loss of power: what it has told of by then must be there afterwards, and whole. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a module in a process of its own, and kills that (SIGKILL) once it has printed so many lines. One that ends before fails the test.
 *  @param source TypeScript; what it imports is named by whole URLs
 *  @returns all lines that it has printed, at least `count` */
export async function killAfterLines(count: number, source: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let printed = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    printed += text;
    if (printed.split("\n", count + 1).length > count) child.kill("SIGKILL");
  }
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  return printed.split("\n").slice(0, -1); // the last one may be cut off
}
