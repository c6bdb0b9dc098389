/** The network of one sandbox as it is inside, set from outside: nobody in it has a right over it. */
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { networkCalls } from "../../../platform/process/network-calls.ts";
import type { SandboxFiles } from "../../sandbox.ts";
import { gateway } from "./addresses.ts";
import type { Connection } from "./network.ts";

const ipv6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6";

/** Before anything runs there.
 *  @param pid of its first process   @param parts.rootId the host's number of who is root inside   @param parts.connection absent: a loopback is all it has */
export async function setUpNetworkInside(
  pid: number,
  parts: { rootId: number; connection?: Connection },
): Promise<void> {
  const namespace = openSync(`/proc/${pid}/ns/net`, "r");
  try {
    networkCalls().within(namespace, () => {
      // Ports below 1024 and `ping` take rights over the network elsewhere. This one is the sandbox's own.
      writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
      writeFileSync("/proc/sys/net/ipv4/ping_group_range", `${parts.rootId} ${parts.rootId + 65_535}`);
      // On every interface to come; the loopback has it. Some kernels have none at all.
      if (existsSync(ipv6)) writeFileSync(ipv6, "1");
    });
    await parts.connection?.connect(namespace);
  } finally {
    closeSync(namespace);
  }
}

/** Whatever its template says about names: there is one place to ask. */
export async function pointToResolver(files: SandboxFiles): Promise<void> {
  await files.remove("/etc/resolv.conf"); // in many images a link to a file that is made at their start
  await files.write("/etc/resolv.conf", Readable.from([Buffer.from(`nameserver ${gateway}\n`)]), { mode: 0o644 });
}
