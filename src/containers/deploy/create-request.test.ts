import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequest } from "./create-request.ts";
import { testProject, testService } from "./testing.ts";

test("labels for SELinux go to the engine with the mount that they are of", () => {
  const bind = { kind: "bind", readOnly: false, createHostPath: false } as const;
  const service = testService("web", {
    mounts: [
      { ...bind, source: "/a", target: "/a", readOnly: true, relabel: "Z" },
      { ...bind, source: "/b", target: "/b" },
    ],
  });
  const project = testProject("shop", { services: [service] });
  const { HostConfig } = createRequest({ project, service, number: 1, configHash: "", directory: "/stacks/shop" });
  assert.deepEqual(HostConfig?.Binds, ["/a:/a:ro,Z"]);
  assert.deepEqual(HostConfig?.Mounts, [{ Type: "bind", Source: "/b", Target: "/b" }]);
});
