/** A bare `node:http` server in a process of its own, that answers every request with the same: what a round trip costs at least. */
import type { PlainAddress, PlainReply } from "../peers/plain-http-server.ts";
import type { Bench } from "./figure.ts";
import { type Answer, createHttpClient } from "./http-client.ts";
import { ask } from "./messages.ts";
import { peer } from "./paths.ts";

export interface PlainHttp extends AsyncDisposable {
  readonly pid: number;
  /** @param body sent with a POST; without one it is a GET */
  call(body?: unknown): Promise<Answer>;
}

export async function openPlainHttp(bench: Bench, reply: PlainReply): Promise<PlainHttp> {
  await using opened = new AsyncDisposableStack();
  const child = opened.use(
    bench.children.start(process.execPath, [peer("plain-http-server.ts")], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    }),
  );
  const { port } = await ask<PlainAddress>(child, reply, bench.signal);
  const client = opened.use(createHttpClient(`http://127.0.0.1:${port}`, 1, bench.signal));
  const lifetime = opened.move();
  return {
    pid: child.pid,
    call: (body) => client.call({ method: body === undefined ? "GET" : "POST", path: "/", body }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
