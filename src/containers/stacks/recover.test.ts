/** What is not known of stacks whose file is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError, YardError } from "../../platform/errors.ts";
import { type DockerHost, everywhere } from "../docker-hosts.ts";
import { recoverStack } from "./recover.ts";

test("while a host does not answer nobody is told that there is nothing to recover from", async () => {
  const host = { id: "host_1", name: "far", isLocal: false, tags: [], isOnline: false } as Partial<DockerHost>;
  const silent = { host: host as DockerHost, error: new YardError("unavailable", "agent offline") };
  const never = () => assert.fail("nothing is written");
  const files = { exists: async () => false, read: never, create: never, write: never };
  const placements = { get: never, put: never };
  for (const [unreachable, code] of [
    [[silent], "unavailable"],
    [[], "not_found"],
  ] as const) {
    const dockerHosts = { fanOut: async () => ({ answers: [], unreachable }) };
    const by = { userId: "user_1", isTrusted: true };
    const recovering = recoverStack("shop", everywhere, by, { files, placements, dockerHosts });
    await assert.rejects(
      recovering,
      (error) => isYardError(error, code) && (code !== "unavailable" || /far/.test(error.message)),
    );
  }
});
