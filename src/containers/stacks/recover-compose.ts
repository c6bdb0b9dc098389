/** A Compose file out of the containers that run: what the engine knows of them, less what their images say already. */
import type Docker from "dockerode";
import { composeText, type ServiceText } from "../compose/compose-text.ts";
import { label, reservedPrefixes } from "../deploy/labels.ts";

export interface InspectedContainer {
  readonly container: Docker.ContainerInspectInfo;
  /** Undefined: it is gone. */
  readonly image: Docker.ImageInspectInfo | undefined;
}

export interface Reconstructed {
  readonly compose: string;
  readonly warnings: readonly string[];
}

type HostConfig = Docker.ContainerInspectInfo["HostConfig"];

/** @param containers of one project */
export function reconstructCompose(project: string, containers: readonly InspectedContainer[]): Reconstructed {
  const services = Map.groupBy(containers, ({ container }) => container.Config.Labels[label.service] ?? "");
  services.delete("");
  const names = [...services].map(([name, [first]]) => [name, first!] as const);
  const texts = names.map(([name, first]) => [name, serviceText(project, first, services.get(name)!.length)] as const);
  const networks = new Set(names.flatMap(([, { container }]) => Object.keys(container.NetworkSettings.Networks)));
  const volumes = new Set(names.flatMap(([, { container }]) => volumeNames(container)));
  return {
    compose: composeText({
      services: Object.fromEntries(texts),
      networks: declarations(project, networks),
      volumes: declarations(project, volumes),
    }),
    warnings: [
      "The file was made from the containers: comments, variables, build sections and the order in which services start are not in them.",
      ...names.flatMap(([name, { image }]) =>
        image === undefined ? [`The image of ${name} is gone: what it sets itself stands in the file as well.`] : [],
      ),
    ],
  };
}

/** Ours by their prefix; others have been there before. */
function declarations(project: string, names: ReadonlySet<string>): Record<string, unknown> {
  const declared = [...names].filter((name) => name !== `${project}_default` && !isBuiltIn(name));
  return Object.fromEntries(
    declared.map((name) =>
      name.startsWith(`${project}_`) ? [keyOf(project, name), { name }] : [name, { external: true }],
    ),
  );
}

function isBuiltIn(network: string): boolean {
  return ["bridge", "host", "none"].includes(network);
}

function keyOf(project: string, name: string): string {
  return name.startsWith(`${project}_`) ? name.slice(project.length + 1) : name;
}

function serviceText(project: string, { container, image }: InspectedContainer, replicas: number): ServiceText {
  const { Config: config, HostConfig: host } = container;
  const defaults = image?.Config;
  const differs = <T>(own: T, usual: T | undefined): T | undefined =>
    JSON.stringify(own) === JSON.stringify(usual ?? null) ? undefined : own;
  const usualVariables = new Set(defaults?.Env ?? []);
  const usualLabels = defaults?.Labels ?? {};
  return {
    image: config.Image,
    container_name: ownName(project, container),
    command: differs(config.Cmd ?? null, defaults?.Cmd as typeof config.Cmd) ?? undefined,
    entrypoint: differs(config.Entrypoint ?? null, defaults?.Entrypoint as typeof config.Entrypoint) ?? undefined,
    environment: (config.Env ?? []).filter((one) => !usualVariables.has(one)),
    user: differs(config.User, defaults?.User ?? "") || undefined,
    working_dir: differs(config.WorkingDir, defaults?.WorkingDir ?? "") || undefined,
    hostname: container.Id.startsWith(config.Hostname) ? undefined : config.Hostname,
    labels: Object.fromEntries(
      Object.entries(config.Labels).filter(
        ([name, value]) => !reservedPrefixes.some((prefix) => name.startsWith(prefix)) && usualLabels[name] !== value,
      ),
    ),
    tty: config.Tty || undefined,
    stdin_open: config.OpenStdin || undefined,
    ports: portTexts(host),
    volumes: mountTexts(project, container),
    ...networkTexts(project, container),
    ...hostTexts(host),
    deploy: replicas > 1 ? { replicas } : undefined,
  };
}

