/** A registry that a tests' engine reaches, in its own network. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { RegistryImage } from "../programs/registry.ts";
import type { TestDocker } from "./docker.ts";

export interface TestRegistry extends AsyncDisposable {
  /** From now on this is what that name and tag are. */
  publish(image: RegistryImage): Promise<void>;
}

export const registryHost = "127.0.0.1:5000";
/** The same images, for `someone` with the password `right`. */
export const privateRegistryHost = "127.0.0.1:5001";

export async function startRegistry({ pid }: TestDocker): Promise<TestRegistry> {
  const program = join(import.meta.dirname, "../programs/registry.ts");
  const child = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, program], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await once(child, "message");
  return {
    async publish(image) {
      const added = once(child, "message");
      child.send(image);
      await added;
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
