import { fileURLToPath } from "node:url";

/** How this program starts itself again: the running Node and bin/runyard.js, which lies beside src/ and dist/ alike. */
export const launcher = [process.execPath, fileURLToPath(new URL("../../bin/runyard.js", import.meta.url))] as const;
