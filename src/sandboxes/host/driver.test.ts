import { after } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { describeSandboxDriver } from "../conformance.ts";
import { openHostDriver } from "./driver.ts";

const directory = temporaryDirectory();
after(() => directory[Symbol.dispose]());

describeSandboxDriver("host", () => openHostDriver({ directory: directory.path }));
