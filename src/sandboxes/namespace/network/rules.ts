/** What the packet filter lets through, in the language of nft(8). Two tables, each replaced as a whole whenever it is written:
 *
 *  - The router's, in a namespace of its own, is the policy: which addresses a sandbox may reach, and nothing else at all. The host's
 *    firewall tools do not see it, so reloading a firewall does not take it away.
 *  - The host's lets the router's packets out under the host's address, and none of them in. */
import { addressOf, closedRanges, firstSlot, gateway, slots } from "./addresses.ts";

/** In the router: of sandboxes, by their slot, and of the way out. */
export const linkOf = (slot: number) => `box${slot}`;
export const uplink = "uplink";

/** Of one sandbox at a time: the table of connections is the kernel's, and finite. */
const mostConnections = 2_048;

/** @param hostAddresses of all interfaces of the host: the public ones among them too are none of a sandbox's business */
export function routerRules(hostAddresses: readonly string[]): string {
  return `${emptied("inet runyard")}
table inet runyard {
  set closed { type ipv4_addr; flags interval; auto-merge; elements = { ${closedRanges.join(", ")} } }
  set host { type ipv4_addr; ${elements(hostAddresses)} }
  set connections { type ipv4_addr; size ${slots}; flags dynamic; }
  chain spoofed {
    type filter hook prerouting priority raw; policy accept;
    meta nfproto ipv6 drop
    fib saddr . iif oif missing drop
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "box*" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    iifname "box*" ip daddr ${gateway} icmp type echo-request limit rate 100/second accept
    iifname "box*" reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "${uplink}" ct state established,related accept
    iifname != "box*" drop
    oifname != "${uplink}" reject with icmpx admin-prohibited
    ip daddr @closed reject with icmpx admin-prohibited
    ip daddr @host reject with icmpx admin-prohibited
    ct state invalid drop
    ct state new add @connections { ip saddr ct count over ${mostConnections} } reject with icmpx admin-prohibited
    accept
  }
  chain output {
    type filter hook output priority filter; policy accept;
    meta nfproto ipv6 drop
  }
  chain out {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${addressOf(firstSlot)}-${addressOf(firstSlot + slots - 1)} oifname "${uplink}" masquerade
  }
}
`;
}

/** Only the set of the host's addresses. */
export function hostAddressRules(hostAddresses: readonly string[]): string {
  const add = hostAddresses.length > 0 ? `add element inet runyard host { ${hostAddresses.join(", ")} }\n` : "";
  return `flush set inet runyard host\n${add}`;
}

/** @param parts.link the host's end of the way out
 *  @param parts.opened interfaces of the host that forward packets since we came: for ours, and for nobody else's */
export function hostRules({ table, link, opened }: { table: string; link: string; opened: readonly string[] }): string {
  const guards = opened.map((name) => `iifname "${name}" oifname != "${link}" ct state new ct status ! dnat drop`);
  return `${emptied(`inet ${table}`)}
table inet ${table} {
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname "${link}" drop
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    meta nfproto ipv6 iifname "${link}" drop
    oifname "${link}" ct state established,related accept
    oifname "${link}" drop
    iifname "${link}" tcp flags syn tcp option maxseg size set rt mtu
    ${guards.join("\n    ")}
  }
  chain out {
    type nat hook postrouting priority srcnat; policy accept;
    iifname "${link}" masquerade
  }
}
`;
}

/** So that what follows is all there is of it, in one transaction. */
function emptied(table: string): string {
  return `table ${table}\ndelete table ${table}`;
}

function elements(addresses: readonly string[]): string {
  return addresses.length > 0 ? `elements = { ${addresses.join(", ")} }` : "";
}
