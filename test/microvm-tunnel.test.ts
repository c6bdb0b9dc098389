/** The driver `microvm` of a host that has joined, through its tunnel. */
import { join } from "node:path";
import { describeSandboxDriver } from "../src/sandboxes/conformance.ts";
import { lendGoldenImage, skipWithoutMachines } from "../src/sandboxes/microvm/testing.ts";
import { openThroughTunnel } from "./support/joined-yard.ts";

const lend = (directory: string) => lendGoldenImage(join(directory, "microvm"));
describeSandboxDriver("microvm, through a tunnel", () => openThroughTunnel("microvm", lend), {
  skip: skipWithoutMachines(),
  isEmulated: true,
});
