/** The containers behind the sandboxes of one agent: how they are made, and what they may not. */
import type Docker from "dockerode";
import { YardError } from "../../platform/errors.ts";
import type { Limits, NetworkMode } from "../sandbox.ts";
import { ioPath, toolsPath } from "./inside/paths.ts";

/** Labels tell ours from strangers', and one agent's from another's. */
export const ownerLabel = "runyard.owner";
export const sandboxLabel = "runyard.sandbox";

export const containerName = (owner: string, id: string) => `runyard-${owner}-${id}`;

export interface ContainerParts {
  readonly owner: string;
  readonly id: string;
  readonly image: string;
  readonly tools: string;
  /** Of the engine's network; none if absent. */
  readonly network?: string;
  readonly limits: Limits;
  /** Beyond what sandboxes have. */
  readonly further?: FurtherOptions;
}

/** What somebody may say of a container of an image of theirs. */
export interface FurtherOptions {
  readonly hostname?: string;
  /** `80/tcp` to where it is reached on the host. */
  readonly ports?: Readonly<Record<string, readonly { readonly hostIp?: string; readonly hostPort?: number }[]>>;
  /** `name:address`. */
  readonly extraHosts?: readonly string[];
}

/** What root inside may: own and give away files, become another user, end processes, listen on low ports. Nothing that reaches the kernel's settings, devices
 *  or raw packets. */
const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
  "SYS_CHROOT",
];
const mostSharedMemoryBytes = 64 * 1024 * 1024;
const mostTraceBytes = 16 * 1024 * 1024;
/** Without a limit of its own a sandbox may not use up the machine's processes. */
const defaultProcesses = 4_096;

/** Waits for orphans, and does nothing else. It cannot be killed from inside; its `sleep` can, and is replaced. */
const initScript = `PATH=${toolsPath}/bin; while :; do sleep 1000000 & wait $!; done`;

export function containerOptions(parts: ContainerParts): Docker.ContainerCreateOptions {
  const { owner, id, image, tools, network = "none", limits, further = {} } = parts;
  const { memoryBytes, memoryAndSwapBytes, cpuShares, cpus, processes = defaultProcesses } = limits;
  const quarter = Math.floor((memoryBytes ?? Number.POSITIVE_INFINITY) / 4);
  return {
    name: containerName(owner, id),
    Image: image,
    Entrypoint: [`${toolsPath}/bin/sh`, "-c", initScript],
    Cmd: [],
    User: "0:0",
    WorkingDir: "/",
    Hostname: hostnameOf(parts),
    Labels: { [ownerLabel]: owner, [sandboxLabel]: id },
    Healthcheck: { Test: ["NONE"] },
    StopSignal: "SIGKILL", // the first process hears no other: an engine that stops need not wait for it
    ExposedPorts: Object.fromEntries(Object.keys(further.ports ?? {}).map((port) => [port, {}])),
    HostConfig: {
      NetworkMode: network,
      CapDrop: ["ALL"],
      CapAdd: capabilities,
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      IpcMode: "private",
      RestartPolicy: { Name: "no" },
      PortBindings: portBindings(further.ports),
      ExtraHosts: [...(further.extraHosts ?? [])],
      LogConfig: { Type: "none", Config: {} },
      Memory: memoryBytes,
      MemorySwap: memoryAndSwapBytes ?? memoryBytes,
      CpuShares: cpuShares,
      NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
      PidsLimit: processes,
      ShmSize: Math.min(mostSharedMemoryBytes, quarter),
      Mounts: [{ Type: "volume", Source: tools, Target: toolsPath, ReadOnly: true, VolumeOptions: noCopy }],
      Tmpfs: { [ioPath]: `rw,nosuid,nodev,noexec,mode=1777,size=${Math.min(mostTraceBytes, quarter)}` },
    },
  };
}

/** With the host's network comes its name. */
function hostnameOf({ id, network, further }: ContainerParts): string | undefined {
  if (network === "host") return undefined;
  return further?.hostname ?? id.replace(/[^A-Za-z0-9-]/g, "-").slice(0, 63);
}

function portBindings(ports: FurtherOptions["ports"] = {}) {
  return Object.fromEntries(
    Object.entries(ports).map(([port, places]) => [
      port,
      places.map(({ hostIp = "", hostPort }) => ({ HostIp: hostIp, HostPort: hostPort ? `${hostPort}` : "" })),
    ]),
  );
}

const noCopy = { NoCopy: true, Labels: {}, DriverConfig: { Name: "", Options: {} } };

/** @throws {YardError} precondition, invalid */
export function checkLimits(
  { diskBytes, cpus, memoryBytes }: Limits,
  network: NetworkMode | undefined,
  networks: readonly NetworkMode[],
): void {
  if (diskBytes !== undefined) {
    const message = "Docker's usual storage cannot limit the disk of a container: leave the limit out.";
    throw new YardError("precondition", message, { field: "limits.diskBytes" });
  }
  if (cpus !== undefined && !(cpus >= 0.01)) {
    throw new YardError("invalid", "The least that a container can have is a hundredth of a core.", {
      field: "limits.cpus",
    });
  }
  const leastMemoryBytes = 8 * 1024 * 1024;
  if (memoryBytes !== undefined && memoryBytes < leastMemoryBytes) {
    throw new YardError("invalid", `A container needs ${leastMemoryBytes} bytes of memory.`, {
      field: "limits.memoryBytes",
    });
  }
  if (network !== undefined && !networks.includes(network)) {
    const message =
      "An outbound network needs rules that only root may set: run the agent as root, with iptables installed.";
    throw new YardError("precondition", message, { field: "network" });
  }
}
