import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { before, suite, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { useWrennYard } from "./support/wrenn.ts";

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type?: string;
  readonly [name: string]: unknown;
}

suite("files of a capsule over Wrenn's API", { skip: skipWithoutNamespaces }, () => {
  const yard = useWrennYard();
  let id = "";
  before(async () => {
    id = await yard.makeCapsule();
  });
  const run = (script: string) => yard.run(id, script);

  const on = (what: string, body?: unknown) => yard.ask("POST", `/v1/capsules/${id}/files/${what}`, body);
  const refusal = async (what: string, body?: unknown) => {
    const { status, json } = await on(what, body);
    return [status, json.error.code];
  };
  const list = async (path: string, depth?: number | null) => {
    const { status, text, json } = await yard.ask<{ entries: Entry[] }>("POST", `/v1/capsules/${id}/files/list`, {
      path,
      depth,
    });
    assert.equal(status, 200, text);
    return json.entries;
  };

  async function upload(
    what: "write" | "stream/write",
    parts: readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[],
  ) {
    const form = new FormData();
    for (const [name, value] of parts) form.append(name, typeof value === "string" ? value : new Blob([value]));
    const response = await fetch(new URL(`/v1/capsules/${id}/files/${what}`, yard.url), {
      method: "POST",
      headers: { "x-api-key": yard.account.key },
      body: form,
    });
    const text = await response.text();
    return { status: response.status, code: text === "" ? undefined : JSON.parse(text).error.code };
  }
  const bytes = (text: string) => new TextEncoder().encode(text);

  /** The form as it is sent by hand, in chunks. */
  async function sendForm(what: string, pieces: Iterable<string | Uint8Array>, { end = true } = {}) {
    const request = http.request(new URL(`/v1/capsules/${id}/files/${what}`, yard.url), {
      method: "POST",
      agent: false,
      headers: { "x-api-key": yard.account.key, "content-type": "multipart/form-data; boundary=b" },
    });
    request.on("error", () => {});
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    for (const piece of pieces) if (!request.write(piece)) await Promise.race([once(request, "drain"), answered]);
    if (!end) return { status: 0, text: "", cut: () => request.destroy() };
    request.end();
    const [response] = await answered;
    return { status: response.statusCode, text: await readText(response), cut: () => {} };
  }
  const head = (name: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;

  test("bytes go in and come out as they are, by both kinds of routes", async () => {
    const content = new Uint8Array(randomBytes(300_000));
    for (const [write, read] of [
      ["write", "read"],
      ["stream/write", "stream/read"],
    ] as const) {
      const path = `/root/made/on the way/${read}`;
      assert.deepEqual(
        await upload(write, [
          ["path", path],
          ["file", content],
        ]),
        { status: 204, code: undefined },
      );
      const response = await fetch(new URL(`/v1/capsules/${id}/files/${read}`, yard.url), {
        method: "POST",
        headers: { "x-api-key": yard.account.key },
        body: JSON.stringify({ path }),
      });
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/octet-stream"]);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), content);
    }
    assert.equal(
      await run("stat -c '%a %U %G' '/root/made/on the way' '/root/made/on the way/read'"),
      "755 root root\n644 root root\n",
    );
  });

  test("an empty file is written, and one that is there keeps its mode", async () => {
    await upload("write", [
      ["path", "/root/tool"],
      ["file", bytes("#!/bin/sh\necho ran\n")],
    ]);
    await run("chmod 750 /root/tool");
    await upload("stream/write", [
      ["path", "/root/tool"],
      ["file", bytes("#!/bin/sh\necho again\n")],
    ]);
    assert.equal(await run("stat -c %a /root/tool; /root/tool"), "750\nagain\n");
    await upload("write", [
      ["path", "/root/tool"],
      ["file", bytes("")],
    ]);
    assert.equal(await run("stat -c '%a %s' /root/tool"), "750 0\n");
  });

  test("paths are absolute, or from the home directory on", async () => {
    for (const [given, meant] of [
      ["~/tilde", "/root/tilde"],
      ["plain/../relative", "/root/relative"],
      ["/root//a/./b/../c/", "/root/a/c"],
      ["/../../../root/up", "/root/up"],
    ] as const) {
      assert.equal(
        (
          await upload("write", [
            ["path", given],
            ["file", bytes(given)],
          ])
        ).status,
        204,
      );
      assert.equal(await run(`cat ${meant}`), given);
      assert.equal((await on("read", { path: given })).text, given);
    }
    assert.ok((await list("~")).some(({ path }) => path === "/root/tilde"));
    for (const path of ["", "~bob/x", "a\0b", "/x".repeat(3_000)])
      for (const [what, body] of [
        ["read", { path }],
        ["stream/read", { path }],
        ["list", { path }],
        ["mkdir", { path }],
        ["remove", { path }],
      ] as const)
        assert.deepEqual(await refusal(what, body), [400, "invalid_request"], `${what} ${path.slice(0, 20)}`);
  });

  test("the form's parts come in any order, but the path first where the file is streamed", async () => {
    assert.equal(
      (
        await upload("write", [
          ["file", bytes("late")],
          ["path", "/root/late"],
        ])
      ).status,
      204,
    );
    assert.equal(await run("cat /root/late"), "late");
    const parts = [
      ["file", bytes("x")],
      ["path", "/root/never"],
    ] as const;
    assert.deepEqual(await upload("stream/write", parts), { status: 400, code: "invalid_request" });
    assert.deepEqual(await refusal("read", { path: "/root/never" }), [404, "not_found"]);
  });

  test("what is no such form is refused, and writes nothing", async () => {
    const before = await run("ls -A /root");
    for (const what of ["write", "stream/write"] as const) {
      for (const parts of [
        [["path", "/root/x"]],
        [["file", bytes("x")]],
        [
          ["path", ""],
          ["file", bytes("x")],
        ],
        [
          ["path", "/root/x\0"],
          ["file", bytes("x")],
        ],
        [
          ["path", "~bob/x"],
          ["file", bytes("x")],
        ],
        [
          ["path", "/root"],
          ["file", bytes("x")],
        ],
        [
          ["path", "x".repeat(20_000)],
          ["file", bytes("x")],
        ],
        [
          ["path", bytes("/root/x")],
          ["path", bytes("/root/y")],
        ],
      ] as const)
        assert.deepEqual(
          await upload(what, parts),
          { status: 400, code: "invalid_request" },
          JSON.stringify(parts).slice(0, 80),
        );
      assert.deepEqual(await refusal(what, { path: "/root/x", file: "x" }), [400, "invalid_request"]);
      assert.deepEqual(await refusal(what), [400, "invalid_request"]);
      const cut = await sendForm(what, [head("path"), "/root/x\r\n", "--b\r\nno header at all"]);
      assert.equal(cut.status, 400, cut.text);
    }
    assert.equal(await run("ls -A /root"), before);
  });

  test("a form of more than 100 MiB is refused where it is not streamed, and writes nothing", async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, "x");
    function* form() {
      yield `${head("path")}/root/large\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`;
      for (let i = 0; i < 101; i++) yield mebibyte;
      yield "\r\n--b--\r\n";
    }
    // In chunks, so that nobody knows how much comes before it has come.
    const refused = await sendForm("write", form());
    assert.deepEqual([refused.status, JSON.parse(refused.text).error.code], [413, "too_large"]);
    assert.deepEqual(await refusal("read", { path: "/root/large" }), [404, "not_found"]);
  });

  test("a directory is listed by name, down to the depth that is asked for", async () => {
    await run(
      "mkdir -p /srv/t/b/c /srv/t/a && echo 12345 > /srv/t/b/file && touch /srv/t/B /srv/t/b/c/deep && chmod 4711 /srv/t/B",
    );
    const paths = async (depth?: number | null) => (await list("/srv/t", depth)).map(({ path }) => path.slice(7));
    for (const depth of [undefined, null, 0, 1]) assert.deepEqual(await paths(depth), ["B", "a", "b"]);
    assert.deepEqual(await paths(2), ["B", "a", "b", "b/c", "b/file"]);
    assert.deepEqual(await paths(2 ** 31 - 1), ["B", "a", "b", "b/c", "b/c/deep", "b/file"]);
    assert.deepEqual(await list("/srv/t/a"), []);
    const [special, , , , file] = await list("/srv/t", 2);
    assert.deepEqual([special?.mode, special?.permissions], [0o4711, "-rwx--x--x"]);
    const { modified_at, ...rest } = file!;
    assert.ok(Number.isInteger(modified_at) && Math.abs(Number(modified_at) - Date.now() / 1_000) < 60);
    assert.deepEqual(rest, {
      ...{ name: "file", path: "/srv/t/b/file", type: "file", size: 6 },
      ...{ mode: 0o644, permissions: "-rw-r--r--", owner: "root", group: "root" },
    });
    assert.deepEqual(await refusal("list", { path: "/srv/none" }), [404, "not_found"]);
    assert.deepEqual(await refusal("list", { path: "/srv/t/b/file" }), [400, "invalid_request"]);
    for (const depth of [-1, 1.5, "2", 2 ** 31, []])
      assert.deepEqual(await refusal("list", { path: "/srv/t", depth }), [400, "invalid_request"], String(depth));
  });

  test("links are links, told with where they lead; what is neither file, directory nor link has no type", async () => {
    await run(
      "mkdir -p /srv/l/real && cd /srv/l && echo x > real/f && ln -s real near && ln -s ../l/near far && ln -s nowhere dangling && ln -s /etc/../etc/passwd up && mkfifo pipe",
    );
    const entries = new Map((await list("/srv/l")).map((entry) => [entry.name, entry]));
    const of = (name: string) => [entries.get(name)?.type, entries.get(name)?.symlink_target];
    assert.deepEqual(of("near"), ["symlink", "/srv/l/real"]);
    assert.deepEqual(of("far"), ["symlink", "/srv/l/real"]);
    assert.deepEqual(of("dangling"), ["symlink", "/srv/l/dangling"]);
    assert.deepEqual(of("up"), ["symlink", "/etc/passwd"]);
    assert.deepEqual(of("real"), ["directory", undefined]);
    assert.deepEqual(of("pipe"), [undefined, undefined]);
    assert.equal(entries.get("far")?.permissions, "Lrwxrwxrwx");
    assert.deepEqual(
      (await list("/srv/l/far")).map(({ path }) => path),
      ["/srv/l/far/f"],
      "by the path that was asked for",
    );
    assert.equal((await on("read", { path: "/srv/l/far/f" })).text, "x\n");
    assert.deepEqual(await refusal("read", { path: "/srv/l/pipe" }), [400, "invalid_request"]);
    assert.deepEqual(await refusal("stream/read", { path: "/srv/l/dangling" }), [404, "not_found"]);
    await on("remove", { path: "/srv/l/near" });
    assert.equal(await run("cat /srv/l/real/f; test ! -e /srv/l/near"), "x\n", "the link is gone, not what it led to");
  });

  test("no path and no link leads out of the capsule", async () => {
    await run(
      "ln -s /proc/1/root /srv/out && ln -s ../../../../../../../../.. /srv/top && rm -f /etc/marker && echo inside > /etc/marker",
    );
    assert.equal((await on("read", { path: "/srv/top/etc/marker" })).text, "inside\n");
    for (const path of ["/srv/out/etc/shadow", "/proc/self/root/etc/shadow", "/../../proc/1/environ"]) {
      const { status, text } = await on("read", { path });
      assert.ok(status === 404 || status === 400, `${path}: ${text}`);
    }
  });

  test("owners are called what the capsule calls them, or by their numbers", async () => {
    await run(
      "echo 'ann:x:1000:1000::/home/ann:/bin/sh' >> /etc/passwd; echo 'crew:x:1000:' >> /etc/group; " +
        "mkdir /srv/o; touch /srv/o/a /srv/o/b; chown 1000:1000 /srv/o/a; chown 1234:4321 /srv/o/b",
    );
    const owners = (await list("/srv/o")).map(({ owner, group }) => [owner, group]);
    assert.deepEqual(owners, [
      ["ann", "crew"],
      ["1234", "4321"],
    ]);
  });

  test("directories are made with what they are in, and are a conflict when they are there", async () => {
    const made = await yard.ask<{ entry: Entry }>("POST", `/v1/capsules/${id}/files/mkdir`, { path: "deep/er/est" });
    assert.equal(made.status, 200);
    assert.deepEqual(
      [made.json.entry.name, made.json.entry.path, made.json.entry.permissions],
      ["est", "/root/deep/er/est", "drwxr-xr-x"],
    );
    assert.deepEqual(await refusal("mkdir", { path: "deep/er" }), [409, "conflict"]);
    await run("echo x > /root/file");
    assert.deepEqual(await refusal("mkdir", { path: "/root/file" }), [400, "invalid_request"]);
    assert.deepEqual(await refusal("mkdir", { path: "/root/file/below" }), [400, "invalid_request"]);
  });

  test("a path is removed with all below it, and is no error when it is not there", async () => {
    await run("mkdir -p /srv/r/a/b && touch /srv/r/a/b/c");
    assert.equal((await on("remove", { path: "/srv/r" })).status, 204);
    assert.equal((await on("remove", { path: "/srv/r" })).status, 204);
    assert.deepEqual(await refusal("list", { path: "/srv/r" }), [404, "not_found"]);
    assert.deepEqual(await refusal("remove", { path: "/" }), [400, "invalid_request"]);
  });

  test("bodies that are no JSON, of another shape or too large are refused", async () => {
    for (const what of ["read", "stream/read", "list", "mkdir", "remove"]) {
      for (const body of ["", "{", "[]", "{}", { path: 7 }, { path: null }, { path: ["/etc"] }])
        assert.deepEqual(await refusal(what, body), [400, "invalid_request"], `${what} ${JSON.stringify(body)}`);
      assert.deepEqual(await refusal(what, { path: "x".repeat(10 * 1024 * 1024) }), [413, "too_large"]);
    }
  });

  test("a client that leaves while it writes ends the writing, and the capsule goes on", async () => {
    const pieces = [
      head("path"),
      "/root/partly\r\n",
      head("file").replace("\r\n\r\n", '; filename="f"\r\n\r\n'),
      "x".repeat(100_000),
    ];
    const { cut } = await sendForm("stream/write", pieces, { end: false });
    cut();
    const whole = [
      ["path", "/root/other"],
      ["file", bytes("whole")],
    ] as const;
    assert.equal((await upload("stream/write", whole)).status, 204);
    assert.equal(await run("cat /root/other"), "whole");
  });

  test("a large file passes in both directions without being held in memory", async () => {
    const piece = randomBytes(1024 * 1024);
    const pieces = 256; // more than the other routes take
    const hash = createHash("sha256");
    let most = 0;
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const watch = setInterval(() => {
      collectGarbage(); // what only waits for that is not held
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 1_000);
    function* form() {
      yield `${head("path")}/root/much\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`;
      for (let i = 0; i < pieces; i++) {
        hash.update(piece);
        yield piece;
      }
      yield "\r\n--b--\r\n";
    }
    collectGarbage();
    const held = process.memoryUsage().arrayBuffers;
    assert.equal((await sendForm("stream/write", form())).status, 204);
    const response = await fetch(new URL(`/v1/capsules/${id}/files/stream/read`, yard.url), {
      method: "POST",
      headers: { "x-api-key": yard.account.key },
      body: JSON.stringify({ path: "/root/much" }),
    });
    const back = createHash("sha256");
    for await (const chunk of response.body!) back.update(chunk);
    clearInterval(watch);
    assert.equal(back.digest("hex"), hash.digest("hex"));
    // By both ends, which are one process here.
    assert.ok(most - held < 96 * 1024 * 1024, `${(most - held) / 1024 / 1024} MiB were held`);
    await on("remove", { path: "/root/much" });
  });
});
