/** What leaves for another host and arrives, of drivers that can: here at the very driver that it came from. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import type { Sandbox } from "../sandbox.ts";
import { collect, outputOf, type Suite, textSoFar } from "./suite.ts";

export function moves({ driver, sandbox }: Suite): void {
  test("a driver that moves nothing has nothing for it", () => {
    const isThere = driver().can.moves === true;
    assert.deepEqual([driver().arrivals !== undefined, sandbox().departure !== undefined], [isThere, isThere]);
  });

  test("what has left as an image arrives as it was, and goes on", async () => {
    const { arrivals } = driver();
    if (!arrivals) return;
    const id = `moved-${randomUUID()}`;
    let moved: Sandbox = await driver().create({ id });
    try {
      const counting = "echo kept >/root/file; i=0; while :; do echo $((i=i+1)); sleep 0.1; done";
      const counter = await moved.exec({ id: "counter", argv: ["sh", "-c", counting], streams: "separate" });
      await until(async () => (await counter.output.size()) > 0);
      const { departure } = moved;
      assert.ok(departure);
      await assert.rejects(departure.image(), { code: "precondition" });
      await moved.pausing?.pause();
      const image = await departure.image();
      await assert.rejects(arrivals.begin(image), { code: "conflict" });
      await assert.rejects(departure.part("none"), { code: "not_found" });
      const parts = new Map<string, Buffer>();
      for (const { name } of image.parts) parts.set(name, await collect(await departure.part(name)));
      await moved.destroy({ graceMs: 0 });

      const missing = await arrivals.begin(image);
      assert.deepEqual(await arrivals.list(), [id]);
      for (const part of image.parts.filter(({ name }) => missing.includes(name)))
        await arrivals.put(id, part, Readable.from([parts.get(part.name)]));
      const handle = await arrivals.complete(image);
      assert.deepEqual([handle.id, await arrivals.list()], [id, []]);
      moved = await driver().reattach(handle);
      await moved.pausing?.resume();
      const [found] = await moved.processes();
      assert.equal(found?.id, "counter");
      const size = await found.output.size();
      await until(async () => (await found.output.size()) > size);
      await found.stop({ graceMs: 0 });
      const lines = (await textSoFar(found)).trim().split("\n").map(Number);
      assert.deepEqual(
        lines,
        lines.map((_, i) => i + 1),
      );
      assert.equal(await outputOf(await moved.exec({ id: "read", argv: ["cat", "/root/file"] })), "kept\n");
    } finally {
      await moved.destroy({ graceMs: 0 });
    }
  });

  test("what has arrived in part is given up", async () => {
    const { arrivals } = driver();
    if (!arrivals) return;
    await arrivals.abandon("nothing-of-it");
    assert.deepEqual(await arrivals.list(), []);
  });
}
