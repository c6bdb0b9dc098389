/** The same on one host, or on each that is there. */
import { type FleetHost, findFleetHost, listFleetHosts } from "../../client/fleet-hosts.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { isYardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { notice } from "../yard-options.ts";

/** @param called as `--host` has it; with `all`, one that is away or fails does not hold up the others
 *  @returns the exit code, and what came of those that went well */
export async function eachHost<T>(
  client: YardClient,
  called: string | undefined,
  work: (host: FleetHost) => Promise<T>,
): Promise<{ code: number; done: T[] }> {
  if (called !== "all") return { code: exitCodes.ok, done: [await work(await findFleetHost(client, called))] };
  const hosts = await listFleetHosts(client);
  const done: T[] = [];
  for (const host of hosts) {
    try {
      done.push(await work(host));
    } catch (error) {
      if (!isYardError(error)) throw error;
      notice(`${inert(host.name)}: ${error.message}`);
    }
  }
  return { code: done.length === hosts.length ? exitCodes.ok : exitCodes.failure, done };
}
