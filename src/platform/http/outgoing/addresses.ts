/** Which addresses belong to the internet, and which to this machine, its networks, or nobody. Only the former are reached without being named.
 *  The ranges are those of IANA's registries of special-purpose addresses (RFC 6890 and its updates). */
import { BlockList, isIPv4, isIPv6 } from "node:net";

const special: Readonly<Record<string, readonly string[]>> = {
  "a loopback address": ["127.0.0.0/8", "::1/128"],
  // In it every large cloud answers its machines with their credentials, at 169.254.169.254.
  "a link-local address": ["169.254.0.0/16", "fe80::/10"],
  "a private address": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"],
  "an address of a carrier's network": ["100.64.0.0/10"],
  "a cloud's own service": ["168.63.129.16/32"],
  "the unspecified address": ["0.0.0.0/8", "::/128"],
  "a multicast address": ["224.0.0.0/4", "ff00::/8"],
  "an IPv4 address in the form of IPv6": ["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"],
  "a reserved address": [
    ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
    ...["240.0.0.0/4", "2001::/23", "2001:db8::/32", "3fff::/20"],
  ],
};

const blocks = Object.entries(special).map(([kind, networks]) => ({ kind, block: networksOf(networks) }));
/** Of IPv6, all that has been given out so far. */
const globalUnicast = networksOf(["2000::/3"]);

/** @param networks as `10.0.0.0/8` or `fd00::7`
 *  @throws {RangeError} what is none */
export function networksOf(networks: readonly string[]): BlockList {
  const block = new BlockList();
  for (const network of networks) {
    const [, address = "", length] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
    const family = familyOf(address);
    const longest = family === "ipv4" ? 32 : 128;
    const prefix = length === undefined ? longest : Number(length);
    if (family === undefined || prefix > longest) throw new RangeError(`${network} is no network`);
    block.addSubnet(address, prefix, family);
  }
  return block;
}

export function isIn(block: BlockList, address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && block.check(address, family);
}

/** What kind of address it is if it does not belong to the internet, for a message; undefined if it does. */
export function specialKindOf(address: string): string | undefined {
  const family = familyOf(address);
  if (family === undefined) return "no address";
  // A range of IPv4 also holds its addresses in the form ::ffff:a.b.c.d; what is in none of them is refused in that form below.
  const found = blocks.find(({ block }) => block.check(address, family));
  if (found) return found.kind;
  return family === "ipv4" || globalUnicast.check(address, family) ? undefined : "a reserved address";
}

/** One with a zone (`fe80::1%eth0`) is none that can be compared. */
function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  if (isIPv4(address)) return "ipv4";
  return isIPv6(address) && !address.includes("%") ? "ipv6" : undefined;
}
