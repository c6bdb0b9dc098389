/** That the host hands packets on between the router and the outside. Only the interfaces that need it do so, not the host as a whole
 *  (`net.ipv4.ip_forward`); which of them did not before is kept in a file, so that also a later agent can put it back. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";

export interface Forwarding {
  /** Sees to it for the router's link, and for each interface that has a way to everywhere now.
   *  @returns the host's own interfaces that do it since we came */
  open(link: string): readonly string[];
  /** As it was before. */
  close(): void;
}

/** @param path of the file */
export function createForwarding(path: string): Forwarding {
  let opened = readOpened(path);
  return {
    open(link) {
      const more = defaultRouteInterfaces().filter((name) => !opened.includes(name) && !isForwarding(name));
      if (more.length > 0) {
        opened = [...opened, ...more];
        writeFileSync(path, JSON.stringify(opened), { mode: 0o600 }); // first: what is not known to have changed is not put back
      }
      for (const name of [link, ...more]) writeFileSync(settingOf(name), "1");
      return opened;
    },
    close() {
      // If the host has become a router as a whole meanwhile, that was somebody else's decision.
      if (!isForwarding("all")) for (const name of opened) switchOff(name);
      rmSync(path, { force: true });
      opened = [];
    },
  };
}

const settingOf = (name: string) => `/proc/sys/net/ipv4/conf/${name}/forwarding`;

function isForwarding(name: string): boolean {
  return readFileSync(settingOf(name), "latin1").trim() === "1";
}

function switchOff(name: string): void {
  try {
    writeFileSync(settingOf(name), "0");
  } catch {
    // The interface is gone.
  }
}

/** Of /proc/net/route: the columns are interface, destination, gateway, …, the eighth is the mask; all zeros is everywhere. */
function defaultRouteInterfaces(): string[] {
  const routes = readFileSync("/proc/thread-self/net/route", "latin1").split("\n").slice(1);
  const found = routes
    .map((line) => line.split("\t"))
    .filter((columns) => columns[1] === "00000000" && columns[7] === "00000000");
  return [...new Set(found.map(([name = ""]) => name))];
}

function readOpened(path: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return []; // there is none
  }
}
