import { fileURLToPath } from "node:url";

/** The agent allocates little and slowly: young objects in 2 × 1 MiB cost it nothing (Node's default would keep up to 2 × 16 resident). */
const nodeFlags = ["--max-semi-space-size=1"];

/** How this program starts an agent: the running Node and bin/runyard.js, which lies beside src/ and dist/ alike. */
export const launcher: readonly string[] = [
  process.execPath,
  ...nodeFlags,
  fileURLToPath(new URL("../../bin/runyard.js", import.meta.url)),
];
