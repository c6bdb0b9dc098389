/** Holds a whole project to what stays inside, before anything of it is made. */
import type { ComposeProject, NetworkSpec, ServiceSpec, VolumeSpec } from "../compose/project.ts";
import type { ActualState } from "./actual-state.ts";
import { containerName } from "./container-names.ts";
import type { CreateRequest } from "./create-request.ts";
import {
  type Confines,
  checkContainer,
  checkLabels,
  checkNetwork,
  checkVolume,
  refuseForeign,
} from "./creation-policy.ts";
import { label } from "./labels.ts";
import { networkRequest, volumeRequest } from "./resources.ts";

/** @param requests of every container that there may be of the project @throws {YardError} forbidden, naming the field */
export function confineProject(
  project: ComposeProject,
  actual: ActualState,
  requests: Iterable<{ readonly service: ServiceSpec; readonly request: CreateRequest }>,
): void {
  for (const [key, network] of project.networks) checkOwnNetwork(project, key, network, actual);
  for (const [key, volume] of project.volumes) checkOwnVolume(project, key, volume, actual);
  const confines = confinesOf(project, actual);
  for (const { service, request } of requests) {
    const field = `services.${service.name}`;
    checkLabels(field, service.labels.keys());
    checkContainer(field, request, confines);
  }
}

function confinesOf(project: ComposeProject, actual: ActualState): Confines {
  const services = [...project.services.values()];
  const inherited = actual.containers.flatMap(({ anonymousVolumes }) => [...anonymousVolumes.values()]);
  return {
    networks: new Set([...project.networks.values()].map(({ name }) => name)),
    volumes: new Set([...[...project.volumes.values()].map(({ name }) => name), ...inherited]),
    containers: new Set(services.map((service) => containerName(project.name, service, 1))),
  };
}

function checkOwnNetwork(project: ComposeProject, key: string, network: NetworkSpec, actual: ActualState): void {
  const field = `networks.${key}`;
  checkLabels(field, network.labels.keys());
  if (!network.external) checkNetwork(field, networkRequest(project, key, network));
  const there = actual.networks.get(network.name);
  if (network.external ? there?.labels[label.project] !== project.name : isForeign(there, project))
    refuseForeign(field);
}

function checkOwnVolume(project: ComposeProject, key: string, volume: VolumeSpec, actual: ActualState): void {
  const field = `volumes.${key}`;
  checkLabels(field, volume.labels.keys());
  if (!volume.external) checkVolume(field, volumeRequest(project, key, volume));
  const there = actual.volumes.get(volume.name);
  if (volume.external ? there?.labels[label.project] !== project.name : isForeign(there, project)) refuseForeign(field);
}

function isForeign(there: { readonly labels: Readonly<Record<string, string>> } | undefined, { name }: ComposeProject) {
  return there !== undefined && there.labels[label.project] !== name;
}
