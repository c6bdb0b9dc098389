/** A running capsule, to work in. */
import type { HostSandbox } from "../hosts/host.ts";
import { YardError } from "../platform/errors.ts";
import type { SandboxFiles } from "../sandboxes/sandbox.ts";
import type { Activity } from "./activity.ts";
import type { Capsule, Inside } from "./capsule.ts";
import { createCommandsIn } from "./commands/create-commands.ts";

/** @param capsule one that is running. Everything asked of it may fail as it does on its host: of one that is paused meanwhile, with `precondition`. */
export type EnterSandbox = (capsule: Capsule, sandbox: HostSandbox) => Inside;

export function createEnterSandbox({ activity }: { activity: Activity }): EnterSandbox {
  const commandsIn = createCommandsIn();

  return (capsule, sandbox) => ({
    capsule,
    commands: commandsIn({ sandbox, touch: () => activity.touch(capsule.id) }),
    get files(): SandboxFiles {
      if (sandbox.files) return sandbox.files;
      throw new YardError("precondition", `Capsules of the driver ${capsule.driver} have no files of their own.`);
    },
    async dial(port) {
      if (sandbox.dial) return sandbox.dial(port);
      throw new YardError("precondition", `Ports of capsules of the driver ${capsule.driver} cannot be reached.`);
    },
  });
}
