/** The TCP ports on which something listens, from what Linux tells of its sockets. @see proc(5), /proc/net/tcp */

const listening = "0A";

/** @param text of /proc/net/tcp and /proc/net/tcp6 */
export function listeningPorts(text: string): readonly number[] {
  const ports = text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [, port = ""] = /:([0-9A-F]{4})$/.exec(local) ?? [];
    return state === listening && port !== "" ? [Number.parseInt(port, 16)] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}
