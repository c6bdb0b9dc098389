/** What the driver's sandboxes are made of, and what makes it: layers and templates, the network, user namespaces, residences. */
import { join } from "node:path";
import type { Records, RecordsOptions } from "../processes/open-records.ts";
import { findTool, type Programs } from "./availability.ts";
import { type LayerStore, openLayerStore } from "./layer-store.ts";
import { type LowerLayers, openLowerLayers } from "./lower-layers.ts";
import { openSandboxNetwork, type SandboxNetwork } from "./network/network.ts";
import type { NameServer } from "./network/resolver.ts";
import { asRecord } from "./records.ts";
import { createResidences, type Residences } from "./residences.ts";
import { openTemplates, type Templates, templateGrounds } from "./templates.ts";
import { openUserNamespaces, type UserNamespaces } from "./user-namespaces.ts";
import { keepWarm, type WarmResidences } from "./warm-residences.ts";

export interface Workshop extends AsyncDisposable {
  readonly store: LayerStore;
  readonly templates: Templates;
  readonly lowers: LowerLayers;
  readonly network: SandboxNetwork;
  /** Made when first needed. */
  users(): Promise<UserNamespaces>;
  readonly residences: Residences;
  readonly warm: WarmResidences;
}

export interface WorkshopOptions extends Pick<RecordsOptions, "onNotice"> {
  /** How many sandboxes of one kind are kept ready (warm-residences.ts); none if absent. */
  readonly warm?: number;
  /** Who is asked about names for sandboxes; the host's own name servers if absent. */
  readonly nameServers?: () => readonly NameServer[];
}

export interface WorkshopParts {
  readonly options: WorkshopOptions;
  /** The driver's, as the list of mounts names it. */
  readonly directory: string;
  readonly records: Records;
  readonly programs: Programs;
  readonly filterPath: string;
  /** Nobody lives in what was made here. */
  readonly isVacant: () => boolean;
}

/** Of root file systems, for as long as the machine is up. */
const runtimeDirectory = "/run/runyard";

export async function openWorkshop(parts: WorkshopParts): Promise<Workshop> {
  const { options, directory, programs, filterPath } = parts;
  const { owner, state } = parts.records;
  await using opened = new AsyncDisposableStack();
  const network = opened.use(
    await openSandboxNetwork({
      owner,
      path: join(runtimeDirectory, `${owner}.network`),
      changesPath: join(directory, "forwarding.json"),
      nft: findTool("nft"),
      nameServers: options.nameServers,
      onNotice: options.onNotice,
    }),
  );
  const templatesDirectory = join(directory, "templates");
  const store = openLayerStore(directory, () => [
    ...templateGrounds(templatesDirectory),
    ...[...state.sandboxes.values()].flatMap((data) => asRecord(data)?.ground ?? []),
  ]);
  // What is kept ready counts for nobody's, so it goes first.
  const beforeCollecting = () => warm.clear();
  const templates = openTemplates({ directory: templatesDirectory, store, beforeCollecting });
  const lowers = openLowerLayers(join(directory, "lower"));
  opened.defer(() => lowers.clear()); // last of all: what is kept warm is made of them
  opened.defer(() => {
    if (parts.isVacant()) store.unmount();
  });

  let made: Promise<UserNamespaces> | undefined;
  opened.defer(async () => (await made?.catch(() => undefined))?.[Symbol.dispose]());
  const users = () => {
    made ??= openUserNamespaces();
    return made;
  };
  const making = { directory, runtimeDirectory, owner, programs, filterPath, lowers, network, users };
  const residences = createResidences(making);
  const warm = opened.use(keepWarm({ make: residences.make, most: options.warm ?? 0 }));
  const lifetime = opened.move();
  return {
    store,
    templates,
    lowers,
    network,
    users,
    residences,
    warm,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
