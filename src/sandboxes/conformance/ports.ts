/** Connections to ports inside, of drivers that have them. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import type { Process, Sandbox } from "../sandbox.ts";
import type { Suite } from "./suite.ts";

let nextPort = 20_000;

async function dial(sandbox: Sandbox, port: number): Promise<Duplex> {
  return (await sandbox.dial?.(port)) ?? assert.fail("the sandbox has no ports");
}

export function dialsPorts({ driver, sandbox }: Suite): void {
  const withPorts = (name: string, check: () => Promise<void>) =>
    test(name, async () => {
      assert.equal(sandbox().dial !== undefined, driver().can.dial ?? false);
      if (driver().can.dial) await check();
    });

  /** A server that sends back what it gets, each connection with a program of its own. */
  async function serve(made: Sandbox, program = "cat"): Promise<{ port: number; server: Process }> {
    const port = nextPort++;
    const argv = ["busybox", "nc", "-ll", "-p", `${port}`, "-e", ...program.split(" ")];
    const server = await made.exec({ id: randomUUID(), argv });
    await until(async () => {
      const socket = await dial(made, port).catch(() => undefined);
      socket?.destroy();
      return socket !== undefined;
    });
    return { port, server };
  }

  withPorts("what is sent to a port comes to who listens there, and back, to the end of each side", async () => {
    const { port, server } = await serve(sandbox());
    const socket = await dial(sandbox(), port);
    socket.write("one ");
    assert.equal((await once(socket, "data")).toString(), "one ");
    const rest = buffer(socket);
    socket.end("two"); // the other side goes on: it still has to answer
    assert.equal((await rest).toString(), "two");
    await server.stop({ graceMs: 0 });
  });

  withPorts("much goes both ways at once, as fast as it is read", async () => {
    const { port, server } = await serve(sandbox());
    const socket = await dial(sandbox(), port);
    const pieces = Array.from({ length: 64 }, (_, i) => Buffer.alloc(64 * 1024, i + 1));
    const received = buffer(socket);
    for (const piece of pieces) if (!socket.write(piece)) await once(socket, "drain");
    socket.end();
    assert.ok((await received).equals(Buffer.concat(pieces)));
    await server.stop({ graceMs: 0 });
  });

  withPorts("many connections are open at once, each by itself", async () => {
    const { port, server } = await serve(sandbox());
    const sockets: Duplex[] = [];
    for (let i = 0; i < 24; i++) {
      const socket = await dial(sandbox(), port);
      socket.write(`number ${i}`);
      assert.equal((await once(socket, "data")).toString(), `number ${i}`);
      sockets.push(socket);
    }
    for (const socket of sockets.toReversed()) {
      const rest = buffer(socket);
      socket.end("bye");
      assert.equal((await rest).toString(), "bye");
    }
    await server.stop({ graceMs: 0 });
  });

  withPorts("a port that nobody listens on is said to be one", async () => {
    await assert.rejects(dial(sandbox(), 19_999), { code: "unavailable", field: "port" });
  });

  withPorts("the end of the server is the end of its connections", async () => {
    const made = await driver().create({ id: randomUUID() });
    const { port } = await serve(made, "sleep 300");
    const socket = await dial(made, port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {}); // broken off, as it was
    socket.resume();
    await made.destroy({ graceMs: 0 });
    socket.end();
    await closed;
  });

  withPorts("a paused sandbox is not reached", async () => {
    const made = await driver().create({ id: randomUUID() });
    await made.pausing?.pause();
    if (made.pausing) await assert.rejects(dial(made, 80), { code: "precondition" });
    await made.destroy({ graceMs: 0 });
  });
}
