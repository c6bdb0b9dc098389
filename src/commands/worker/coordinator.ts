/** Where the coordinator of a worker is, and as whom the worker registers there. */
import { readFile } from "node:fs/promises";
import { findYard, findYardToLogInTo, type YardFlags } from "../../client/find-yard.ts";
import { readLocalYard } from "../../client/local-yard.ts";
import { YardError } from "../../platform/errors.ts";
import { type SignIn, signInByFile } from "../../worker/sign-in.ts";
import type { WorkerOptions } from "../../worker/worker.ts";
import { defaultCredentialsPath, openCredentials } from "./credentials.ts";

export interface CoordinatorFlags extends YardFlags {
  readonly user?: string;
  readonly passwordFile?: string;
  readonly credentials?: string;
  readonly yardDirectory?: string;
}

export const passwordVariable = "RUNYARD_WORKER_PASSWORD";

type Found = Pick<WorkerOptions, "locate" | "signIn">;

/** Both are looked up again whenever the coordinator cannot be reached: it may have moved, and there may be a newer login. */
export function coordinatorOf(flags: CoordinatorFlags, env: NodeJS.ProcessEnv): Found {
  const { yardDirectory, user, passwordFile, credentials } = flags;
  if (yardDirectory !== undefined) return byDirectory(yardDirectory);
  if (user !== undefined || passwordFile !== undefined || credentials !== undefined) return byLogin(flags, env);
  const find = () => findYard(flags, env, Date.now());
  return { locate: find, signIn: async () => (await find()).token };
}

function byDirectory(directory: string): Found {
  const read = async () => {
    const yard = await readLocalYard(directory);
    if (yard) return { url: yard.url, ca: yard.certificate, token: yard.token };
    throw new YardError("unavailable", `${directory} names no yard yet.`);
  };
  return { locate: read, signIn: async () => (await read()).token };
}

function byLogin(flags: CoordinatorFlags, env: NodeJS.ProcessEnv): Found {
  const signIn: SignIn = signInByFile({
    credentials: openCredentials(flags.credentials ?? defaultCredentialsPath(env)),
    username: flags.user,
    password: async () =>
      flags.passwordFile === undefined ? env[passwordVariable] : firstLine(await readFile(flags.passwordFile, "utf8")),
  });
  return { locate: () => findYardToLogInTo(flags, env), signIn };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.replace(/\r$/, "") ?? "";
}
