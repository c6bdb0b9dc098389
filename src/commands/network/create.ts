/** `runyard network create` */
import type { Command } from "commander";
import { networks } from "../../client/fleet-things.ts";
import { defineCreation } from "../fleet/create-things.ts";

export function define(command: Command): void {
  defineCreation(command, networks, "\nExample:\n  $ runyard network create front");
}
