/** The containers of all hosts that somebody reaches, and those hosts of which nobody knows. */
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import type { ContainerRow as EngineRow } from "../../../containers/inventory/container-row.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { type ContainerRow, containerRow, type HostShown } from "./container.ts";

export interface SeenContainers {
  readonly containers: readonly ContainerRow[];
  /** Hosts whose engine does not answer: their containers are missing above. */
  readonly unreachable: readonly (HostShown & { readonly reason: string })[];
}

type Parts = Pick<ConsoleParts, "dockerHosts" | "inventories" | "words">;

/** Rows of engines are the same objects as long as nothing has changed of them. */
const made = new WeakMap<EngineRow, ContainerRow>();

/** @param options.timeoutMs how long an engine is waited for */
export async function seenContainers(
  { dockerHosts, inventories, words }: Parts,
  { reach }: Viewer,
  options: { readonly timeoutMs?: number } = {},
): Promise<SeenContainers> {
  const list = (host: DockerHost) => inventories.containers(host, { all: true });
  const { answers, unreachable } = await dockerHosts.fanOut(reach, list, options);
  return {
    containers: answers.flatMap(({ host, answer }) => {
      const shown = words.engineHost(host);
      return answer.map((row) => rowOnce(row, shown));
    }),
    unreachable: unreachable.map(({ host, error }) => ({ ...words.engineHost(host), reason: error.message })),
  };
}

function rowOnce(row: EngineRow, host: HostShown): ContainerRow {
  const known = made.get(row);
  if (known?.hostName === host.hostName) return known;
  const fresh = containerRow(row, host);
  made.set(row, fresh);
  return fresh;
}
