/** What an engine has of a project, as far as its lists tell: three calls at once, however large the project is. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import type { ComposeProject } from "../compose/project.ts";
import { label, ofProject } from "./labels.ts";

export interface ActualContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** From 1; 0 where no label says it. */
  readonly number: number;
  readonly configHash: string | undefined;
  /** The reference it was made with, or an image's id where that reference means another image by now, or none. */
  readonly image: string;
  readonly imageId: string;
  /** As the engine calls it: `running`, `exited`, `created`, `paused`, `restarting`, `removing`, `dead`. */
  readonly state: string;
  /** For people: `Up 3 minutes (healthy)`. */
  readonly status: string;
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** Names of those that it is, or will be, connected to. */
  readonly networks: readonly string[];
  /** Volumes that have no name of their own, by where they are mounted. */
  readonly anonymousVolumes: ReadonlyMap<string, string>;
  /** Services that its own waits for. */
  readonly dependsOn: readonly string[];
  /** Made for one command, beside those that the file asks for. */
  readonly isOneOff: boolean;
}

export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  /** There is another one of the same name. */
  readonly hasTwin?: boolean;
}

export interface ActualState {
  /** By service, then by number. */
  readonly containers: readonly ActualContainer[];
  /** By name, whosoever's they are, among those that the project asks for. */
  readonly networks: ReadonlyMap<string, Labelled>;
  readonly volumes: ReadonlyMap<string, Labelled>;
}

export async function readActualState(engine: Engine, project: ComposeProject): Promise<ActualState> {
  const [containers, networks, volumes] = await Promise.all([
    listContainers(engine, project.name),
    listNetworks(engine, namesOf(project.networks)),
    listVolumes(engine, namesOf(project.volumes)),
  ]);
  return { containers, networks, volumes };
}

/** All of a project, stopped ones included. */
export async function listContainers(engine: Engine, project: string): Promise<readonly ActualContainer[]> {
  const rows = await engine.call("list containers", (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: ofProject(project), abortSignal }),
  );
  return rows.map(readContainer).toSorted((a, b) => a.service.localeCompare(b.service) || a.number - b.number);
}

/** Paths of the host that containers of a project mount, whatever they are of. */
export async function mountedPaths(engine: Engine, project: string): Promise<readonly string[]> {
  const rows = await engine.call("list containers", (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: ofProject(project), abortSignal }),
  );
  return rows.flatMap(({ Mounts }) => (Mounts ?? []).flatMap(({ Type, Source }) => (Type === "bind" ? [Source] : [])));
}

function readContainer(row: Docker.ContainerInfo): ActualContainer {
  const labels = row.Labels ?? {};
  return {
    id: row.Id,
    name: nameOf(row),
    service: labels[label.service] ?? "",
    number: Number(labels[label.number]) || 0,
    configHash: labels[label.configHash],
    image: row.Image,
    imageId: row.ImageID,
    state: row.State,
    status: row.Status,
    health: healthIn(row.Status),
    networks: Object.keys(row.NetworkSettings?.Networks ?? {}),
    anonymousVolumes: anonymousVolumes(row),
    dependsOn: (labels[label.dependsOn] ?? "").split(",").flatMap((one) => one.split(":")[0] || []),
    isOneOff: labels[label.oneOff] === "True",
  };
}

/** A container that others link to has further names, `/other/alias`. */
function nameOf({ Names, Id }: Docker.ContainerInfo): string {
  return Names.map((name) => name.slice(1)).find((name) => !name.includes("/")) ?? Id;
}

function healthIn(status: string): ActualContainer["health"] {
  if (status.includes("(healthy)")) return "healthy";
  if (status.includes("(unhealthy)")) return "unhealthy";
  return status.includes("(health: starting)") ? "starting" : undefined;
}

/** The engine calls them by 64 hexadecimal digits. */
function anonymousVolumes({ Mounts }: Docker.ContainerInfo): ReadonlyMap<string, string> {
  return new Map(
    (Mounts ?? []).flatMap(({ Type, Name, Destination }) =>
      Type === "volume" && Name && /^[0-9a-f]{64}$/.test(Name) ? [[Destination, Name] as const] : [],
    ),
  );
}

function namesOf(specs: ReadonlyMap<string, { readonly name: string }>): readonly string[] {
  return [...specs.values()].map(({ name }) => name);
}

/** The engine's filter finds what contains the text, so others come along. */
async function listNetworks(engine: Engine, names: readonly string[]): Promise<ReadonlyMap<string, Labelled>> {
  if (names.length === 0) return new Map();
  const rows = await engine.call("list networks", (docker, abortSignal) =>
    docker.listNetworks({ filters: { name: [...names] }, abortSignal }),
  );
  const sameNamed = Map.groupBy(rows, ({ Name }) => Name);
  return new Map(
    rows.map(({ Name, Labels }) => {
      const hasTwin = (sameNamed.get(Name)?.length ?? 0) > 1;
      return [Name, { labels: Labels ?? {}, hasTwin }] as const;
    }),
  );
}

async function listVolumes(engine: Engine, names: readonly string[]): Promise<ReadonlyMap<string, Labelled>> {
  if (names.length === 0) return new Map();
  const { Volumes } = await engine.call("list volumes", (docker, abortSignal) =>
    docker.listVolumes({ filters: { name: [...names] }, abortSignal }),
  );
  return new Map((Volumes ?? []).map(({ Name, Labels }) => [Name, { labels: Labels ?? {} }]));
}
