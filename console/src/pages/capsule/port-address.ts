/** Where a port of a capsule is to be seen: by a name below the one that the console is reached by. */

/** Of the console, as a browser splits it: the port without its colon, and empty where it is the usual one. */
interface Place {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/** @returns undefined where the console is reached by an address of numbers, below which there are no names */
export function portAddress(
  { protocol, hostname, port: own }: Place,
  capsuleId: string,
  port: number,
): string | undefined {
  const isLoopback = hostname === "[::1]" || hostname.startsWith("127.");
  const isNumbers = /^[\d.]+$|^\[/.test(hostname);
  if (isNumbers && !isLoopback) return undefined;
  const name = isLoopback ? "localhost" : hostname; // browsers lead all names below localhost to this machine
  return `${protocol}//${port}-${capsuleId}.${name}${own === "" ? "" : `:${own}`}/`;
}
