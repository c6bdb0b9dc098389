/** Which of the fleet's hosts a command is about. */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { addYardOptions } from "../yard-options.ts";

export interface FleetFlags extends YardFlags {
  /** A name, an id, `local`, or `all`. */
  readonly host?: string;
}

/** @param meaning of the option, as its help has it */
export function addFleetOptions(
  command: Command,
  meaning = "the name or id of a host, or all (default: the yard's own, local)",
): Command {
  return addYardOptions(command).option("--host <host>", meaning);
}
