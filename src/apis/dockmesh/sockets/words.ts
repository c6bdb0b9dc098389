/** What goes over the sockets, in Dockmesh's words. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ContainerUsage } from "../../../containers/metrics/usage.ts";
import type { FleetEvent } from "../../../containers/streams/fleet-feed.ts";

export function usageToWire(usage: ContainerUsage) {
  return {
    cpu_percent: usage.cpuPercent,
    mem_used: usage.memoryBytes,
    mem_limit: usage.memoryLimitBytes,
    mem_percent: usage.memoryPercent,
    net_rx: usage.receivedBytes,
    net_tx: usage.sentBytes,
    blk_read: usage.readBytes,
    blk_write: usage.writtenBytes,
    pids_current: usage.processes,
  };
}

/** Times are whole seconds since 1970. Those of the server's own engine come without a host. */
export function fleetEventToWire(happened: FleetEvent): object {
  if (happened.source === "stackFiles") return { source: "stacks", ...happened.change };
  if (happened.source === "yard") {
    const { type, name, hostId: host_id, actor, message, at } = happened.event;
    return { source: "dockmesh", type, name, host_id, actor, message, time: secondsOf(at) };
  }
  const { event, hostName, isLocal } = happened;
  const { name, image } = event.attributes;
  return {
    ...{ source: "docker", type: event.type, action: event.action, id: event.id || undefined },
    ...{ name, image, time: secondsOf(event.timeMs) },
    ...(!isLocal && { host_id: event.hostId, host_name: hostName }),
  };
}

function secondsOf(at: number): number {
  return Math.floor(at / 1_000);
}

/** More than any terminal shows; engines take 16 bits. */
const mostCells = 10_000;
const Cells = Type.Integer({ minimum: 1, maximum: mostCells });
const resize = Compile(Type.Object({ type: Type.Literal("resize"), cols: Cells, rows: Cells }));

const hangup = Compile(Type.Object({ type: Type.Literal("hangup") }));

/** @returns undefined for what is none: it is ignored */
export function readResize(text: string): { readonly cols: number; readonly rows: number } | undefined {
  const control = readControl(text);
  return resize.Check(control) ? control : undefined;
}

export function isHangup(text: string): boolean {
  return hangup.Check(readControl(text));
}

function readControl(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
