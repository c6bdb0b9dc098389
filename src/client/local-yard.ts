/** `local.json` in a yard's data directory: how the command line of the same user finds the yard of the same machine, without a login.
 *  The server writes it when it listens; whoever may read it may read all the rest of the data directory, too. */
import { join } from "node:path";
import { YardError } from "../platform/errors.ts";
import { optionalTextField, parseObject, textField } from "./json.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

export interface LocalYard {
  readonly url: string;
  /** An API key of the administrator. */
  readonly token: string;
  /** The self-signed certificate of the yard (PEM): the only one that is accepted at `url`. */
  readonly certificate?: string;
}

export async function writeLocalYard(dataDirectory: string, yard: LocalYard): Promise<void> {
  await writePrivateFile(fileIn(dataDirectory), `${JSON.stringify(yard)}\n`);
}

/** @returns undefined where no yard has been started yet */
export async function readLocalYard(dataDirectory: string): Promise<LocalYard | undefined> {
  const path = fileIn(dataDirectory);
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  try {
    const yard = parseObject(text);
    return {
      url: textField(yard, "url"),
      token: textField(yard, "token"),
      certificate: optionalTextField(yard, "certificate"),
    };
  } catch (error) {
    throw new YardError("invalid", `${path} is damaged. Restart the yard: it writes it anew.`, { cause: error });
  }
}

function fileIn(dataDirectory: string): string {
  return join(dataDirectory, "local.json");
}
