import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addDefinitionOptions, type DefinitionOptions, definitionOf } from "./definition-options.ts";

/** The definition that these arguments make. */
function made(args: readonly string[], base = {}, secrets = {}) {
  const command = addDefinitionOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.argument("[command...]").parse([...args], { from: "user" });
  return definitionOf(command.args, command.opts<DefinitionOptions>(), secrets, base);
}

test("a command is quoted so that its arguments arrive as they were given", () => {
  assert.deepEqual(made(["--", "printf", "%s", "a b", "it's"]), {
    command: `printf %s 'a b' 'it'"'"'s'`,
    shell: false,
    session_login: false,
  });
});

test("options become the API's fields, and what is not given is left out", () => {
  assert.deepEqual(
    made(
      "--shell date --cwd /srv --env A=1 --env B=x=y --cron 0 --retention 90s --exit keepalive --on-exit 3=remove --on-exit 0=standby --health true --memory 64 --cpu-shares 512 --keep-outputs 2 --daily 08:00-18:00 --disabled".split(
        " ",
      ),
      {},
      { TOKEN: "t" },
    ),
    {
      command: "date",
      shell: true,
      session_login: false,
      working_dir: "/srv",
      env: { A: "1", B: "x=y" },
      sec_env: { TOKEN: "t" },
      start_interval_seconds: "0",
      cron: true,
      daily_limitation: { daily_start: 28_800, daily_end: 64_800 },
      retention: "PT1M30S",
      behavior: { exit: "keepalive", control: { 0: "standby", 3: "remove" } },
      health_check_cmd: "true",
      resource_limit: { memory_mb: 64, cpu_shares: 512 },
      stdout_cache_num: 2,
      status: 0,
    },
  );
});

test("options take the place of what a file says, and are added to its maps", () => {
  const base = {
    command: "old",
    shell: true,
    env: { A: "0", C: "3" },
    behavior: { exit: "standby", control: { 1: "restart" } },
    cron: true,
    start_interval_seconds: "* * * * * *",
    permission: 11,
  };
  assert.deepEqual(made(["--env", "A=1", "--every", "5m", "--restart", "--on-exit", "2=remove", "--", "new"], base), {
    command: "new",
    shell: false,
    session_login: false,
    env: { A: "1", C: "3" },
    behavior: { exit: "restart", control: { 1: "restart", 2: "remove" } },
    cron: false,
    start_interval_seconds: "PT5M",
    permission: 11,
  });
  assert.deepEqual(made([], base), base);
});

for (const { args, says } of [
  { args: ["--every", "5m", "--cron", "0 * * * * *"], says: /cannot be used with/ },
  { args: ["--restart", "--exit", "standby"], says: /cannot be used with/ },
  { args: ["--on-exit", "x=remove"], says: /It looks like 3=remove/ },
  { args: ["--on-exit", "3=explode"], says: /standby, restart/ },
  { args: ["--memory", "0"], says: /whole number from 1/ },
]) {
  test(`${args.join(" ")} is refused`, () => assert.throws(() => made(args), says));
}
