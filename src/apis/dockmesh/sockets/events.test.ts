import assert from "node:assert/strict";
import { test } from "node:test";
import type { FleetEvent } from "../../../containers/streams/fleet-feed.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { until } from "../../../platform/testing/until.ts";
import { tellEvents } from "./events.ts";

test("who reads slowly misses events, is told so once, and goes on with those of then", async () => {
  const sent: string[] = [];
  const reading = Promise.withResolvers<void>();
  const gone = new AbortController();
  const channel: SocketChannel = {
    ...{ closed: gone.signal, close() {}, async sendLines() {} },
    async send(message) {
      await reading.promise;
      sent.push(String(message));
    },
    async *[Symbol.asyncIterator]() {},
  };
  let tell: ((event: FleetEvent) => void) | undefined;
  const feed = {
    subscribe(_reach: unknown, listener: (event: FleetEvent) => void) {
      tell = listener;
      return {
        [Symbol.dispose]() {
          tell = undefined;
        },
      };
    },
  };
  const telling = tellEvents(channel, gone.signal, { feed, reach: { hostTags: [] } });
  const happen = (type: string) => tell?.({ source: "yard", event: { type, at: 0 } });
  for (let count = 0; count < 5_000; count++) happen(`e${count}`);
  reading.resolve();
  await until(() => sent.at(-1)?.includes("events.lost"), { what: "it is told" });
  assert.ok(sent.length < 2_000);
  happen("later");
  await until(() => sent.at(-1)?.includes("later"), { what: "it goes on" });
  assert.equal(sent.filter((text) => text.includes("events.lost")).length, 1);
  gone.abort();
  await telling;
  assert.equal(tell, undefined);
});
