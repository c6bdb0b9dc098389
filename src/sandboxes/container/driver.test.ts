import { after } from "node:test";
import { skipWithoutDocker, startDocker } from "../../../test/support/docker.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { describeSandboxDriver } from "../conformance.ts";
import { openContainerDriver } from "./driver.ts";

const skip = skipWithoutDocker();
const docker = skip ? undefined : await startDocker();
const directory = temporaryDirectory();
after(async () => {
  await docker?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const socketPaths = [docker?.socketPath ?? ""];
describeSandboxDriver("container", () => openContainerDriver({ directory: directory.path, socketPaths }), { skip });
