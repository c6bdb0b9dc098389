/** Hosts and what is on them: told by engines, by the directories of stacks, and by what the yards do. */
import { isWithin } from "../../../containers/docker-hosts.ts";
import { changeOf } from "../../../containers/inventory/docker-event.ts";
import type { Placement } from "../../../containers/stacks/placements.ts";
import type { HostRecord } from "../../../hosts/host-record.ts";
import type { ChangedRow } from "../../../platform/bus/row-changes.ts";
import type { Gathering } from "../../../platform/gathering.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { seesHost } from "../rows/seen-hosts.ts";
import { gathered } from "./gathered.ts";
import type { AddressedChange, Source, Sources } from "./topics.ts";

type Parts = Pick<ConsoleParts, "hosts" | "inventories" | "stackFiles" | "placements" | "words" | "bus" | "log">;

export function fleetSources(parts: Parts): Pick<Sources, "containers" | "stacks" | "hosts" | "alerts"> {
  const failed = (error: unknown) =>
    parts.log.warn({ err: error }, "who sees what has changed in the fleet could not be found out");
  return {
    containers: gathered({
      listen: (heard) => listenToEngines(parts, heard),
      address: addressContainers(parts),
      failed,
    }),
    stacks: (tell) =>
      gathered({ listen: (heard) => listenToStacks(parts, heard), address: addressStacks(parts), failed })(tell),
    hosts: (tell) =>
      gathered({ listen: (heard) => listenToHosts(parts, heard), address: addressHosts(parts), failed })(tell),
    alerts: alertSource(parts),
  };
}

const kindOfAction: Readonly<Record<string, ChangedRow["kind"]>> = { create: "added", destroy: "removed" };
/** Between the host and the container in the name under which a change is gathered. */
const separator = " ";

function listenToEngines({ hosts, inventories }: Parts, heard: Gathering<ChangedRow>): Disposable {
  using opened = new DisposableStack();
  opened.use(
    inventories.onEvent((event) => {
      const change = changeOf(event);
      if (change.kind === "all") heard.lose();
      if (change.kind !== "one") return;
      const kind = event.type === "container" ? (kindOfAction[event.action] ?? "changed") : "changed";
      const id = `${event.hostId}${separator}${change.id}`;
      heard.add(id, { id, kind });
    }),
  );
  opened.use(hosts.onChange(() => heard.lose())); // its containers come, or nobody knows them any more
  return opened.move();
}

function addressContainers({ hosts, words }: Parts) {
  return async (rows: readonly ChangedRow[]): Promise<readonly AddressedChange[]> => {
    const records = new Map(hosts.records().map((record) => [record.id, record]));
    return rows.flatMap(({ id: both, kind }) => {
      const [hostId = "", id = ""] = both.split(separator);
      const host = records.get(hostId);
      if (!host) return [];
      const shown = words.engineHost({ id: hostId, name: host.name, isLocal: hostId === hosts.ownId });
      const change = { id, kind, hostId: shown.hostId };
      return [{ change, isFor: ({ reach }: Viewer) => isWithin(reach, host.tags) }];
    });
  };
}

function listenToStacks({ stackFiles, bus }: Parts, heard: Gathering<ChangedRow>): Disposable {
  using opened = new DisposableStack();
  opened.use(
    stackFiles.onChange(({ type, name, file }) => {
      const kind = file !== undefined || type === "modified" ? "changed" : type === "created" ? "added" : "removed";
      heard.add(name, { id: name, kind });
    }),
  );
  opened.use(
    bus.subscribe("fleet.event", ({ type, name }) => {
      if (name !== undefined && type.startsWith("stack.")) heard.add(name, { id: name, kind: "changed" });
    }),
  );
  return opened.move();
}

/** Where a stack was that is gone is told by the last look. */
function addressStacks({ placements, hosts }: Parts) {
  let before: Promise<readonly Placement[]> = placements.list();
  before.catch(() => {}); // who needs it is told
  return async (rows: readonly ChangedRow[]): Promise<readonly AddressedChange[]> => {
    const gone = await before.catch(() => []);
    const now = await placements.list();
    before = Promise.resolve(now);
    const hostOf = new Map([...gone, ...now].map(({ stack, hostId }) => [stack, hostId]));
    const tagsOf = new Map(hosts.records().map(({ id, tags }) => [id, tags]));
    return rows.map((change) => {
      const hostId = hostOf.get(change.id);
      return { change, isFor: ({ reach }) => hostId === undefined || isWithin(reach, tagsOf.get(hostId) ?? []) };
    });
  };
}

function listenToHosts({ hosts, bus }: Parts, heard: Gathering<ChangedRow>): Disposable {
  using opened = new DisposableStack();
  opened.use(
    hosts.onChange(({ hostId: id, status }) =>
      heard.add(id, { id, kind: status === undefined ? "removed" : "changed" }),
    ),
  );
  opened.use(bus.subscribe("host.changed", ({ hostId: id }) => heard.add(id, { id, kind: "changed" })));
  return opened.move();
}

function addressHosts({ hosts }: Parts) {
  const known = new Map<string, HostRecord>();
  const look = () => {
    for (const record of hosts.records()) known.set(record.id, record);
  };
  look();
  return async (rows: readonly ChangedRow[]): Promise<readonly AddressedChange[]> => {
    look();
    return rows.flatMap((change) => {
      const record = known.get(change.id);
      if (change.kind === "removed") known.delete(change.id);
      return record ? [{ change, isFor: (viewer: Viewer) => seesHost(viewer, record) }] : [];
    });
  };
}

/** By the containers that they are about. */
function alertSource({ hosts, bus }: Parts): Source {
  return (tell) =>
    bus.subscribe("fleet.event", ({ type, name = "", hostId }) => {
      if (!type.startsWith("alert.")) return;
      const tags = hosts.records().find(({ id }) => id === hostId)?.tags ?? [];
      const kind = type === "alert.fired" ? "added" : "removed";
      tell([{ change: { id: name, kind }, isFor: ({ reach }) => hostId === undefined || isWithin(reach, tags) }]);
    });
}
