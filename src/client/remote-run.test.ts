import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import { createYardClient } from "./http.ts";
import { runRemotely } from "./remote-run.ts";

/** What a yard keeps of one run, behind a server that a test can take away and bring back: the state outlives it, as the agent's does. */
class StandInYard {
  output = "";
  exitCode: number | undefined;
  running = true;
  exists = false;
  started: unknown;
  restarts = 0;
  /** Token of this life of the server. */
  token = "life 0";
  readonly #followers = new Set<ServerResponse>();
  #server: Server | undefined;

  async open(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response)).listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server?.address() as AddressInfo).port}`;
  }

  print(text: string): void {
    this.output += text;
    for (const follower of this.#followers) follower.write(text);
  }

  end(exitCode: number | undefined): void {
    this.exitCode = exitCode;
    this.running = false;
    for (const follower of this.#followers) follower.end();
  }

  get followed(): boolean {
    return this.#followers.size > 0;
  }

  /** `graceful`: streams end as if the run had; otherwise connections break. */
  async restart(options: { graceful: boolean }): Promise<void> {
    if (options.graceful) for (const follower of this.#followers) follower.end();
    await this.close();
    this.token = `life ${++this.restarts}`;
    await this.open();
  }

  async close(): Promise<void> {
    this.#server?.close();
    this.#server?.closeIdleConnections();
    setImmediate(() => this.#server?.closeAllConnections());
    if (this.#server) await once(this.#server, "close");
    this.#followers.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://yard");
    const position = Number(url.searchParams.get("stdout_position") ?? url.searchParams.get("position") ?? 0);
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return void response.writeHead(401).end('{"message":"who?"}');
    if (url.pathname === "/appmesh/app/run") {
      this.started = JSON.parse((await request.toArray()).join(""));
      this.exists = true;
      return void response.end('{"name":"temp","process_uuid":"run_1"}');
    }
    if (!this.exists) return void response.writeHead(404).end('{"message":"no such app"}');
    if (request.method === "DELETE") {
      this.exists = false;
      this.end(9);
      return void response.end("{}");
    }
    if (url.pathname.startsWith("/yard/v1/")) return this.#follow(position, response);
    if (this.exitCode !== undefined) response.setHeader("x-exit-code", this.exitCode);
    else if (!this.running && position === this.output.length) response.statusCode = 412;
    response.end(this.output.slice(position));
  }

  #follow(position: number, response: ServerResponse): void {
    response.writeHead(200, { "x-output-position": position });
    response.flushHeaders();
    response.write(this.output.slice(position));
    if (!this.running) return void response.end();
    this.#followers.add(response);
    response.once("close", () => this.#followers.delete(response));
  }
}

function start(yard: StandInYard, options: { signal?: AbortSignal; patienceMs?: number } = {}) {
  let text = "";
  const notices: string[] = [];
  const exit = runRemotely(
    { command: "count" },
    {
      connect: async () => createYardClient({ url: yard.url, token: yard.token }),
      output: new Writable({
        write(chunk, _encoding, done) {
          text += chunk;
          done();
        },
      }),
      notice: (notice) => notices.push(notice),
      signal: options.signal ?? new AbortController().signal,
      patienceMs: options.patienceMs ?? 10_000,
    },
  );
  exit.catch(() => {}); // looked at later
  return { exit, notices, text: () => text };
}

async function openYard(): Promise<StandInYard & AsyncDisposable> {
  const yard = new StandInYard();
  await yard.open();
  return Object.assign(yard, { [Symbol.asyncDispose]: () => yard.close() });
}

test("output appears as it is printed, the exit code is the remote one, and nothing is left", async () => {
  await using yard = await openYard();
  const run = start(yard);
  await until(() => yard.followed);
  yard.print("hello\n");
  await until(() => run.text() === "hello\n");
  yard.end(3);
  assert.equal(await run.exit, 3);
  assert.equal(yard.exists, false);
  assert.match(JSON.stringify(yard.started), /"name":"run-\w{8}","command":"count"/);
});

for (const graceful of [true, false]) {
  test(`a ${graceful ? "restart" : "crash"} of the yard loses and repeats no output`, async () => {
    await using yard = await openYard();
    const run = start(yard);
    await until(() => yard.followed);
    yard.print("one ");
    await until(() => run.text() === "one ");
    yard.output += "two "; // printed while nobody could follow
    await yard.restart({ graceful });
    await until(() => yard.followed);
    yard.print("three");
    yard.end(0);
    assert.equal(await run.exit, 0);
    assert.equal(run.text(), "one two three");
    assert.deepEqual(run.notices.length, 2);
  });
}

test("a run that ended while the yard was away is read to its end", async () => {
  await using yard = await openYard();
  const run = start(yard);
  await until(() => yard.followed);
  yard.output = "all of it";
  yard.exitCode = 5;
  yard.running = false;
  await yard.restart({ graceful: true });
  assert.equal(await run.exit, 5);
  assert.equal(run.text(), "all of it");
});

test("an exit that nobody saw has no code", async () => {
  await using yard = await openYard();
  const run = start(yard);
  await until(() => yard.followed);
  yard.end(undefined);
  assert.equal(await run.exit, undefined);
});

test("an abort stops the run and removes its app", async () => {
  await using yard = await openYard();
  const stop = new AbortController();
  const run = start(yard, { signal: stop.signal });
  await until(() => yard.followed);
  stop.abort("SIGINT");
  await assert.rejects(run.exit, (reason) => reason === "SIGINT");
  assert.equal(yard.exists, false);
  assert.equal(yard.running, false);
});

test("a run that someone else removed has no exit code to invent", async () => {
  await using yard = await openYard();
  const run = start(yard);
  await until(() => yard.followed);
  yard.exists = false;
  yard.end(undefined);
  await assert.rejects(run.exit, (error) => isYardError(error, "interrupted"));
});

test("a yard that stays away is given up after a while", async () => {
  const yard = await openYard();
  const run = start(yard, { patienceMs: 100 });
  await until(() => yard.followed);
  await yard.restart({ graceful: false });
  yard.token = "of another life";
  const address = { url: yard.url };
  await yard.close();
  Object.defineProperty(yard, "url", { value: address.url });
  await assert.rejects(run.exit, (error) => isYardError(error, "unavailable"));
  assert.match(run.notices.at(-1) ?? "", /could not remove temp/);
});
