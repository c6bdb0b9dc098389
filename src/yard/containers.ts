/** Opens the room of containers, out of the yard's settings and its hosts. */

import type { Config } from "../config.ts";
import { type DockerHosts, type EngineSource, openDockerHosts } from "../containers/docker-hosts.ts";
import { type CredentialsFor, createImagePulls, type ImagePulls } from "../containers/image-pull.ts";
import { type ContainerUpdates, createContainerUpdates } from "../containers/updates/container-updates.ts";
import { createExchangeJournal } from "../containers/updates/exchange-journal.ts";
import { openExchanges } from "../containers/updates/exchanges.ts";
import { createUpdateHistory } from "../containers/updates/update-history.ts";
import { createVolumeBrowser, type VolumeBrowser } from "../containers/volume-browse/volume-browser.ts";
import type { Fleet } from "../hosts/fleet.ts";
import type { Host } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { dockerSockets } from "../platform/docker/engine.ts";
import type { Instances } from "../platform/instances/instances.ts";
import type { Log } from "../platform/log.ts";
import { createNameLock } from "../platform/name-lock.ts";

/** Every host of the yard but those of teams, which are theirs alone. This machine's own engine is reached without the agent's help. */
export function openContainerRoom(fleet: Fleet, { dockerSocket }: Config): DockerHosts {
  const sockets = dockerSocket === undefined ? dockerSockets(process.env) : [dockerSocket];
  return openDockerHosts(() =>
    fleet
      .records()
      .filter(({ kind, status }) => kind === "regular" && status !== "pending")
      .map(({ id, name, isLocal, tags }): EngineSource => {
        const host = fleet.get(id);
        const isOwn = id === fleet.local.id;
        const engine = isOwn ? { socketPaths: sockets } : throughAgent(host);
        const isOnline = isOwn || (!isLocal && host.connected);
        return { id, name, isLocal: isOwn, tags, isOnline, engine, ...(!isOwn && { files: host.stackFiles }) };
      }),
  );
}

export interface EngineServices extends AsyncDisposable {
  readonly imagePulls: ImagePulls;
  readonly volumeBrowser: VolumeBrowser;
  readonly containerUpdates: ContainerUpdates;
}

export interface EngineServiceSources {
  readonly dockerHosts: DockerHosts;
  readonly database: Database;
  readonly instances: Instances;
  readonly clock: Clock;
  readonly log: Log;
  readonly credentialsFor: CredentialsFor;
}

/** What is done on one engine at a time. */
export function openEngineServices(sources: EngineServiceSources): EngineServices {
  const { dockerHosts, database, instances, clock, log, credentialsFor } = sources;
  const imagePulls = createImagePulls({ credentialsFor });
  const history = createUpdateHistory({ database });
  const journal = createExchangeJournal({ database });
  const withName = createNameLock();
  const exchanges = openExchanges({
    ...{ journal, hosts: dockerHosts, withName, clock, log, self: instances.self.id },
    isLive: async (yard) => (await instances.find(yard))?.isLive ?? false,
  });
  return {
    imagePulls,
    volumeBrowser: createVolumeBrowser(),
    containerUpdates: createContainerUpdates({
      ...{ pulls: imagePulls, credentialsFor, history, journal, exchanges, withName, clock },
    }),
    [Symbol.asyncDispose]: () => exchanges[Symbol.asyncDispose](),
  };
}

function throughAgent(host: Host) {
  return { name: `of host ${host.name}`, connect: () => host.dockerEngine() };
}
