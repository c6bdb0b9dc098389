/** Makes the containers of a project what the file describes: what is new is made first, all at once; then each service is brought up after those that it needs. */

import type { Engine } from "../../platform/docker/engine.ts";
import { createSlots } from "../../platform/slots.ts";
import type { DependencySpec, ServiceSpec } from "../compose/project.ts";
import type { ActualContainer } from "./actual-state.ts";
import { allOver } from "./all-over.ts";
import { incomingName } from "./container-names.ts";
import type { Containers } from "./containers.ts";
import { type GateTimes, waitUntilCompleted, waitUntilUp } from "./health-gate.ts";
import type { ContainerMaker } from "./make-container.ts";
import { type ContainerPlan, isSettled, type ServicePlan } from "./plan.ts";
import { sharedServices } from "./service-order.ts";
import type { Step } from "./steps.ts";

export interface ConvergeParts {
  readonly engine: Engine;
  readonly maker: ContainerMaker;
  readonly containers: Containers;
  readonly times: GateTimes;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** A container of a service as it is in the end. */
export interface Running {
  readonly id: string;
  readonly name: string;
}

/** An engine gains nothing by more at one time, and keeps an ear for others. */
const mostAtOnce = 6;

/** @param plans in the order of their services
 *  @returns the containers of each service
 *  @throws the first error, once whatever else was under way is over */
export async function converge(
  plans: readonly ServicePlan[],
  parts: ConvergeParts,
): Promise<ReadonlyMap<string, readonly Running[]>> {
  const { containers } = parts;
  const withSlot = createSlots(mostAtOnce);
  const surplus = plans.flatMap((plan) => plan.surplus.map((one) => () => containers.remove(one)));
  await allOver(surplus.map(withSlot));

  // A container that enters another one's network is made when that one is there.
  const early = plans.filter(({ service }) => sharedServices(service).length === 0);
  const made = new Map<ContainerPlan, string>();
  const makings = early.flatMap((plan) =>
    plan.containers.flatMap((one) => {
      if (one.kind === "keep") return [];
      return [async () => void made.set(one, await makeFor(plan, one, parts))];
    }),
  );
  await allOver(makings.map(withSlot));

  const services = new Map<string, Arrival>();
  for (const plan of plans) {
    services.set(plan.service.name, arrive(plan, { services, made, withSlot, parts }));
  }
  await allOver([...services.values()].map(({ up }) => up));
  return new Map(await Promise.all([...services].map(async ([name, { started }]) => [name, await started] as const)));
}

/** How a service comes: each promise is kept whether or not somebody waits for it. */
interface Arrival {
  readonly started: Promise<readonly Running[]>;
  /** Healthy, or settled. */
  readonly up: Promise<void>;
}

interface ArrivalParts {
  /** Those that come before. */
  readonly services: ReadonlyMap<string, Arrival>;
  readonly made: ReadonlyMap<ContainerPlan, string>;
  readonly withSlot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly parts: ConvergeParts;
}

function arrive(plan: ServicePlan, { services, made, withSlot, parts }: ArrivalParts): Arrival {
  const needs = [...plan.service.dependsOn];
  const ready = allOver(needs.map(([name, { condition }]) => waitFor(name, condition, services.get(name), parts)));
  const bringUp = async (one: ContainerPlan) => {
    const id = one.kind === "keep" ? one.existing.id : (made.get(one) ?? (await makeFor(plan, one, parts)));
    await startContainer(plan.service, one, id, parts);
    return { id, name: one.name };
  };
  const started = ready.then(() => allOver(plan.containers.map((one) => withSlot(() => bringUp(one)))));
  const up = started.then((running) => (isSettled(plan) ? undefined : gate(plan.service, running, parts)));
  for (const promise of [started, up]) promise.catch(() => {}); // told to whoever waits for all
  return { started, up };
}

async function waitFor(
  name: string,
  condition: DependencySpec["condition"],
  service: Arrival | undefined,
  { engine, times, step, signal }: ConvergeParts,
): Promise<void> {
  const running = (await service?.started) ?? [];
  if (condition === "service_healthy") await service?.up;
  if (condition !== "service_completed_successfully") return;
  await step(`wait for the end of ${name}`, () =>
    allOver(running.map((one) => waitUntilCompleted(engine, one.id, one.name, { ...times, signal }))),
  );
}

async function makeFor(
  { service, configHash }: ServicePlan,
  plan: Exclude<ContainerPlan, { kind: "keep" }>,
  { maker }: ConvergeParts,
): Promise<string> {
  const { number, name } = plan;
  if (plan.kind === "create") return maker.make({ service, number, configHash });
  const { successor, existing } = plan;
  if (successor) {
    await maker.connect(successor, service, successor.networks);
    return successor.id;
  }
  const inherited = existing.anonymousVolumes;
  return maker.make({ service, number, configHash, inherited }, incomingName(existing.id, name));
}

/** Up to here a replaced container has been running. */
async function startContainer(
  service: ServiceSpec,
  plan: ContainerPlan,
  id: string,
  { containers, maker }: ConvergeParts,
): Promise<void> {
  if (plan.kind === "keep") {
    await maker.connect(plan.existing, service, plan.existing.networks);
    return keepRunning(service, plan, containers);
  }
  if (plan.kind === "replace") {
    if (isAlive(plan.existing)) await containers.stop(plan.existing);
    await containers.remove(plan.existing);
    await containers.rename({ id, name: incomingName(plan.existing.id, plan.name) }, plan.name);
  }
  await containers.start({ id, name: plan.name }, service);
}

function isAlive({ state }: ActualContainer): boolean {
  return state === "running" || state === "restarting" || state === "paused";
}

async function keepRunning(
  service: ServiceSpec,
  { existing, name }: Extract<ContainerPlan, { kind: "keep" }>,
  containers: Containers,
): Promise<void> {
  if (existing.name !== name) await containers.rename(existing, name);
  if (existing.state === "paused") await containers.unpause(existing);
  else if (existing.state !== "running") await containers.start({ id: existing.id, name }, service);
}

function gate(
  service: ServiceSpec,
  running: readonly Running[],
  { engine, times, step, signal }: ConvergeParts,
): Promise<void> {
  return step(`wait for ${service.name}`, async () => {
    await allOver(running.map(({ id, name }) => waitUntilUp(engine, id, name, { ...times, signal })));
  });
}
