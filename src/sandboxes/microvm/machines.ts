/** All that the driver needs of this host, opened: its journal, its store, the network, and the machines that an earlier agent has left running. */
import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { openRecords } from "../processes/open-records.ts";
import type { Accelerator } from "./accelerator.ts";
import type { MicrovmOptions } from "./driver.ts";
import { openGoldenImages } from "./images.ts";
import { readMachineKind } from "./machine-kind.ts";
import { createPacker } from "./packer.ts";
import type { Programs } from "./programs.ts";
import { asRecord } from "./records.ts";
import { createMicrovmSandboxes, type MicrovmSandboxes } from "./sandboxes.ts";
import { openStore, type Store } from "./store.ts";
import { openTemplates, type Templates } from "./templates.ts";
import { openWorkshop } from "./workshop.ts";

export interface Machines extends AsyncDisposable {
  readonly sandboxes: MicrovmSandboxes;
  readonly templates: Templates;
}

/** Who resumes so soon again is not worth the work. */
const usualPackMemoryAfterMs = 30_000;

/** Closing it lets go of the machines and leaves them running. */
export async function openMachines(
  options: MicrovmOptions,
  programs: Programs,
  accelerator: () => Promise<Accelerator>,
): Promise<Machines> {
  await using opened = new AsyncDisposableStack();
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory);
  const records = opened.use(openRecords({ ...options, directory }));
  const { owner, state } = records;
  const imagesDirectory = options.imagesDirectory ?? directory;
  mkdirSync(imagesDirectory, { recursive: true, mode: 0o700 });
  const workshop = opened.use(
    await openWorkshop({
      programs,
      accelerator,
      directory: imagesDirectory,
      changesDirectory: directory,
      owner,
      nameServers: options.nameServers,
      onNotice: options.onNotice,
    }),
  );
  const getStore = (): Store => store;
  const collect = () => {
    const layers = new Set([...templates.named(), ...inRecords()]);
    images.drop((layer) => layers.has(layer));
    store.collect();
  };
  const templates = openTemplates(join(imagesDirectory, "templates"), {
    programs,
    store: getStore,
    onRemoved: collect,
  });
  const images = openGoldenImages(join(imagesDirectory, "golden"), workshop, getStore);
  const inRecords = () =>
    [...state.sandboxes.values()].flatMap((data) => {
      const record = asRecord(data);
      return record ? [...record.layers, ...(record.memory ? [record.memory.file] : [])] : [];
    });
  const store = openStore(join(imagesDirectory, "store"), () => [
    ...templates.named(),
    ...images.named(),
    ...inRecords(),
  ]);
  const packer = createPacker({
    store: getStore,
    isShared: (file) => templates.named().includes(file),
    afterMs: options.packMemoryAfterMs ?? usualPackMemoryAfterMs,
    onNotice: options.onNotice,
  });
  const kind = async () => readMachineKind(programs.qemu, await accelerator());
  const sandboxes = createMicrovmSandboxes({
    ...{ directory, records, workshop, store, templates, images, packer, kind, collect },
  });
  await images.recover();
  await sandboxes.recover();

  const lifetime = opened.move();
  lifetime.defer(() => sandboxes.release());
  return { sandboxes, templates, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
