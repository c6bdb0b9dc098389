/** Networks and volumes of a project: made once, found by their names ever after. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ComposeProject, NetworkSpec, VolumeSpec } from "../compose/project.ts";
import type { ActualState } from "./actual-state.ts";
import { label, labelsVersion, ofProject } from "./labels.ts";
import { removeTwins } from "./network-twins.ts";
import type { Step } from "./steps.ts";

export interface Ensured {
  /** The engine's. */
  readonly name: string;
  /** By this deployment. */
  readonly created: boolean;
}

export function networkRequest(project: ComposeProject, key: string, spec: NetworkSpec): Docker.NetworkCreateOptions {
  const { driver, internal, attachable, ipv6, subnets } = spec;
  return {
    Name: spec.name,
    CheckDuplicate: true, // engines before 25 make two of one name otherwise; see network-twins.ts
    Labels: { ...Object.fromEntries(spec.labels), ...labelsOf(project), [label.network]: key },
    ...(driver === undefined ? {} : { Driver: driver }),
    ...(internal && { Internal: true }),
    ...(attachable && { Attachable: true }),
    ...(ipv6 && { EnableIPv6: true }),
    ...(spec.driverOptions.size > 0 && { Options: Object.fromEntries(spec.driverOptions) }),
    ...(subnets.length > 0 && { IPAM: { Driver: "default", Config: subnets.map(addressPool) } }),
  };
}

export function volumeRequest(project: ComposeProject, key: string, spec: VolumeSpec): Docker.VolumeCreateOptions {
  return {
    Name: spec.name,
    Labels: { ...Object.fromEntries(spec.labels), ...labelsOf(project), [label.volume]: key },
    ...(spec.driver === undefined ? {} : { Driver: spec.driver }),
    ...(spec.driverOptions.size > 0 && { DriverOpts: Object.fromEntries(spec.driverOptions) }),
  };
}

/** @throws {YardError} precondition, for an external one that there is not */
export async function ensureNetworks(
  engine: Engine,
  project: ComposeProject,
  actual: ActualState,
  step: Step,
): Promise<readonly Ensured[]> {
  const one = async ([key, spec]: readonly [string, NetworkSpec]): Promise<Ensured> => {
    const { name } = spec;
    const isOld = isThere(actual.networks, spec, `networks.${key}`);
    if (!isOld) await step(`create network ${name}`, () => createNetwork(engine, networkRequest(project, key, spec)));
    if (!isOld || actual.networks.get(name)?.hasTwin) await removeTwins(engine, name, ofProject(project.name).label);
    return { name, created: !isOld };
  };
  return Promise.all([...project.networks].map(one));
}

/** @throws {YardError} precondition, for an external one that there is not */
export async function ensureVolumes(
  engine: Engine,
  project: ComposeProject,
  actual: ActualState,
  step: Step,
): Promise<readonly Ensured[]> {
  const one = async ([key, spec]: readonly [string, VolumeSpec]): Promise<Ensured> => {
    const { name } = spec;
    if (isThere(actual.volumes, spec, `volumes.${key}`)) return { name, created: false };
    const request = volumeRequest(project, key, spec);
    await step(`create volume ${name}`, () =>
      engine.call("make a volume", (docker, abortSignal) => docker.createVolume({ ...request, abortSignal })),
    );
    return { name, created: true };
  };
  return Promise.all([...project.volumes].map(one));
}

/** One that somebody has made meanwhile will do. */
async function createNetwork(engine: Engine, request: Docker.NetworkCreateOptions): Promise<void> {
  try {
    await engine.call("make a network", (docker, abortSignal) => docker.createNetwork({ ...request, abortSignal }));
  } catch (error) {
    if (!isYardError(error, "conflict")) throw error;
  }
}

/** Networks that every engine has. */
const builtIn = new Set(["bridge", "host", "none"]);

/** @throws {YardError} precondition, for an external one that there is not */
export function isThere(
  existing: ReadonlyMap<string, unknown>,
  { name, external }: NetworkSpec | VolumeSpec,
  field: string,
): boolean {
  if (existing.has(name) || builtIn.has(name)) return true;
  if (!external) return false;
  throw new YardError("precondition", `${name} is declared as external, and there is none: make it first.`, { field });
}

function labelsOf({ name }: ComposeProject): Record<string, string> {
  return { [label.project]: name, [label.version]: labelsVersion, [label.managed]: "true" };
}

function addressPool({ subnet, gateway, range }: NetworkSpec["subnets"][number]) {
  return {
    ...(subnet === undefined ? {} : { Subnet: subnet }),
    ...(gateway === undefined ? {} : { Gateway: gateway }),
    ...(range === undefined ? {} : { IPRange: range }),
  };
}
