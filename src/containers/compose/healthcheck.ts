/** How the engine finds out whether a container is well. */
import type { HealthcheckSpec } from "./project.ts";
import { present, type Reader } from "./reader.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

const kinds = ["CMD", "CMD-SHELL", "NONE"];

export function readHealthcheck(node: SourceNode | undefined, read: Reader): HealthcheckSpec | undefined {
  if (isNothing(node)) return undefined;
  const found = read.fields(node, {
    reads: ["test", "interval", "timeout", "start_period", "retries", "disable"],
    ignores: ["start_interval"], // younger than the oldest engine: it only asks more often at the beginning
  });
  if (read.flag(found.disable)) return { test: ["NONE"] };
  return {
    test: readTest(found.test, read),
    ...present({
      intervalMs: read.duration(found.interval),
      timeoutMs: read.duration(found.timeout),
      startPeriodMs: read.duration(found.start_period),
      retries: read.wholeNumber(found.retries),
    }),
  };
}

/** Empty: the image's own. */
function readTest(node: SourceNode | undefined, read: Reader): readonly string[] {
  if (isNothing(node)) return [];
  if (node.kind === "scalar") return ["CMD-SHELL", read.text(node) ?? ""];
  const words = read.texts(node) ?? [];
  if (words.length > 0 && !kinds.includes(words[0]!)) read.complain(node.place, `must begin with ${kinds.join(", ")}`);
  return words;
}
