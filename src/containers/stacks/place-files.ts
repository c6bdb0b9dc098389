/** A stack whose containers mount files of its own, on a host that does not see them: each of these has a place there, and the project is as if it had always
 *  named those. Nothing is changed before the deployment itself begins. */
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ComposeProject, MountSpec, ServiceSpec } from "../compose/project.ts";
import type { DeployTarget } from "../deploy/target.ts";
import type { FilePlace, FileSource } from "../host-files.ts";
import { companionLimits } from "./companions.ts";
import { createOwnFiles, type OwnFiles } from "./own-files.ts";

interface Wanted {
  readonly path: string;
  readonly isWritable: boolean;
}

interface Placed {
  readonly source: FileSource;
  readonly place: FilePlace;
}

/** @throws {YardError} precondition, for what cannot be brought; too_large; unavailable */
export async function placeFiles<Target extends DeployTarget>(target: Target): Promise<Target> {
  const { host, project, directory } = target;
  const wanted = wantedOf(project, directory);
  if (!host.files || wanted.length === 0) return target;
  const own = createOwnFiles(directory);
  await checkAreThere(project, directory, own);
  const sources = await measure(wanted, own);
  const places = await host.files.find(project.name, sources);
  const placed = sources.map((source, at) => {
    const place = places[at];
    if (place) return { source, place };
    throw new YardError("internal", `The agent of ${host.name} has not said where ${wordFor(source)} is.`);
  });
  const hostPaths = new Map(placed.map(({ source, place }) => [source.path, place.hostPath]));
  return {
    ...target,
    project: moved(project, (mount) => {
      const path = pathBelow(directory, mount);
      return path === undefined ? undefined : hostPaths.get(path);
    }),
    files: filesOf(target, placed, own),
  };
}

function filesOf({ host, project }: DeployTarget, placed: readonly Placed[], own: OwnFiles): DeployTarget["files"] {
  const missing = placed.filter(({ place }) => !place.isThere);
  return {
    async bring(step) {
      for (const { source } of placed.filter(({ place }) => place.isOwn)) {
        await step(`leave ${wordFor(source)} as its containers have written it`, async () => {});
      }
      for (const { source } of missing) {
        await step(`bring ${wordFor(source)} to ${host.name}`, async () =>
          host.files?.fill(project.name, source, own.archive(source.path)),
        );
      }
    },
    async tidy(inUse) {
      if (missing.length === 0) return; // nothing has given way to anything
      await host.files?.keepOnly(project.name, [...(await inUse()), ...placed.map(({ place }) => place.hostPath)]);
    },
  };
}

function wordFor({ path }: FileSource): string {
  return `./${path}`;
}

/** Each once, however many services mount it. */
function wantedOf(project: ComposeProject, directory: string): readonly Wanted[] {
  const writable = new Map<string, boolean>();
  for (const { mounts } of project.services.values()) {
    for (const mount of mounts) {
      const path = pathBelow(directory, mount);
      if (path === undefined || mount.kind !== "bind") continue;
      writable.set(path, !mount.readOnly || writable.get(path) === true);
    }
  }
  return [...writable].map(([path, isWritable]) => ({ path, isWritable }));
}

/** From the stack's directory; undefined, if it is none of its files. */
function pathBelow(directory: string, mount: MountSpec): string | undefined {
  if (mount.kind !== "bind") return undefined;
  if (mount.source === directory) return "";
  return mount.source.startsWith(`${directory}/`) ? mount.source.slice(directory.length + 1) : undefined;
}

/** What is to be made where it is missing becomes an empty directory; what is not is the author's mistake. */
async function checkAreThere(project: ComposeProject, directory: string, own: OwnFiles): Promise<void> {
  for (const { name, mounts } of project.services.values()) {
    for (const mount of mounts) {
      const path = pathBelow(directory, mount);
      if (mount.kind !== "bind" || path === undefined || mount.createHostPath || (await own.isThere(path))) continue;
      throw new YardError("precondition", `There is no ./${path} beside compose.yaml.`, {
        field: `services.${name}.volumes`,
      });
    }
  }
}

async function measure(wanted: readonly Wanted[], own: OwnFiles): Promise<readonly FileSource[]> {
  let { maxBytes, maxEntries } = companionLimits;
  const sources: FileSource[] = [];
  for (const { path, isWritable } of wanted) {
    const { digest, bytes, entries } = await own.digest(path, { maxBytes, maxEntries }).catch((error: unknown) => {
      throw isYardError(error, "too_large") ? tooMany(path) : error;
    });
    maxBytes -= bytes;
    maxEntries -= entries;
    sources.push({ path, digest, isWritable });
  }
  return sources;
}

function tooMany(path: string): YardError {
  const { maxBytes, maxEntries } = companionLimits;
  const most = `${maxBytes} bytes and ${maxEntries} files`;
  return new YardError("precondition", `With ./${path} more than ${most} would go to another host: mount a volume.`);
}

function moved(project: ComposeProject, hostPathOf: (mount: MountSpec) => string | undefined): ComposeProject {
  const move = (mount: MountSpec): MountSpec => {
    const source = hostPathOf(mount);
    return mount.kind === "bind" && source !== undefined ? { ...mount, source, createHostPath: false } : mount;
  };
  const services = [...project.services].map(([name, service]): [string, ServiceSpec] => [
    name,
    { ...service, mounts: service.mounts.map(move) },
  ]);
  return { ...project, services: new Map(services) };
}
