import { after } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { describeSandboxDriver } from "../conformance.ts";
import { openMicrovmDriver } from "./driver.ts";
import { lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const directory = temporaryDirectory();
after(() => directory[Symbol.dispose]());

async function open() {
  await lendGoldenImage(directory.path);
  return openMicrovmDriver({ directory: directory.path });
}
describeSandboxDriver("microvm", open, { skip: skipWithoutMachines(), isEmulated: true });
