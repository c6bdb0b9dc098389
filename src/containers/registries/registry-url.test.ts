/** Names of registries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { parseImageReference } from "../image-reference.ts";
import { apiOfRegistry, isForImage, requireRegistryUrl } from "./registry-url.ts";

for (const [given, kept] of [
  ["https://GHCR.io/", "ghcr.io"],
  [" http://localhost:5000 ", "localhost:5000"],
  ["https://index.docker.io/v1/", "index.docker.io/v1"],
  ["registry.example:5000/Team/app", "registry.example:5000/team/app"],
  ["[::1]:5000", "[::1]:5000"],
] as const)
  test(`${JSON.stringify(given)} is kept as ${kept}`, () => assert.equal(requireRegistryUrl(given), kept));

for (const given of [
  ...["", "https://", "ftp://x", "user:word@ghcr.io", "ghcr.io?x=1", "ghcr.io#x", "-x", "a b", "x:99999999", "a/../b"],
  ...["--upload-pack=id", "$(id).example", "x.example\nHost: y", `${"x".repeat(300)}.example`, "x:70000"],
])
  test(`${JSON.stringify(given)} is no registry`, () =>
    assert.throws(
      () => requireRegistryUrl(given),
      (error) => isYardError(error, "invalid") && error.field === "url",
    ));

for (const [url, image, fits] of [
  ["docker.io", "nginx", true],
  ["index.docker.io/v1", "team/app:1", true],
  ["docker.io", "ghcr.io/team/app", false],
  ["ghcr.io", "ghcr.io/team/app", true],
  ["ghcr.io", "nginx", false],
  ["ghcr.io/team", "ghcr.io/team/app", true],
  ["ghcr.io/team", "ghcr.io/teams/app", false],
  ["ghcr.io", "ghcr.io.evil.example/team/app", false],
  ["registry.example:5000", "registry.example:5000/app", true],
  ["registry.example:5000", "registry.example/app", false],
  ["docker.io/team", "team/app", true],
] as const)
  test(`credentials for ${url} are ${fits ? "" : "not "}for ${image}`, () =>
    assert.equal(isForImage(url, parseImageReference(image)), fits));

test("a registry is asked with TLS, but on the machine itself", () => {
  assert.equal(apiOfRegistry("docker.io").href, "https://registry-1.docker.io/v2/");
  assert.equal(apiOfRegistry("ghcr.io/team").href, "https://ghcr.io/v2/");
  assert.equal(apiOfRegistry("127.0.0.1:5000").href, "http://127.0.0.1:5000/v2/");
  assert.equal(apiOfRegistry("127.0.0.1.example").href, "https://127.0.0.1.example/v2/");
});
