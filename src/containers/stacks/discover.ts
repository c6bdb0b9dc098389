/** Compose projects that run on a host and have no directory here: what can be taken over. */
import type Docker from "dockerode";
import { label } from "../deploy/labels.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { StackFiles } from "./stack-files.ts";

export interface DiscoveredProject {
  readonly name: string;
  /** In order of their names. */
  readonly containers: readonly DiscoveredContainer[];
  /** When the oldest of them was made, in milliseconds since 1970. */
  readonly firstSeen: number;
}

export interface DiscoveredContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly state: string;
  readonly image: string;
}

const mostProjects = 1_000;

/** By name. @throws {YardError} unavailable */
export async function discoverProjects(
  host: DockerHost,
  files: Pick<StackFiles, "list">,
): Promise<readonly DiscoveredProject[]> {
  const rows = await host.engine.call("list containers", (docker, abortSignal) =>
    docker.listContainers({ all: true, filters: { label: [label.project] }, abortSignal }),
  );
  const known = new Set((await files.list()).flatMap(({ name, isBlank }) => (isBlank ? [] : [name])));
  const projects = Map.groupBy(rows, ({ Labels }) => Labels[label.project] ?? "");
  return [...projects]
    .filter(([name]) => name !== "" && !known.has(name))
    .map(([name, containers]) => projectOf(name, containers))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, mostProjects);
}

function projectOf(name: string, rows: readonly Docker.ContainerInfo[]): DiscoveredProject {
  const containers = rows.map(({ Id, Names, Labels, State, Image }) => ({
    ...{ id: Id, name: Names[0]?.slice(1) ?? Id, service: Labels[label.service] ?? "" },
    ...{ state: State, image: Image },
  }));
  return {
    name,
    containers: containers.toSorted((a, b) => (a.service + a.name < b.service + b.name ? -1 : 1)),
    firstSeen: Math.min(...rows.map(({ Created }) => Created * 1_000)),
  };
}