/** Undefined: one that compose would give it again. */
function ownName(project: string, { Name, Config }: Docker.ContainerInspectInfo): string | undefined {
  const name = Name.slice(1);
  const service = Config.Labels[label.service];
  const isUsual = new RegExp(`^${RegExp.escape(`${project}-${service}-`)}\\d+$`).test(name);
  return isUsual ? undefined : name;
}

function portTexts({ PortBindings }: HostConfig): readonly string[] {
  const bindings = (PortBindings ?? {}) as Readonly<
    Record<string, readonly { HostIp?: string; HostPort?: string }[] | null>
  >;
  return Object.entries(bindings).flatMap(([port, places]) =>
    (places ?? []).map(({ HostIp, HostPort }) => {
      const target = port.replace(/\/tcp$/, "");
      const published = HostPort && HostPort !== "0" ? `${HostPort}:` : "";
      const ip = HostIp && HostIp !== "0.0.0.0" ? `${HostIp.includes(":") ? `[${HostIp}]` : HostIp}:` : "";
      return ip && !published ? `${ip}:${target}` : `${ip}${published}${target}`;
    }),
  );
}

function mountTexts(project: string, { Mounts }: Docker.ContainerInspectInfo): readonly unknown[] {
  return Mounts.flatMap(({ Type, Name, Source, Destination, RW }): unknown[] => {
    const options = RW ? "" : ":ro";
    if (Type === "bind") return [`${Source}:${Destination}${options}`];
    if (Type === "tmpfs") return [{ type: "tmpfs", target: Destination }];
    if (Type !== "volume" || Name === undefined) return [];
    return [isAnonymous(Name) ? Destination : `${keyOf(project, Name)}:${Destination}${options}`];
  });
}

function volumeNames({ Mounts }: Docker.ContainerInspectInfo): readonly string[] {
  return Mounts.flatMap(({ Type, Name }) =>
    Type === "volume" && Name !== undefined && !isAnonymous(Name) ? [Name] : [],
  );
}

function isAnonymous(volume: string): boolean {
  return /^[0-9a-f]{64}$/.test(volume);
}

function networkTexts(
  project: string,
  { HostConfig: host, NetworkSettings, Name, Id, Config }: Docker.ContainerInspectInfo,
) {
  const mode = host.NetworkMode ?? "";
  if (/^(?:host|none|bridge|container:.*)$/.test(mode)) return { network_mode: mode };
  const usual = new Set([Name.slice(1), Id.slice(0, 12), Config.Labels[label.service]]);
  const networks = Object.entries(NetworkSettings.Networks).map(([name, { Aliases }]) => {
    const aliases = ((Aliases ?? []) as readonly string[]).filter((alias) => !usual.has(alias));
    return [keyOf(project, name), aliases.length > 0 ? { aliases } : null] as const;
  });
  const isDefaultAlone = networks.length === 1 && networks[0]![0] === "default" && networks[0]![1] === null;
  return isDefaultAlone ? {} : { networks: Object.fromEntries(networks) };
}

function hostTexts(host: HostConfig) {
  const { Name: policy = "", MaximumRetryCount: retries = 0 } = host.RestartPolicy ?? {};
  return {
    restart: policy === "" || policy === "no" ? undefined : retries > 0 ? `${policy}:${retries}` : policy,
    privileged: host.Privileged || undefined,
    read_only: host.ReadonlyRootfs || undefined,
    cap_add: host.CapAdd ?? [],
    cap_drop: host.CapDrop ?? [],
    security_opt: host.SecurityOpt ?? [],
    devices: (host.Devices ?? []).map(
      (device: Docker.DeviceMapping) => `${device.PathOnHost}:${device.PathInContainer}:${device.CgroupPermissions}`,
    ),
    extra_hosts: host.ExtraHosts ?? [],
    dns: host.Dns ?? [],
    mem_limit: host.Memory || undefined,
    cpus: host.NanoCpus ? host.NanoCpus / 1e9 : undefined,
    pids_limit: host.PidsLimit || undefined,
  };
}
