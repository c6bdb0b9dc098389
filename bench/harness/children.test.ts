import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import test from "node:test";
import { createChildren, endDaemons } from "./children.ts";
import { isRunning } from "./processes.ts";

test("a child that ignores the signal is killed after the grace", async () => {
  const ignoring = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
  const child = createChildren().start("/bin/sh", ["-c", ignoring], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.process.stdout!, "data");
  await child.stop("SIGTERM", 200);
  assert.equal(child.process.signalCode, "SIGKILL");
  assert.ok(!isRunning(child.pid));
});

test("what is left at the end is killed", async () => {
  const children = createChildren();
  const child = children.start("/bin/sleep", ["60"]);
  children.killAll();
  await once(child.process, "exit");
});

test("a daemon is known by the directory among its arguments or its variables, and nothing else is killed", async () => {
  await using starter = new AsyncDisposableStack();
  const children = createChildren();
  const directory = `/tmp/no-such-directory-${randomUUID()}`;
  const start = (argument: string, env: NodeJS.ProcessEnv) =>
    starter.use(children.start("/bin/sh", ["-c", "sleep 60; :", argument], { env, stdio: "ignore" }));
  const daemons = [start(`${directory}/data`, {}), start("", { HOME: directory })];
  const stranger = start("", {});
  const ended = daemons.map((daemon) => once(daemon.process, "exit"));
  await endDaemons(directory, 0);
  await Promise.all(ended);
  assert.ok(isRunning(stranger.pid));
});

test("a program that is not there is an error that names it", () => {
  assert.throws(() => createChildren().start("/nonexistent/program", []), /nonexistent\/program/);
});
