import assert from "node:assert/strict";
import { test } from "node:test";
import { startReceiver } from "../notifications/testing.ts";
import { systemClock } from "../platform/clock.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import { openTestDatabase } from "../platform/db/testing.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import { newId } from "../platform/ids.ts";
import { createLog } from "../platform/log.ts";
import { until } from "../platform/testing/until.ts";
import { openNotificationRoom } from "./notifications.ts";

test("a team is told of its own hosts, in the words of its readers, and nobody of everybody's", async () => {
  await using database = await openTestDatabase("sqlite");
  await using receiver = await startReceiver();
  await using room = openNotificationRoom({
    ...{
      database,
      secrets: createSecretBox(Buffer.alloc(32)),
      clock: systemClock,
      log: createLog({ level: "silent" }),
    },
    config: { notifications: { allowNetworks: networksOf(["127.0.0.1"]), telegramUrl: "https://telegram.test" } },
  });
  const teamId = newId("team");
  const config = { url: receiver.url };
  await room.channels.create(teamId, { name: "ops", provider: "webhook", config, events: ["host.up", "host.down"] });
  const at = Date.UTC(2030, 0, 1);
  room.tell({ event: "host.down", at, hostId: newId("host") });
  room.tell({ event: "host.down", at, hostId: newId("host"), teamId: newId("team") });
  room.tell({ event: "host.up", at, hostId: newId("host"), teamId });
  await until(() => receiver.received.length > 0);
  const { team_id, resource, ...rest } = JSON.parse(receiver.received[0]!.body);
  assert.deepEqual(rest, { event: "host.up", timestamp: "2030-01-01T00:00:00Z", actor: { type: "system" } });
  assert.match(team_id, /^team-[0-9a-z]{25}$/);
  assert.match(resource.id, /^host-[0-9a-z]{25}$/);
  assert.deepEqual([resource.type, receiver.received.length], ["host", 1]);
});
