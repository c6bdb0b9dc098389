/** Every page of the fleet, with its dialogs, as people see it. */
import { hostname } from "node:os";
import { before, describe, test } from "node:test";
import { noBrowser } from "./support/console-browser.ts";
import { inspectPlaces, type Place, widths } from "./support/console-places.ts";
import { useVisitors } from "./support/console-suite.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

const places: readonly Place[] = [
  ["/stacks", "Stacks"],
  ["/stacks/shop", "shop"],
  ["/stacks/shop", "shop", ["More for shop-web-1", "Scale web…"]],
  ["/stacks/shop", "shop", ["More for shop-web-1", "Replace web in turn…"]],
  ["/stacks/shop", "shop", ["Deploy…"]],
  ["/stacks/shop", "shop", ["Delete…"]],
  ["/stacks/shop/files", "shop"],
  ["/stacks/shop/logs", "shop"],
  ["/stacks/shop/history", "shop"],
  ["/stacks/shop/history", "shop", ["row busybox"]],
  ["/new-stack", "New stack"],
  ["/adopt-stack", "Adopt a project", ["Adopt…"]],
  ["/stack-templates", "Templates"],
  ["/stack-templates/1", "PostgreSQL"],
  ["/stack-templates/new", "New template"],
  ["/containers", "Containers"],
  ["/images", "Images"],
  ["/images", "Images", ["Pull image"]],
  ["/images", "Images", ["Prune…"]],
  ["/volumes", "Volumes"],
  ["/volumes", "Volumes", ["New volume"]],
  ["/volumes/local/kept", "kept"],
  ["/networks", "Networks"],
  ["/networks", "Networks", ["New network"]],
  ["/hosts", "Hosts"],
  ["/hosts", "Hosts", ["Add a host"]],
  ["/hosts/local", hostname()],
  ["/hosts/local", hostname(), ["Tags…"]],
];

/** @param greeting what it prints */
const composeOf = (greeting: string) => `services:
  web:
    image: ${busyboxImage}
    command: ["sh", "-c", "echo ${greeting}; sleep 100000"]
    network_mode: none
    stop_grace_period: 0s
    volumes: [kept:/kept]
volumes:
  kept:
    name: kept
`;

describe("The looks of the console's pages of the fleet", { skip: noBrowser || skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const { visit } = useVisitors(() => yard.url);
  before(async () => {
    const { admin } = yard;
    await admin.expect(201, "POST", "/stacks", { name: "shop", compose: composeOf("open") });
    await admin.expect(200, "POST", "/stacks/shop/deploy");
    await admin.expect(200, "PUT", "/stacks/shop", { compose: composeOf("open all night") });
    await admin.expect(200, "POST", "/stacks/shop/deploy");
    await admin.expect(200, "PUT", "/stacks/shop", { compose: composeOf("closed") });
    await tested.containers.run("foreign-app-1", ["sleep", "100000"], {
      StopTimeout: 0,
      Labels: { "com.docker.compose.project": "foreign", "com.docker.compose.service": "app" },
    });
  });

  for (const width of widths)
    test(`every page is accessible: ${width} px`, { timeout: 240_000 }, async (t) => {
      await inspectPlaces(await visit(t, "/", { width }), places, width);
    });
});
