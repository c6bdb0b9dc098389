/** What an engine is asked for to make a container as another one was made, of another image. What it had of its old image's own it takes from the new one's. */
import { isDeepStrictEqual } from "node:util";
import type Docker from "dockerode";

/** A container's end in a network, as it is asked for. */
export interface Endpoint {
  readonly network: string;
  readonly config: Docker.EndpointSettings;
}

export interface IdenticalContainer {
  /** With the first endpoint: older engines take the others one by one. */
  readonly options: Docker.ContainerCreateOptions;
  readonly further: readonly Endpoint[];
}

/** @param oldImage that it was made of   @param image what the new one is made of */
export function identicalContainer(
  container: Docker.ContainerInspectInfo,
  oldImage: Pick<Docker.ImageInspectInfo, "Config">,
  image: string,
): IdenticalContainer {
  const [first, ...further] = endpointsOf(container);
  return {
    options: {
      ...ownConfig(container, oldImage.Config),
      Image: image,
      HostConfig: { ...container.HostConfig, Mounts: mountsOf(container) },
      ...(first && { NetworkingConfig: { EndpointsConfig: { [first.network]: first.config } } }),
    },
    further,
  };
}

type Config = Docker.ContainerInspectInfo["Config"];

/** What was said of the container itself. */
function ownConfig(
  { Id: id, Config: config, HostConfig: host }: Docker.ContainerInspectInfo,
  imageConfig: Docker.ImageInspectInfo["Config"],
): Partial<Config> {
  const theirs: Readonly<Record<string, unknown>> = { ...imageConfig };
  const isTheirs = (key: string, value: unknown) => isDeepStrictEqual(value, theirs[key]);
  const own = Object.fromEntries(Object.entries(config).filter(([key, value]) => !isTheirs(key, value)));
  // A program of its own, and so without the image's arguments.
  if (!isTheirs("Entrypoint", config.Entrypoint)) own.Cmd = config.Cmd;
  own.Env = without(config.Env ?? [], imageConfig.Env ?? []);
  own.Labels = Object.fromEntries(
    Object.entries(config.Labels ?? {}).filter(([name, value]) => imageConfig.Labels?.[name] !== value),
  );
  const sharesNetwork = /^(?:host|container:)/.test(host.NetworkMode ?? "");
  if (sharesNetwork || config.Hostname === id.slice(0, 12)) delete own.Hostname;
  if (sharesNetwork) delete own.ExposedPorts;
  return own;
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one));
}

/** Volumes without a name are the container's own data: the new one has the same. */
function mountsOf({ Mounts, HostConfig }: Docker.ContainerInspectInfo): Docker.MountSettings[] {
  const said = HostConfig.Mounts ?? [];
  const bound = (HostConfig.Binds ?? []).map((bind: string) => bind.split(":")[1]);
  const taken = new Set([...said.map(({ Target }) => Target), ...bound]);
  const unnamed = said.map((mount) => {
    const there = Mounts.find(({ Type, Destination }) => Type === "volume" && Destination === mount.Target);
    return mount.Type === "volume" && !mount.Source && there?.Name ? { ...mount, Source: there.Name } : mount;
  });
  const anonymous = Mounts.flatMap(({ Type, Name, Destination, RW }): Docker.MountSettings[] =>
    Type === "volume" && Name && !taken.has(Destination)
      ? [{ Type: "volume", Source: Name, Target: Destination, ReadOnly: !RW }]
      : [],
  );
  return [...unnamed, ...anonymous];
}

const unnamedNetworks: ReadonlySet<string> = new Set(["bridge", "host", "none"]);

function endpointsOf({ Id: id, NetworkSettings }: Docker.ContainerInspectInfo): Endpoint[] {
  return Object.entries(NetworkSettings.Networks)
    .filter(([network]) => !unnamedNetworks.has(network))
    .map(([network, { IPAMConfig, Links, Aliases }]) => ({
      network,
      config: { IPAMConfig, Links, Aliases: without(Aliases ?? [], [id.slice(0, 12)]) },
    }));
}
