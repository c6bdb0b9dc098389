/** Which addresses the network of sandboxes uses, and which it does not let them reach.
 *
 *  198.18.0.0/15 is set aside for measurements between networks: no provider, company or home has it in use, as each has the private ranges and many
 *  have 100.64.0.0/10 (providers' own translation, Tailscale). Its upper half is the sandboxes'. It is seen in a namespace of its own alone, so
 *  each agent of a machine has all of it. Of the lower half an agent takes four addresses on the host, which are of nobody else there. */
import { createHash } from "node:crypto";

/** What sandboxes send to: their router, which also answers questions about names. */
export const gateway = "198.19.0.1";

/** A place in the network, from `firstSlot` on. */
export const firstSlot = 2;
export const slots = 0xffff - firstSlot; // the last address is none's

export function addressOf(slot: number): string {
  return `198.19.${slot >> 8}.${slot & 0xff}`;
}

/** The two ends of what connects the router with the host. */
export interface UplinkAddresses {
  readonly host: string;
  readonly router: string;
}

/** Always the same for an owner, unless the host has that network already.
 *  @param taken addresses of the host */
export function chooseUplink(owner: string, taken: readonly string[]): UplinkAddresses {
  const networks = 0x10000 / 4;
  const start = createHash("sha256").update(owner).digest().readUInt16BE(0) % networks;
  for (let step = 0; step < networks; step++) {
    const first = ((start + step) % networks) * 4;
    const at = (host: number) => `198.18.${(first + host) >> 8}.${(first + host) & 0xff}`;
    if (![0, 1, 2, 3].some((host) => taken.includes(at(host)))) return { host: at(1), router: at(2) };
  }
  throw new Error("198.18.0.0/16 is full");
}

/** All that is not public, as the registry of special-purpose addresses has it: this network, private ones, loopback, link-local (and with it the
 *  metadata services of clouds), providers' own, documentation, measurements, multicast, reserved, broadcast.
 *  @see https://www.iana.org/assignments/iana-ipv4-special-registry */
export const closedRanges = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
] as const;
