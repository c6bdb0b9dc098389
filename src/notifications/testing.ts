/** For tests: receivers that listen on this machine, and a room of notifications that may tell them things. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { systemClock } from "../platform/clock.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import type { Resolve } from "../platform/http/outgoing/guarded-request.ts";
import { newId } from "../platform/ids.ts";
import type { Channel, EventDocument, FleetDocument, NewChannel } from "./channel.ts";
import type { FleetNotice } from "./fleet-channel.ts";
import { type Notifications, type NotificationTimes, openNotifications } from "./notifications.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TestReceiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
}

/** @param number of the request, from 0 */
export type Answer = (response: ServerResponse, number: number, request: IncomingMessage) => void;

export const ok: Answer = (response) => void response.writeHead(204).end();
export const failing: Answer = (response) => void response.writeHead(500).end("a secret of the receiver");
export const silent: Answer = () => {};

export async function startReceiver(answer: Answer = ok): Promise<TestReceiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = "", url: path = "", headers } = request;
    answer(response, received.push({ method, path, headers, body }) - 1, request);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, port, received },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export const teamId = newId("team");
export const secretKey = randomBytes(32);

export interface TestRoom extends AsyncDisposable {
  readonly notifications: Notifications;
  /** All lines of its log. */
  readonly logged: readonly string[];
  webhook(url: string, changes?: Partial<NewChannel>): Promise<Channel>;
  tell(event?: string, team?: string): EventDocument;
  tellFleet(notice: Partial<FleetNotice>): Promise<void>;
}

export interface TestRoomOptions {
  readonly database: Database;
  readonly times?: Partial<NotificationTimes>;
  readonly mostWaiting?: number;
  readonly allow?: readonly string[];
  readonly resolve?: Resolve;
}

/** Waits are short in it, except where a test says otherwise. */
export function openTestRoom({
  database,
  times,
  mostWaiting,
  allow = ["127.0.0.1"],
  resolve,
}: TestRoomOptions): TestRoom {
  const logged: string[] = [];
  const note = (facts: object, message?: string) => void logged.push(JSON.stringify({ ...facts, message }));
  const notifications = openNotifications({
    ...{ database, resolve, clock: systemClock, secrets: createSecretBox(secretKey) },
    settings: {
      ...{ allowNetworks: networksOf(allow), telegramUrl: "https://telegram.test", mostWaiting },
      times: { pollMs: 20, retriesMs: [10, 10], fleetRetriesMs: [10, 10, 10], ...times },
    },
    log: { warn: note, error: note },
  });
  let made = 0;
  return {
    notifications,
    logged,
    async webhook(url, changes) {
      const usual = { name: `hook-${made++}`, provider: "webhook", events: ["capsule.created"] } as const;
      const wanted = { ...usual, config: { url }, ...changes };
      return (await notifications.channels.create(teamId, wanted)).channel;
    },
    tell(name = "capsule.created", team = teamId) {
      const at = Date.now();
      const event = {
        ...{ event: name, timestamp: new Date(at).toISOString(), team_id: team },
        ...{ actor: { type: "user", id: "usr-1", name: "ann" }, resource: { id: `cl-${made++}`, type: "sandbox" } },
      };
      notifications.tell({ teamId: team, event, at });
      return event;
    },
    tellFleet: (notice) =>
      database.transaction((trx) =>
        notifications.tellFleet(trx, [{ channels: [], subject: "s", event: alarm, at: Date.now(), ...notice }]),
      ),
    [Symbol.asyncDispose]: () => notifications[Symbol.asyncDispose](),
  };
}

export const alarm: FleetDocument = {
  ...{ event: "alert.fired", timestamp: "2030-01-02T03:04:05.000Z", severity: "critical" },
  message: "web on Local: CPU is at 93 %, above 80 %.",
  alert: {
    ...{ rule_id: 7, rule_name: "<hot> @all", metric: "cpu_percent", threshold: 80, firing: 1 },
    ...{ value: 93, container_name: "web", host_id: "local" },
  },
};
export const allClear: FleetDocument = {
  ...alarm,
  event: "alert.resolved",
  alert: { ...alarm.alert!, firing: 0 },
  message: "web on Local: CPU is at 5 % again.",
};
