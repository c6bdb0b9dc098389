/** The yard as a supervisor, through its App Mesh API. */
import type { Bench } from "./figure.ts";
import type { SupervisedApp, Supervisor } from "./supervisor.ts";
import { openYard } from "./yard.ts";

interface ListedApp {
  readonly name: string;
  readonly pid?: number;
}

export async function openYardSupervisor(bench: Bench): Promise<Supervisor> {
  const yard = await openYard(bench);
  const list = async (): Promise<readonly ListedApp[]> =>
    JSON.parse((await yard.call("GET", "/appmesh/applications")).body.toString());
  const add = (app: SupervisedApp) =>
    yard.call("PUT", `/appmesh/app/${app.name}`, { command: app.argv.join(" "), behavior: { exit: "keepalive" } });
  return {
    name: "runyard",
    pids: () => [yard.serverPid, yard.agentPid],
    // One request per app, as many at once as the client has connections.
    start: async (apps) => void (await Promise.all(apps.map(add))),
    online: async () => new Map((await list()).flatMap((app) => (app.pid === undefined ? [] : [[app.name, app.pid]]))),
    removeAll: async () =>
      void (await Promise.all((await list()).map((app) => yard.call("DELETE", `/appmesh/app/${app.name}`)))),
    [Symbol.asyncDispose]: () => yard[Symbol.asyncDispose](),
  };
}
