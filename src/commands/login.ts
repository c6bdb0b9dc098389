/** `runyard login`: a session with the user's own name and rights, kept until it ends. */
import type { Command } from "commander";
import { openCredentialStore } from "../client/credentials.ts";
import { findYardToLogInTo, type YardFlags } from "../client/find-yard.ts";
import { createYardClient, type YardClient } from "../client/http.ts";
import { type SignIn, signIn } from "../client/sign-in.ts";
import { YardError } from "../platform/errors.ts";
import { ask, readStdin } from "./prompt.ts";

interface LoginOptions extends YardFlags {
  username?: string;
  passwordStdin?: boolean;
  totp?: string;
  json?: boolean;
}

export function define(command: Command): void {
  command
    .option("--url <url>", "the yard (default: RUNYARD_URL, or the yard of this machine)")
    .option("--ca <file>", "certificates to trust for the yard, as PEM")
    .option("--username <name>", "who (default: it asks)")
    .option("--password-stdin", "read the password from standard input (default: it asks)")
    .option("--totp <code>", "code of the second factor, if the user has one (default: it asks)")
    .option("--json", "print the session as JSON, without its token")
    .addHelpText("after", help)
    .action(login);
}

const help = `
The session is kept in $XDG_CONFIG_HOME/runyard/credentials.json, which only you may read.

Examples:
  $ runyard login --url https://yard.example:7700
  $ pass show yard | runyard login --username ada --password-stdin`;

async function login(options: LoginOptions): Promise<void> {
  const { url, ca } = await findYardToLogInTo(options, process.env);
  const client = createYardClient({ url, ca });
  const username = options.username ?? (await askFor("username", "--username", `Username for ${url}: `));
  const password = options.passwordStdin
    ? await readStdin()
    : await askFor("password", "--password-stdin", "Password: ", { hidden: true });
  const session = await signInWithSecondFactor(client, { username, password, totpCode: options.totp });
  await openCredentialStore(process.env).save(url, {
    username,
    token: session.token,
    expiresAt: session.expiresAt,
    certificate: ca,
  });
  const until = new Date(session.expiresAt).toISOString();
  console.log(
    options.json
      ? JSON.stringify({ url, username, expiresAt: until })
      : `Logged in to ${url} as ${username} until ${until}.`,
  );
}

async function signInWithSecondFactor(client: YardClient, who: SignIn): Promise<{ token: string; expiresAt: number }> {
  const result = await signIn(client, who);
  if (result.kind === "session") return result;
  const totpCode = await askFor("code of the second factor", "--totp", "Code: ");
  const second = await signIn(client, { ...who, totpCode });
  if (second.kind === "session") return second;
  throw new YardError("unauthenticated", "the yard still asks for a code. Log in again.");
}

async function askFor(
  what: string,
  option: string,
  question: string,
  options: { hidden?: boolean } = {},
): Promise<string> {
  if (!process.stdin.isTTY)
    throw new YardError("precondition", `no terminal to ask for the ${what} at. Give it with ${option}.`);
  return await ask(question, options);
}
