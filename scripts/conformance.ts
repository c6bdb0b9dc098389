/** Starts a yard and asks whether the reference APIs are contained in what it serves. The reference documents and the comparison lie
 *  beside the repository, in `../shared`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { startYard } from "../test/support/yard-process.ts";

interface Reference {
  /** As its document is called. */
  readonly api: string;
  /** What of it is served, as an option of the comparison; absent: all. */
  readonly only?: readonly string[];
}

const references: readonly Reference[] = [
  { api: "appmesh" },
  { api: "mcp-v8" },
  { api: "mitosis" },
  { api: "wrenn" },
  { api: "dockmesh", only: ["--tier", "1"] },
];

const root = join(import.meta.dirname, "..");

async function compare(): Promise<number> {
  await using yard = await startYard();
  const failed = references.filter(({ api, only = [] }) => {
    const documents = [`../shared/specs/${api}.yaml`, `${yard.local.url}/openapi/${api}.json`];
    const { status } = spawnSync(process.execPath, ["../shared/conformance/spec-subset.mjs", ...only, ...documents], {
      cwd: root,
      stdio: "inherit",
    });
    return status !== 0;
  });
  const names = (ones: readonly Reference[]) =>
    ones.map(({ api, only }) => [api, ...(only ?? [])].join(" ")).join(", ");
  console.log(
    failed.length > 0 ? `conformance: not contained: ${names(failed)}` : `conformance: ${names(references)} contained`,
  );
  return failed.length > 0 ? 1 : 0;
}

process.exitCode = await compare();
