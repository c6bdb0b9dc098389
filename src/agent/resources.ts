/** What this host has, and what the agent and all it runs use of it. */
import { readFileSync, statfsSync } from "node:fs";
import {
  availableParallelism,
  freemem,
  loadavg,
  machine,
  networkInterfaces,
  cpus as processors,
  totalmem,
  uptime,
} from "node:os";
import { createProcessTable, treeOf } from "../platform/process/process-table.ts";
import { countOpenFiles } from "../platform/process/procfs.ts";
import type { AgentInfo, HostResources } from "./protocol.ts";

/** @param directory where sandboxes are kept */
export function readMachine(directory: string): NonNullable<AgentInfo["machine"]> {
  const { blocks, bsize } = statfsSync(directory);
  const mib = 1024 * 1024;
  return {
    arch: machine(),
    cpuCores: availableParallelism(),
    memoryMb: Math.floor(totalmem() / mib),
    diskMb: Math.floor((blocks * bsize) / mib),
  };
}

/** @param leaders main processes of all that runs */
export function readResources(leaders: readonly number[]): HostResources {
  const cpus = readCpus();
  const memory = readMemory();
  const { stats } = createProcessTable().snapshot();
  const ours = new Set([process.pid, ...leaders].flatMap((pid) => treeOf(pid, stats)));
  let memoryUsedByAgentBytes = 0;
  let openFiles = 0;
  for (const { pid, rssBytes } of ours) {
    memoryUsedByAgentBytes += rssBytes;
    openFiles += countOpenFiles(pid);
  }
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    ...cpus,
    ...memory,
    memoryUsedByAgentBytes,
    openFiles,
    load: [one, five, fifteen],
    cpuTimes: readCpuTimes(),
    uptimeSeconds: Math.floor(uptime()),
    networks: readNetworks(),
    disks: readDisks(),
  };
}

/** Processors are hardware threads; two of one core share its physical and core id. */
function readCpus(): Pick<HostResources, "cpuCores" | "cpuSockets" | "cpuProcessors"> {
  const sockets = new Set<string>();
  const cores = new Set<string>();
  let cpuProcessors = 0;
  for (const block of readFileSync("/proc/cpuinfo", "utf8").split("\n\n")) {
    if (!/^processor\s*:/m.test(block)) continue;
    cpuProcessors++;
    const socket = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1] ?? "0";
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1] ?? `${cpuProcessors}`; // ARM tells none
    sockets.add(socket);
    cores.add(`${socket}/${core}`);
  }
  return { cpuCores: cores.size, cpuSockets: sockets.size, cpuProcessors };
}

function readCpuTimes(): NonNullable<HostResources["cpuTimes"]> {
  let [busyMs, totalMs] = [0, 0];
  for (const { times } of processors()) {
    const all = times.user + times.nice + times.sys + times.idle + times.irq;
    busyMs += all - times.idle;
    totalMs += all;
  }
  return { busyMs, totalMs };
}

type Memory = Pick<HostResources, "memoryTotalBytes" | "memoryFreeBytes" | "swapTotalBytes" | "swapFreeBytes">;

function readMemory(): Memory {
  const text = readFileSync("/proc/meminfo", "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return {
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(), // what can be had without swapping: MemAvailable
    swapTotalBytes: bytes("SwapTotal"),
    swapFreeBytes: bytes("SwapFree"),
  };
}

function readNetworks(): HostResources["networks"] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, family }) => ({ name, ipv6: family === "IPv6", address })),
  );
}

/** File systems on block devices, each device once; the pseudo ones say nothing about space. */
function readDisks(): HostResources["disks"] {
  const disks = new Map<string, HostResources["disks"][number]>();
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [device = "", mount = ""] = line.split(" ");
    if (!device.startsWith("/dev/") || disks.has(device)) continue;
    const mountPoint = mount.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    try {
      const { blocks, bfree, bsize } = statfsSync(mountPoint);
      disks.set(device, { device, mountPoint, totalBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize });
    } catch {
      // Mounted over, or not ours to look at.
    }
  }
  return [...disks.values()];
}
