/** Dockmesh's WebSockets, on a real engine: logs, stats, terminals and events. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { openDockmeshSocket, refusalOf } from "./support/dockmesh-socket.ts";
import { joinYard } from "./support/joined-agent.ts";
import { useTestEngine } from "./support/test-containers.ts";

const bearer = ({ token }: Caller) => ({ authorization: `Bearer ${token}` });
const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;

describe("Dockmesh's WebSockets", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const open = (path: string, caller: Caller = yard.admin) => openDockmeshSocket(yard.url, path, bearer(caller));
  const refused = (path: string, caller: Caller = yard.admin) => refusalOf(yard.url, path, bearer(caller));

  async function ticketOf(caller: Caller): Promise<string> {
    const { ticket } = await caller.expect<{ ticket: string }>(200, "POST", "/ws/ticket");
    return ticket;
  }

  test("who opens one is known by a ticket, which is good once, or by a token", async () => {
    await tested.containers.run("tickets", ["sleep", "1000"]);
    const ticket = await ticketOf(yard.admin);
    using log = await openDockmeshSocket(yard.url, `/logs/tickets?ticket=${ticket}`);
    assert.match(log.requestId ?? "", /./);
    assert.equal((await refusalOf(yard.url, `/logs/tickets?ticket=${ticket}`)).status, 401);
    assert.equal((await refusalOf(yard.url, "/logs/tickets")).status, 401);
    assert.match((await refusalOf(yard.url, "/logs/tickets?ticket=made-up")).json.error, /ticket/i);
    using _withToken = await open("/logs/tickets");
  });

  test("what cannot be had is refused before the upgrade", async () => {
    const viewer = await yard.makeUser("viewer");
    assert.equal((await refused("/exec/tickets", viewer)).status, 403);
    for (const kind of ["logs", "stats", "exec"]) {
      assert.equal((await refused(`/${kind}/nobody`)).status, 404, kind);
      assert.equal((await refused(`/${kind}/..%2F..%2Finfo%3F`)).status, 404, kind);
      assert.equal((await refused(`/${kind}/nobody?host=elsewhere`)).status, 503, kind);
    }
    const scoped = await yard.makeUser("viewer", ["prod"]);
    assert.equal((await refused("/logs/tickets", scoped)).status, 403);
    assert.equal((await refused("/logs/tickets?tail=many")).status, 400);
    const plain = await yard.admin.ask("GET", "/ws/logs/tickets");
    assert.equal(plain.status, 400);
  });

  test("a log is a message for each line, with its time, and ends with the container", async () => {
    await tested.containers.run("printer", ["sh", "-c", "echo out; echo err >&2; printf 'no line feed'"]);
    using log = await open("/logs/printer");
    assert.equal(await log.closed, 1000);
    assert.ok(log.texts.every((text) => stamped.test(text)));
    const lines = log.texts.map((text) => text.replace(stamped, ""));
    assert.deepEqual(lines.toSorted(), ["err", "no line feed", "out"]);
  });

  test("lines that are very long, no UTF-8 or of a terminal arrive whole", async () => {
    const long = "head -c 100000 /dev/zero | tr '\\0' x; echo";
    await tested.containers.run("odd", ["sh", "-c", `printf 'a\\377b\\n'; echo 'Zoë 🦊'; ${long}; echo end`]);
    using log = await open("/logs/odd");
    assert.equal(await log.closed, 1000);
    const lines = log.texts.map((text) => text.replace(stamped, ""));
    assert.deepEqual([lines[0], lines[1], lines.at(-1)], ["a\ufffdb", "Zoë 🦊", "end"]);
    assert.equal(lines.slice(2, -1).join(""), "x".repeat(100_000));

    await tested.containers.run("terminal", ["sh", "-c", "echo one; echo two"], { Tty: true });
    using ofTerminal = await open("/logs/terminal");
    assert.equal(await ofTerminal.closed, 1000);
    assert.deepEqual(
      ofTerminal.texts.map((text) => text.replace(stamped, "")),
      ["one", "two"],
    );
  });

  test("a log begins with the last lines, follows if it is not told otherwise, and heeds no message", async () => {
    await tested.containers.run("counter", ["sh", "-c", "seq 1 200; cat; echo after"], {
      OpenStdin: true,
      StdinOnce: true,
    });
    await until(
      async () => {
        using whole = await open("/logs/counter?tail=all&follow=0");
        assert.equal(await whole.closed, 1000);
        return whole.texts.length === 200;
      },
      { what: "all that it has printed" },
    );
    using last = await open("/logs/counter?tail=2");
    for (let sent = 0; sent < 50; sent++) last.socket.send("heed this");
    await last.text(/ 200$/);
    assert.equal(last.texts.length, 2);
    await tested.containers.engine.call("stop", (client) => client.getContainer("counter").kill());
    assert.equal(await last.closed, 1000);
  });

  test("nothing of a log is lost to who reads slowly", async () => {
    await tested.containers.run("flood", ["seq", "1", "50000"]);
    await tested.containers.engine.call("wait", (client) => client.getContainer("flood").wait());
    using log = await open("/logs/flood?tail=all");
    log.socket.pause();
    await sleep(300);
    log.socket.resume();
    assert.equal(await log.closed, 1000);
    assert.equal(log.texts.length, 50_000);
    assert.equal(log.texts.at(-1)?.replace(stamped, ""), "50000");
  });

  test("stats come about once a second, in Dockmesh's words", async () => {
    await tested.containers.run("busy", ["sh", "-c", "while :; do :; done"], {
      HostConfig: { Memory: 64 * 1024 * 1024 },
    });
    using stats = await open("/stats/busy");
    await until(() => stats.texts.length >= 3, { what: "three looks", timeoutMs: 20_000 });
    const last = JSON.parse(stats.texts.at(-1)!);
    assert.ok(last.cpu_percent > 5, stats.texts.at(-1));
    assert.equal(last.mem_limit, 64 * 1024 * 1024);
    assert.ok(last.mem_used > 0 && last.mem_percent < 100 && last.pids_current >= 1);
    for (const name of ["net_rx", "net_tx", "blk_read", "blk_write"]) assert.equal(typeof last[name], "number", name);
    await tested.containers.remove("busy");
    assert.equal(await stats.closed, 1000);
  });

  test("a terminal takes bytes and sizes, and its socket is closed as soon as the command has ended", async () => {
    using shell = await open("/exec/tickets");
    shell.socket.send('{"type":"resize","cols":0,"rows":7}');
    shell.socket.send("no control");
    shell.socket.send('{"type":"resize","cols":101,"rows":33}');
    shell.socket.send(Buffer.from("stty size; tty -s && echo is-a-tty\n"));
    await until(() => /33 101\r\n.*is-a-tty\r\n/s.test(shell.shown()), { what: "the terminal's size" });
    shell.socket.send(Buffer.from("exit 3\n"));
    assert.equal(await shell.closed, 1000);
  });

  test("a command line is split as a shell splits it, and no shell reads it", async () => {
    const command = `echo 'a  b' "c$HOME" d\\ e ; echo f`;
    using echo = await open(`/exec/tickets?cmd=${encodeURIComponent(command)}`);
    assert.equal(await echo.closed, 1000);
    assert.equal(echo.shown(), "a  b c$HOME d e ; echo f\r\n");
    assert.equal((await refused("/exec/tickets?cmd='")).status, 400);
  });

  test("a command without a terminal has its outputs apart, an input that ends, and an exit code", async () => {
    const command = encodeURIComponent("sh -c 'cat; echo err >&2; exit 5'");
    using socket = await open(`/command/tickets?stdin=1&cmd=${command}`);
    const printed: Buffer[] = [];
    socket.socket.on("message", (data: Buffer, isBinary: boolean) => void (isBinary && printed.push(data)));
    socket.socket.send("no control");
    socket.socket.send(Buffer.from("typed"));
    socket.socket.send('{"type":"end"}');
    assert.equal(await socket.closed, 1000);
    assert.deepEqual(socket.texts, ['{"type":"exit","code":5}']);
    assert.deepEqual(printed.map(String).toSorted(), ["\u0001typed", "\u0002err\n"]);

    using terminal = await open("/command/tickets?tty=1&cmd=stty");
    assert.equal(await terminal.closed, 1000);
    assert.match(terminal.shown(), /^\u0001speed/);

    const viewer = await yard.makeUser("viewer");
    assert.equal((await refused("/command/tickets?cmd=true", viewer)).status, 403);
    for (const [query, status] of [
      ["tickets", 400],
      ["tickets?cmd='", 400],
      ["tickets?cmd=%20", 400],
      ["nobody?cmd=true", 404],
      ["printer?cmd=true", 409],
    ] as const)
      assert.equal((await refused(`/command/${query}`)).status, status, query);
  });

  test("whoever was cut off from a log asks for what came since", async () => {
    using whole = await open("/logs/flood?tail=all&follow=0");
    assert.equal(await whole.closed, 1000);
    const [at = "", fraction = ""] = whole.texts[49_990]?.split(/(\.\d+)Z /) ?? [];
    using rest = await open(`/logs/flood?tail=all&follow=0&since=${Date.parse(`${at}Z`) / 1_000}${fraction}`);
    assert.equal(await rest.closed, 1000);
    const from = whole.texts.findIndex((text) => text.startsWith(`${at}${fraction}`));
    assert.deepEqual(rest.texts, whole.texts.slice(from));
    assert.equal((await refused("/logs/flood?since=yesterday")).status, 400);
  });

  test("a command ends when its client leaves, however it does", async () => {
    const running = async (what: string) =>
      (await tested.containers.processes("tickets")).some((line) => line.includes(what));
    for (const [mark, leave] of [
      ["4001", "close"],
      ["4002", "terminate"],
    ] as const) {
      using shell = await open("/exec/tickets");
      shell.socket.send(Buffer.from(`trap : HUP; sleep ${mark}\n`));
      await until(() => running(`sleep ${mark}`), { what: "what was typed runs" });
      shell.socket[leave]();
      await until(async () => !(await running(`sleep ${mark}`)), { what: "it has ended", timeoutMs: 15_000 });
    }
  });

  test("nobody gets into a container that does not run", async () => {
    assert.equal((await refused("/exec/printer")).status, 409);
  });

  test("a session that ends ends its sockets", async () => {
    const user = await yard.makeUser("operator");
    using log = await openDockmeshSocket(yard.url, `/logs/tickets?ticket=${await ticketOf(user)}`);
    await yard.opened.yard.identity.sessions.revokeAllOf(user.userId);
    assert.equal(await log.closed, 1000);
    assert.match(log.texts.at(-1) ?? "", /^error: /);
  });

  test("events are told in the engine's words, to those who may know of the host", async () => {
    const scoped = await yard.makeUser("viewer", ["prod"]);
    using events = await open("/events");
    using ofOther = await open("/events", scoped);
    await until(
      async () => {
        await tested.containers.run("eventful", ["true"]);
        await tested.containers.remove("eventful");
        return events.texts.length > 0;
      },
      { what: "an event" },
    );
    const start = JSON.parse(await events.text(/"action":"start"/));
    assert.deepEqual(
      { ...start, id: typeof start.id, time: typeof start.time },
      {
        source: "docker",
        type: "container",
        action: "start",
        id: "string",
        name: "eventful",
        image: "busybox:test",
        time: "number",
      },
    );
    assert.equal(ofOther.texts.length, 0);
  });

  test("containers of another host are reached through its agent", async () => {
    const local = { url: yard.url, token: yard.admin.token };
    await using _agent = await joinYard(local, { inside: ["env", `DOCKER_HOST=unix://${tested.docker.socketPath}`] });
    const { id } = await until(async () => {
      const hosts = await yard.admin.expect<{ id: string; status: string; kind: string }[]>(200, "GET", "/hosts");
      return hosts.find(({ kind, status }) => kind === "agent" && status === "online");
    });
    using events = await open("/events");
    using log = await open(`/logs/printer?host=${id}`);
    assert.equal(await log.closed, 1000);
    assert.equal(log.texts.length, 3);
    using shell = await open(`/exec/tickets?host=${id}`);
    shell.socket.send('{"type":"resize","cols":90,"rows":20}');
    shell.socket.send(Buffer.from("stty size\n"));
    await until(() => shell.shown().includes("20 90"), { what: "the terminal's size" });
    using stats = await open(`/stats/tickets?host=${id}`);
    await stats.text(/"pids_current":/);
    shell.socket.send(Buffer.from("exit\n"));
    assert.equal(await shell.closed, 1000);
    assert.match(await events.text(new RegExp(`"host_id":"${id}"`)), /"host_name":/);
    await yard.admin.expect(200, "GET", `/system/metrics?host=${id}`);
  });

  test("changes of stacks' files are told, whoever made them", async () => {
    using events = await open("/events");
    const compose = "services:\n  web:\n    image: busybox:test\n";
    await yard.admin.expect(201, "POST", "/stacks", { name: "shop", compose });
    assert.deepEqual(JSON.parse(await events.text(/"source":"stacks".*"created"/)), {
      ...{ source: "stacks", type: "created", name: "shop" },
    });
    await writeFile(join(yard.opened.data, "stacks", "shop", "compose.yaml"), `${compose}    restart: always\n`);
    assert.deepEqual(JSON.parse(await events.text(/"modified"/)), {
      ...{ source: "stacks", type: "modified", name: "shop", file: "compose.yaml" },
    });
  });

  test("events of an engine that comes back go on", async () => {
    using events = await open("/events");
    await tested.containers.remove("tickets"); // it would hold up the stop
    await tested.docker.stop();
    await tested.docker.start();
    await until(
      async () => {
        await tested.containers.run("again", ["true"]);
        await tested.containers.remove("again");
        return events.texts.some((text) => text.includes('"name":"again"'));
      },
      { what: "an event after the restart", timeoutMs: 20_000 },
    );
  });
});
