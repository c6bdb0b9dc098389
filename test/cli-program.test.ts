import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { buildCli } from "../scripts/build-cli.ts";
import { hostPlatform, programDirectory } from "../src/programs.ts";
import { packageVersion } from "../src/version.ts";
import { useCommandYard } from "./support/command-yard.ts";

interface Index {
  readonly version: string;
  readonly assets: readonly { readonly platform: string; readonly url: string; readonly available: boolean }[];
}

const platform = hostPlatform();

describe("the command line as one file", {
  skip: platform === undefined && "no program is made for this platform",
}, () => {
  const line = useCommandYard();
  let program: string;
  before(async () => {
    program = await buildCli(programDirectory(line.home.data));
  });

  /** Nothing of Node's is found on the way. */
  async function run(...args: string[]) {
    const env = { HOME: line.home.path, RUNYARD_DATA: line.home.data };
    const child = spawn(program, args, { env, cwd: line.home.path });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { code, stdout, stderr };
  }
  const url = () => `${line.yard.local.url}/api/cli`;

  test("runs scripts and moves files without Node or the package", async () => {
    assert.deepEqual(await run("js", "run", "-e", "1+1"), { code: 0, stdout: "2\n", stderr: "" });
    assert.equal((await run("run", "--", "sh", "-c", "echo hello; exit 3")).stdout, "hello\n");
    const site = join(line.home.path, "site");
    mkdirSync(site);
    writeFileSync(join(site, "a"), "a");
    symlinkSync("a", join(site, "b"));
    assert.match((await run("fs", "push", "site", site)).stdout, /^site is at/);
    assert.match((await run("fs", "pull", "site", `${site}-2`)).stdout, /2 entries/);
    const version = JSON.parse((await run("version", "--json")).stdout);
    assert.deepEqual([version.runyard, version.node], [packageVersion(), process.versions.node]);
  });

  test("says that it is the client alone", async () => {
    for (const args of [["serve"], ["serve", "--listen", "127.0.0.1:0"], ["agent", "--help"], ["audit", "verify"]]) {
      const ended = await run(...args);
      assert.deepEqual([ended.code, ended.stdout], [1, ""], args.join(" "));
      assert.match(ended.stderr, new RegExp(`^runyard: ${args[0]} is not in this program`));
    }
    assert.equal((await run("app", "--help")).code, 0);
  });

  test("is listed, and a download is the file, whole and in parts", async () => {
    const index = (await (await fetch(url())).json()) as Index;
    assert.equal(index.version, packageVersion());
    assert.deepEqual(
      index.assets.map((asset) => [asset.platform, asset.available]),
      ["linux-x86_64", "linux-aarch64", "macos-aarch64"].map((name) => [name, name === platform]),
    );
    const own = index.assets.find((asset) => asset.platform === platform)!.url;
    const whole = await fetch(own);
    const { size } = statSync(program);
    const header = (name: string) => whole.headers.get(name);
    assert.deepEqual(
      [whole.status, header("content-type"), header("content-length"), header("accept-ranges")],
      [200, "application/octet-stream", String(size), "bytes"],
    );
    const name = { "linux-x86_64": "linux-x86_64", "linux-aarch64": "linux-arm64", "macos-aarch64": "macos-arm64" }[
      platform!
    ];
    assert.equal(header("content-disposition"), `attachment; filename="mcp-v8-cli-${name}"`);
    const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const file = readFileSync(program);
    assert.equal(hashOf(await whole.bytes()), hashOf(file));

    const etag = header("etag") ?? "";
    const part = await fetch(own, { headers: { range: "bytes=1-3", "if-range": etag } });
    assert.deepEqual([part.status, part.headers.get("content-range")], [206, `bytes 1-3/${size}`]);
    assert.equal(await part.text(), "ELF");
    const last = await fetch(own, { headers: { range: "bytes=-5" } });
    assert.ok(Buffer.from(await last.bytes()).equals(file.subarray(-5)));
    assert.equal((await fetch(own, { headers: { range: `bytes=${size}-` } })).status, 416);
    assert.equal((await fetch(own, { headers: { "if-none-match": etag } })).status, 304);
    const head = await fetch(own, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(size)]);
  });

  test("is not offered by a yard of another version", async () => {
    const other = basename(program).includes("aarch64") ? "linux-x86_64" : "linux-aarch64";
    writeFileSync(join(programDirectory(line.home.data), `runyard-0.0.1-${other}`), "old");
    assert.equal((await fetch(`${url()}/${other}`)).status, 404);
  });
});
