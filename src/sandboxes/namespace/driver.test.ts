import { after } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { describeSandboxDriver } from "../conformance.ts";
import { findPrograms } from "./availability.ts";
import { openNamespaceDriver } from "./driver.ts";

const directory = temporaryDirectory();
after(() => directory[Symbol.dispose]());

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));
describeSandboxDriver("namespace", () => openNamespaceDriver({ directory: directory.path }), { skip });
