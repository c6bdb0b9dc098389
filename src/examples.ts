/** The apps that a new yard begins with, so that there is something to run and somebody to answer a message. They are apps like any
 *  others: changed and deleted ones stay so. */
import { fileURLToPath } from "node:url";
import { join } from "shlex";
import { argvOf } from "./apis/appmesh/translate.ts";
import type { AppDefinition, Sharing } from "./apps/app.ts";
import type { Apps } from "./apps/apps.ts";
import type { Actor, AppLog } from "./apps/parts.ts";
import type { Identity } from "./identity/identity.ts";
import { findProgram } from "./platform/process/program.ts";

/** For a yard that has just been made.
 *  @param username who is to own them: its first administrator */
export async function beginWithExamples(
  username: string,
  { identity, apps, log }: Pick<ExampleParts, "apps" | "log"> & { identity: Pick<Identity, "users"> },
): Promise<void> {
  const { id: userId, teams } = await identity.users.get(username);
  const owner = { userId, username, isAdmin: true, teams: new Set(teams) };
  await defineExamples({ apps, owner, hasPython: hostHasPython(), log });
}

export interface ExampleParts {
  readonly apps: Pick<Apps, "put">;
  readonly owner: Actor;
  /** Whether the host has `python3`. */
  readonly hasPython: boolean;
  readonly log: AppLog;
}

interface Example {
  readonly name: string;
  readonly enabled: boolean;
  readonly definition: AppDefinition;
}

/** None of them is worth a yard that does not start: what fails is logged. */
export async function defineExamples({ apps, owner, hasPython, log }: ExampleParts): Promise<void> {
  for (const { name, definition, enabled } of examples(hasPython)) {
    try {
      await apps.put(owner, name, definition, { enabled });
    } catch (error) {
      log.warn({ err: error }, `the example app ${name} is not defined`);
    }
  }
}

/** Of the two workers one runs: which does not matter to a newcomer, and both would be one too many. */
function examples(hasPython: boolean): readonly Example[] {
  const open = sharing("write", "write");
  const teamOnly = sharing("read", "none");
  const python = (file: string) => join(["python3", program(file)]);
  const node = (file: string) => join([process.execPath, program(file)]);
  const worker = { sharing: teamOnly, exit: exit("keepalive") };
  return [
    {
      name: "ping",
      enabled: false,
      definition: define("ping github.com", { shell: true, sharing: open, exit: exit("standby", { 0: "standby" }) }),
    },
    { name: "pyexec", enabled: false, definition: define(python("pyexec.py"), { sharing: teamOnly }) },
    { name: "pytask", enabled: hasPython, definition: define(python("pytask.py"), worker) },
    { name: "nodetask", enabled: !hasPython, definition: define(node("nodetask.js"), worker) },
  ];
}

function define(command: string, changes: Partial<AppDefinition>): AppDefinition {
  const { shell = false, sessionLogin = false } = changes;
  return {
    ...{ command, argv: argvOf(command, { shell, sessionLogin }), shell, sessionLogin },
    ...{ env: {}, secretEnv: {}, exit: exit("standby"), keepOutputs: 0 },
    ...changes,
  };
}

function exit(action: AppDefinition["exit"]["action"], byCode: AppDefinition["exit"]["byCode"] = {}) {
  return { action, byCode };
}

function sharing(team: Sharing, others: Sharing) {
  return { team, others };
}

/** Beside src/ in a checkout, beside dist/ in the package. */
function program(name: string): string {
  return fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
}

/** Whether apps find `python3` by its name: they get our PATH. */
export function hostHasPython(): boolean {
  try {
    return findProgram("python3", { cwd: "/", path: process.env.PATH ?? "" }) !== "";
  } catch {
    return false;
  }
}
