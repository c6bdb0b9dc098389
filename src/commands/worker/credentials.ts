/** The file that keeps the tokens of logins for this protocol's programs: `username:token` on each line, for its owner's eyes only. */
import { homedir } from "node:os";
import { join } from "node:path";
import { readPrivateFile, writePrivateFile } from "../../client/private-file.ts";
import type { Credentials, KeptToken } from "../../worker/sign-in.ts";

export function defaultCredentialsPath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "runyard", "worker-credentials");
}

/** @throws {YardError} precondition, from each call: others may read the file */
export function openCredentials(path: string): Credentials {
  const read = async (): Promise<readonly KeptToken[]> =>
    ((await readPrivateFile(path)) ?? "").split("\n").flatMap(asKept);

  return {
    async find(username) {
      return (await read()).find((kept) => username === undefined || kept.username === username);
    },
    async save(kept) {
      const others = (await read()).filter(({ username }) => username !== kept.username);
      await writePrivateFile(path, [...others, kept].map(({ username, token }) => `${username}:${token}\n`).join(""));
    },
  };
}

/** A name holds no colon. */
function asKept(line: string): KeptToken[] {
  const at = line.indexOf(":");
  return at < 1 ? [] : [{ username: line.slice(0, at), token: line.slice(at + 1).trim() }];
}
