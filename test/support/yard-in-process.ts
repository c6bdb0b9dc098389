/** A yard in the test's own process, where its identity can be reached to make users; its agent is a real one. Replies are checked against
 *  their schemas. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { openYard, type Yard, type YardParts } from "../../src/yard.ts";
import { adminPassword } from "./yard-process.ts";

const launcher = [process.execPath, new URL("../../bin/runyard.js", import.meta.url).pathname];

export interface OpenedYard extends AsyncDisposable {
  readonly yard: Yard;
  readonly url: string;
  readonly data: string;
}

export async function openTestYard(
  flags: Readonly<Record<string, string>> = {},
  { log }: Pick<YardParts, "log"> = {},
): Promise<OpenedYard> {
  await using opened = new AsyncDisposableStack();
  const data = opened.adopt(await mkdtemp(join(tmpdir(), "runyard-test-")), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const config = loadConfig({
    flags: {
      data,
      listen: "127.0.0.1:0",
      "listen-agents": "off", // a certificate costs each test a quarter of a second
      "orphan-after": "60s",
      "admin-password": adminPassword,
      log: "error",
      "login-rate": "0",
      examples: "false",
      "worker-slots": "0",
      "stacks-settle": "500ms",
      ...flags,
    },
    env: {},
    cwd: data,
  });
  const yard = opened.use(await openYard(config, { launcher, validateResponses: true, log }));
  opened.defer(() => yard.stopHost());
  const lifetime = opened.move();
  return { yard, data, url: yard.urls[0]!, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
