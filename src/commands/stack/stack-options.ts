/** What the commands of stacks share. */
import { type Command, InvalidArgumentError } from "commander";
import { addFleetOptions } from "../fleet/host-option.ts";

/** Of a command about one stack, or some. */
export function addStackOptions(command: Command): Command {
  return addFleetOptions(
    command,
    "the name or id of a host (default: where the stack was deployed, or the yard's own)",
  );
}

export function deploymentNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is the number of a deployment, as runyard stack history shows it.");
}
