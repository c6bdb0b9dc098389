/** The texts of a stack from files here, or from standard input. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StackTexts } from "../../client/fleet-stacks.ts";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { readStdin } from "../prompt.ts";

export interface GivenFiles {
  readonly file?: string;
  readonly envFile?: string;
}

/** In the order in which Compose looks for them. */
const usualNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** @throws {YardError} invalid, naming the option */
export async function readGivenTexts({ file, envFile }: GivenFiles): Promise<StackTexts> {
  const compose = file === undefined ? await readUsual() : await readGiven(file, "--file");
  return { compose, ...(envFile !== undefined && { env: await readGiven(envFile, "--env-file") }) };
}

/** @param path `-`: standard input */
export async function readGiven(path: string, option: string): Promise<string> {
  if (path === "-") return `${await readStdin()}\n`;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new YardError("invalid", `cannot read ${path}: ${why}`, { field: option, cause: error });
  }
}

async function readUsual(): Promise<string> {
  for (const name of usualNames) {
    try {
      return await readFile(join(process.cwd(), name), "utf8");
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  throw new YardError("invalid", `this directory has none of ${usualNames.join(", ")}: name the file`, {
    field: "--file",
  });
}
