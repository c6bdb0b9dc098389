/** The files of a stack into the project that they describe: parse, put the variables in, spell out `extends`, merge the overlay over the base, add what is
 *  included, and read the result. Whatever is wrong is found at once. */
import { stringify } from "yaml";
import { parseEnvFile } from "./env-file.ts";
import { spellOutExtends } from "./extends.ts";
import { ComposeError, createFaults, type Faults } from "./faults.ts";
import { addIncluded } from "./include.ts";
import { InterpolationError, interpolate, type Lookup } from "./interpolation.ts";
import { mergeTrees, withoutTags } from "./merge.ts";
import type { ComposeProject } from "./project.ts";
import type { ProjectSource, SourceFile } from "./project-source.ts";
import { readProject } from "./read-project.ts";
import { plainOf, type SourceNode } from "./source-tree.ts";
import { parseYaml } from "./yaml-text.ts";

export interface LoadedProject {
  readonly project: ComposeProject;
  /** All of it in one file, with the variables still in it. */
  readonly merged: string;
}

/** @throws {ComposeError} */
export async function loadProject(source: ProjectSource): Promise<LoadedProject> {
  const faults = createFaults({ stack: source.name, directory: source.directory });
  const lookup = lookupOf(source, faults);
  const parse = (file: SourceFile) => withVariables(parseYaml(file.text, file.path, faults), lookup, faults);

  const [base, overlay] = await Promise.all(
    source.files.map(async (file) => {
      const tree = parse(file);
      return tree && (await spellOutExtends(tree, { source, parse, faults }));
    }),
  );
  if (base === undefined) {
    faults.throwIfAny();
    throw new ComposeError(source.name, [
      { path: "", file: "compose.yaml", line: 1, column: 1, message: "The file is blank." },
    ]);
  }
  const merged = overlay === undefined ? withoutTags(base) : mergeTrees(base, overlay);
  const whole = await addIncluded(merged, { source, parse, faults });
  const project = await readProject(whole, { source, lookup, faults });
  faults.throwIfAny();
  return { project, merged: overlay === undefined ? source.files[0]!.text : stringify(plainOf(merged)) };
}

/** The stack's own variables over those of the fleet; never those of the yard's own process. */
function lookupOf({ name, env, globalEnv }: ProjectSource, faults: Faults): Lookup {
  const outside: Lookup = (variable) => globalEnv.get(variable);
  const own = env === undefined ? undefined : parseEnvFile(env.text, { file: env.path, outside, faults });
  return (variable) =>
    own?.get(variable) ?? outside(variable) ?? (variable === "COMPOSE_PROJECT_NAME" ? name : undefined);
}

function withVariables(node: SourceNode | undefined, lookup: Lookup, faults: Faults): SourceNode | undefined {
  if (node === undefined) return undefined;
  if (node.kind === "map") {
    const entries = [...node.entries].map(([key, value]) => [key, withVariables(value, lookup, faults)!] as const);
    return { ...node, entries: new Map(entries) };
  }
  if (node.kind === "list") return { ...node, items: node.items.map((item) => withVariables(item, lookup, faults)!) };
  if (typeof node.value !== "string" || !node.value.includes("$")) return node;
  try {
    return { ...node, value: interpolate(node.value, lookup), raw: node.value };
  } catch (error) {
    if (!(error instanceof InterpolationError)) throw error;
    faults.add(node.place, error.message);
    return node;
  }
}
