/** A process that deploys a project and dies by its own SIGKILL in the midst of it.
 *
 *      node killed-deploy.ts SOCKET done      right after the first step that it has done
 *      node killed-deploy.ts SOCKET 20        20 ms after it has begun its first step
 *
 *  Ends with 0 if there was nothing left to do. */
import { setTimeout as sleep } from "node:timers/promises";
import { deployProject } from "../../src/containers/deploy/deploy-project.ts";
import { createSteps } from "../../src/containers/deploy/steps.ts";
import { after, testProject, testService } from "../../src/containers/deploy/testing.ts";
import { openEngine } from "../../src/platform/docker/engine.ts";
import { busyboxImage } from "./test-containers.ts";

const forever = { image: busyboxImage, command: ["sleep", "100000"] };

/** As it was before. */
export const oldProject = testProject("shop", { services: [testService("web", forever)] });

/** With a database that was not there, and a web that is to be made anew. */
export const newProject = testProject("shop", {
  services: [
    testService("web", {
      ...{ ...forever, environment: new Map([["VERSION", "2"]]), dependsOn: after("db") },
      networks: new Map(["default", "back"].map((network) => [network, { aliases: [] }])),
    }),
    testService("db", {
      ...forever,
      mounts: [{ kind: "volume", source: "data", target: "/data", readOnly: false, noCopy: false }],
    }),
  ],
  networks: { back: {} },
  volumes: { data: {} },
});

if (import.meta.main) {
  const [socketPath = "", when = "done"] = process.argv.slice(2);
  await using engine = openEngine({ socketPaths: [socketPath] });
  const die = () => process.kill(process.pid, "SIGKILL");
  const tell = async (line: string) => {
    if (when === "done" && line.endsWith(": done")) die();
    if (when !== "done") void sleep(Number(when)).then(die);
  };
  const { signal } = new AbortController();
  const host = { id: "local", name: "local", isLocal: true, tags: [], isOnline: true, engine };
  await deployProject(
    { host, project: newProject, directory: "/stacks/shop", isConfined: true },
    { step: createSteps(tell, signal), signal, pull: async () => {}, times: { settleMs: 50, completionMs: 10_000 } },
  );
}
