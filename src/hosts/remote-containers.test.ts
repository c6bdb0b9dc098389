/** The driver `container` through the connection, in a file of its own as it starts an engine. */
import { after, test } from "node:test";
import { skipWithoutDocker, startDocker } from "../../test/support/docker.ts";
import { describeSandboxDriver } from "../sandboxes/conformance.ts";
import { openTestHost } from "./test-host.ts";

const skip = skipWithoutDocker();
const docker = skip ? undefined : await startDocker();
after(() => docker?.[Symbol.asyncDispose]());

describeSandboxDriver(
  "container, through the agent",
  async () => {
    const environment = { ...process.env, DOCKER_HOST: `unix://${docker?.socketPath}` };
    const host = await openTestHost({ environment });
    const driver = host.driver("container");
    return {
      ...driver,
      get can() {
        return driver.can;
      },
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    };
  },
  { skip },
);

test("an agent ends although its engine hangs, with a container that it cannot stop", { skip }, async () => {
  const environment = { ...process.env, DOCKER_HOST: `unix://${docker?.socketPath}` };
  await using host = await openTestHost({ environment });
  await host.driver("container").create({ id: "left" });
  await using _hung = await docker?.freeze();
  await host.stop({ graceMs: 0 });
});
