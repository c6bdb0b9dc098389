import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../compose/project.ts";
import { configHash } from "./config-hash.ts";
import { after, testProject, testService } from "./testing.ts";

function hashOf(said: Partial<ServiceSpec>, network = "shop_default"): string {
  const service = testService("web", said);
  const project = testProject("shop", { services: [service], networks: { default: { name: network } } });
  return configHash(project, service);
}

test("the order in which variables and labels are written changes nothing", () => {
  const forth = new Map(Object.entries({ a: "1", b: "2" }));
  const back = new Map([...forth].reverse());
  assert.equal(hashOf({ environment: forth, labels: back }), hashOf({ environment: back, labels: forth }));
});

for (const [what, said] of Object.entries<Partial<ServiceSpec>>({
  "how many there are": { replicas: 5 },
  "what they wait for": { dependsOn: after("db") },
  "when their image is pulled": { pullPolicy: "always" },
  "how they are replaced": { update: { order: "start-first" } },
})) {
  test(`${what} changes no container`, () => assert.equal(hashOf(said), hashOf({})));
}

for (const [what, said] of Object.entries<Partial<ServiceSpec>>({
  "another image": { image: "tiny:2" },
  "an empty command in place of the image's": { command: [] },
  "another variable": { environment: new Map([["a", "1"]]) },
  "the order of ports": {
    ports: [
      { target: 1, protocol: "tcp" },
      { target: 2, protocol: "tcp" },
    ],
  },
  "another privilege": { privileged: true },
})) {
  test(`${what} makes another container`, () => assert.notEqual(hashOf(said), hashOf({})));
}

test("a network of another name makes another container", () => {
  assert.notEqual(hashOf({}, "elsewhere"), hashOf({}));
});
