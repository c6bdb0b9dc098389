/** What a container uses, about every second. */
import { YardError } from "../platform/errors.ts";
import { containerSocketPath } from "./fleet-containers.ts";
import type { Placed } from "./fleet-rows.ts";
import type { YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { type JsonObject, numberField, optionalTextField, parseObject } from "./json.ts";
import { openYardSocket } from "./yard-socket.ts";

export interface UsageSeen {
  readonly json: JsonObject;
  /** Of one core: two cores that are busy are 200. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly memoryPercent: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly processes: number;
}

/** Until it ends. @throws {YardError} what the yard refuses; unavailable */
export async function* watchUsage(
  client: YardClient,
  container: Placed,
  signal: AbortSignal,
): AsyncGenerator<UsageSeen, void> {
  using socket = await openYardSocket(client, containerSocketPath("stats", container), signal);
  for await (const message of socket.messages) {
    const json = parseObject(String(message));
    const failure = optionalTextField(json, "error");
    if (failure !== undefined) throw new YardError("unavailable", inert(failure));
    yield {
      ...{ json, cpuPercent: numberField(json, "cpu_percent"), processes: numberField(json, "pids_current") },
      ...{ memoryBytes: numberField(json, "mem_used"), memoryLimitBytes: numberField(json, "mem_limit") },
      memoryPercent: numberField(json, "mem_percent"),
      ...{ receivedBytes: numberField(json, "net_rx"), sentBytes: numberField(json, "net_tx") },
      ...{ readBytes: numberField(json, "blk_read"), writtenBytes: numberField(json, "blk_write") },
    };
  }
}
