/** What the engine would remove if it were told to prune, by the same rules as it: an image without a name and without a container, a volume without a
 *  container that is no more than a directory, a network without a container that runs. Looking changes nothing; between a look and the act things may change. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { readEngineJson } from "../platform/docker/engine-reply.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { DockerHost } from "./docker-hosts.ts";
import { requireAwake } from "./engine-limits.ts";
import { isRecord } from "./engine-record.ts";
import { listNetworks, type NetworkRow } from "./networks.ts";

export interface PruneCandidate {
  readonly id: string;
  /** An image without one goes by its id. */
  readonly name: string;
  /** At least what its removal frees. */
  readonly bytes: number;
}

/** Engines measure each volume by walking through it. */
const measuringMs = 2 * 60_000;
/** Networks that are looked at side by side. */
const looksAtOnce = 8;
const ownNetworks: ReadonlySet<string> = new Set(["bridge", "host", "none"]);

const orNull = <T extends Parameters<typeof Type.Array>[0]>(items: T) => Type.Union([Type.Array(items), Type.Null()]);
const Usage = Compile(
  Type.Object({
    Images: orNull(
      Type.Object({
        Id: Type.String(),
        RepoTags: Type.Optional(orNull(Type.String())),
        Containers: Type.Number(),
        Size: Type.Number(),
        SharedSize: Type.Number(),
      }),
    ),
    Volumes: orNull(
      Type.Object({
        Name: Type.String(),
        UsageData: Type.Object({ RefCount: Type.Number(), Size: Type.Number() }),
      }),
    ),
  }),
);

async function usageOf({ engine }: DockerHost) {
  await requireAwake(engine);
  const usage = await engine.call(
    "measure what is stored",
    (docker, abortSignal) => readEngineJson(docker, "/system/df", { abortSignal }),
    { timeoutMs: measuringMs },
  );
  if (Usage.Check(usage)) return usage;
  throw new YardError("internal", "What the Docker engine says of its storage cannot be read.");
}

/** Layers that only images of these share are freed on top. */
export async function previewImagePrune(host: DockerHost): Promise<readonly PruneCandidate[]> {
  const { Images } = await usageOf(host);
  const isNamed = (tags: readonly string[] | null | undefined) => tags?.some((tag) => tag !== "<none>:<none>") ?? false;
  return (Images ?? [])
    .filter(({ RepoTags, Containers }) => !isNamed(RepoTags) && Containers === 0)
    .map(({ Id, Size, SharedSize }) => ({ id: Id, name: Id, bytes: Math.max(0, Size - Math.max(0, SharedSize)) }));
}

export async function previewVolumePrune(host: DockerHost): Promise<readonly PruneCandidate[]> {
  const { Volumes } = await usageOf(host); // those of other drivers, or with options, are not told: nor are they pruned
  return (Volumes ?? [])
    .filter(({ UsageData }) => UsageData.RefCount === 0)
    .map(({ Name, UsageData }) => ({ id: Name, name: Name, bytes: Math.max(0, UsageData.Size) }));
}

export async function previewNetworkPrune(host: DockerHost): Promise<readonly PruneCandidate[]> {
  await requireAwake(host.engine);
  const networks = (await listNetworks(host)).filter(({ Name, Scope }) => Scope === "local" && !ownNetworks.has(Name));
  const unused: NetworkRow[] = [];
  for (let i = 0; i < networks.length; i += looksAtOnce) {
    const some = networks.slice(i, i + looksAtOnce);
    const inUse = await Promise.all(some.map((network) => isInUse(host, network)));
    unused.push(...some.filter((_, at) => !inUse[at]));
  }
  return unused.map(({ Id, Name }) => ({ id: Id, name: Name, bytes: 0 }));
}

async function isInUse({ engine }: DockerHost, { Id }: NetworkRow): Promise<boolean> {
  try {
    const seen = await engine.call("look at the network", (docker, abortSignal) =>
      readEngineJson(docker, `/networks/${Id}`, { abortSignal }),
    );
    return isRecord(seen) && isRecord(seen.Containers) && Object.keys(seen.Containers).length > 0;
  } catch (error) {
    if (isYardError(error, "not_found")) return true; // gone meanwhile: nothing to prune
    throw error;
  }
}
