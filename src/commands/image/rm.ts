/** `runyard image rm` */
import type { Command } from "commander";
import { images } from "../../client/fleet-things.ts";
import { defineRemoval } from "../fleet/remove-things.ts";

export function define(command: Command): void {
  defineRemoval(command, images, {
    help,
    canForce: "also an image that has several names, or that containers are made of",
  });
}

const help = `
Of an image with several names the one that is written goes; with the last one, the image. Asks before it does; where there is no terminal to ask at, it
refuses unless --yes is given.

Example:
  $ runyard image rm --yes nginx:1.26`;
