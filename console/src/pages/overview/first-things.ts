/** What a newcomer may begin with: each shows what its kind is for, and does no harm. */
import { call } from "../../api/call.ts";
import type { Overview } from "./overview.ts";

interface Made {
  /** What there is now. */
  readonly told: string;
  /** Where to see it. */
  readonly path: string;
}

export interface FirstThing {
  /** In a sentence. */
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  readonly permission: string;
  /** What this yard has not, that it takes. */
  readonly lackOf?: (overview: Overview) => string | undefined;
  /** @param username of the caller, whose own team has that name */
  make(username: string): Promise<Made>;
}

const hello = 'while true; do echo "Hello from Runyard, it is $(date +%T)"; sleep 2; done';
const compose = `services:
  hello:
    image: busybox
    command: ["sh", "-c", "while true; do echo hello; sleep 10; done"]
`;

export const firstThings: readonly FirstThing[] = [
  {
    ...{
      kind: "app",
      title: "App",
      permission: "apps.write",
      text: "A program that the yard keeps running, and starts again when it ends.",
    },
    async make() {
      const body = {
        command: hello,
        shell: true,
        status: 1,
        behavior: { exit: "restart" },
        description: "Says hello every two seconds",
      };
      await call("PUT /appmesh/app/{app_name}", { path: { app_name: "hello" }, body });
      return { told: "The app hello runs", path: "/apps/hello" };
    },
  },
  {
    ...{
      kind: "capsule",
      title: "Capsule",
      permission: "capsules.run",
      text: "A machine of your own in a sandbox: try things, pause it, throw it away.",
    },
    async make() {
      const { id } = await call("POST /v1/capsules", { body: {} });
      return { told: `The capsule ${id} starts`, path: `/capsules/${id}` };
    },
  },
  {
    ...{
      kind: "task",
      title: "Task",
      permission: "tasks.submit",
      text: "A command that waits in a queue until a worker has a place for it.",
    },
    async make(username) {
      const task_spec = { args: ["sh", "-c", "echo hello; sleep 5; echo done"], terminal_output: true };
      const body = { group_name: username, tags: [], labels: [], timeout: "60s", priority: 0, task_spec };
      const { uuid } = await call("POST /tasks", { body });
      return { told: "The task is queued", path: `/tasks/${uuid}` };
    },
  },
  {
    ...{
      kind: "script",
      title: "Script",
      permission: "scripts.run",
      text: "JavaScript that remembers: each run goes on where the one before has left off.",
    },
    async make() {
      const { execution_id } = await call("POST /api/exec", { body: { code: 'console.log("hello");\n6 * 7' } });
      return { told: "The script runs", path: `/scripts/${execution_id}` };
    },
  },
  {
    ...{
      kind: "stack",
      title: "Stack",
      permission: "stacks.deploy",
      text: "Containers that belong together, from a Compose file. It needs Docker, and an image from its registry.",
      lackOf: lackOfEngine,
    },
    async make() {
      await call("POST /api/v1/stacks", { body: { name: "hello", compose } });
      await call("POST /api/v1/stacks/{name}/deploy", { path: { name: "hello" } }, { timeoutMs: 300_000 });
      return { told: "The stack hello is deployed", path: "/stacks/hello" };
    },
  },
];

/** Whoever may not see containers is not kept from trying. */
function lackOfEngine({ runs: { containers, hosts } }: Overview): string | undefined {
  if (!containers || !hosts) return undefined;
  const all = Object.values(hosts).reduce((sum, count) => sum + count, 0);
  return containers.unreachableHosts < all
    ? undefined
    : "Containers that belong together, from a Compose file. No host of this yard has a Docker engine that answers: install Docker, and the yard finds it.";
}
