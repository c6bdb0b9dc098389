import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageReference } from "./image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

for (const [text, reference] of [
  ["nginx", { registry: "docker.io", name: "nginx", tag: "latest" }],
  ["nginx:1.27", { registry: "docker.io", name: "nginx", tag: "1.27" }],
  ["team/app", { registry: "docker.io", name: "team/app", tag: "latest" }],
  ["ghcr.io/team/app:v1", { registry: "ghcr.io", name: "ghcr.io/team/app", tag: "v1" }],
  ["localhost/app", { registry: "localhost", name: "localhost/app", tag: "latest" }],
  ["127.0.0.1:5000/a/b", { registry: "127.0.0.1:5000", name: "127.0.0.1:5000/a/b", tag: "latest" }],
  ["[::1]:5000/a", { registry: "[::1]:5000", name: "[::1]:5000/a", tag: "latest" }],
  [`app:1@${digest}`, { registry: "docker.io", name: "app", digest }],
] as const) {
  test(`${text} names an image`, () => assert.deepEqual(parseImageReference(text), reference));
}

for (const text of [
  ...[
    "",
    "UPPER",
    "a b",
    "-x",
    "../x",
    "a/../b",
    "a//b",
    "/a",
    "a/",
    "a:",
    "a@",
    "a@sha256:short",
    `a@${digest}@${digest}`,
  ],
  ...["http://host/a", "host:port/a", "a?x=1", "a#b", "a%2Fb", "a\nb", "$(id)", "x".repeat(600)],
]) {
  test(`${JSON.stringify(text.slice(0, 20))} names no image`, () => {
    assert.throws(() => parseImageReference(text), { code: "invalid", field: "image" });
  });
}
