/** Starts a yard and asks whether the reference APIs are contained in what it serves. The reference documents and the comparison lie
 *  beside the repository, in `../shared`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { startYard } from "../test/support/yard-process.ts";

/** The APIs that are served whole, by the name of their document. */
const wholeApis = ["appmesh", "mcp-v8", "mitosis"] as const;

const root = join(import.meta.dirname, "..");

async function compare(apis: readonly string[]): Promise<number> {
  await using yard = await startYard();
  const failed = apis.filter((api) => {
    const documents = [`../shared/specs/${api}.yaml`, `${yard.local.url}/openapi/${api}.json`];
    const { status } = spawnSync(process.execPath, ["../shared/conformance/spec-subset.mjs", ...documents], {
      cwd: root,
      stdio: "inherit",
    });
    return status !== 0;
  });
  console.log(
    failed.length > 0
      ? `conformance: not contained: ${failed.join(", ")}`
      : `conformance: ${apis.join(", ")} contained`,
  );
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await compare(wholeApis);
