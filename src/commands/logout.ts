/** `runyard logout` */
import type { Command } from "commander";
import { openCredentialStore } from "../client/credentials.ts";
import { parseYardUrl } from "../client/find-yard.ts";
import { createYardClient } from "../client/http.ts";
import { signOut } from "../client/sign-in.ts";
import { isYardError, YardError } from "../platform/errors.ts";

export function define(command: Command): void {
  command
    .option("--url <url>", "the yard (default: RUNYARD_URL, or the one logged in to last)")
    .addHelpText("after", "\nExample:\n  $ runyard logout")
    .action(logout);
}

async function logout(options: { url?: string }): Promise<void> {
  const store = openCredentialStore(process.env);
  const named = options.url ?? process.env.RUNYARD_URL;
  const login = await store.find(named === undefined ? undefined : parseYardUrl(named));
  if (!login) throw new YardError("not_found", `not logged in${named ? ` to ${named}` : ""}: there is nothing to end.`);
  try {
    await signOut(
      createYardClient({ url: login.url, token: login.credential.token, ca: login.credential.certificate }),
    );
  } catch (error) {
    if (!isYardError(error, "unauthenticated")) throw error; // the session had ended already
  } finally {
    await store.forget(login.url); // also when the yard cannot be reached: this machine is to know nothing more
  }
  console.log(`Logged out of ${login.url}.`);
}
