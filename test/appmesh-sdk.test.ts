/** The published App Mesh SDK for JavaScript drives a yard, over HTTP and over HTTPS with the yard's own certificate. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AppMeshClient, AppMeshError } from "appmesh";
import { TOTP, URI } from "otpauth";
import { freePort } from "../src/platform/testing/free-port.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

const status = (code: number) => (error: unknown) => error instanceof AppMeshError && error.statusCode === code;

for (const scheme of ["http", "https"] as const) {
  describe(`the published SDK over ${scheme}`, { timeout: 180_000 }, () => {
    let yard: RunningYard;
    let url: string;
    let client: AppMeshClient;

    const connect = () => new AppMeshClient(url);
    async function signIn(username = "admin", password = adminPassword): Promise<AppMeshClient> {
      const signedIn = connect();
      await signedIn.login(username, password);
      return signedIn;
    }

    before(async () => {
      const port = await freePort();
      yard = await startYard(["--listen-appmesh", `${scheme}://127.0.0.1:${port}`]);
      url = `${scheme}://127.0.0.1:${port}`;
      client = await signIn();
    });
    after(() => yard?.[Symbol.asyncDispose]());

    test("a login holds a cookie session, which renews, and ends at its logoff", async () => {
      const session = await signIn();
      assert.ok(Array.isArray(await session.list_apps()));
      await session.renew_token();
      assert.ok(Array.isArray(await session.list_apps()));
      await session.logout();
      await assert.rejects(session.list_apps(), status(401));
    });

    test("a wrong password and an audience that is not offered are refused", async () => {
      await assert.rejects(connect().login("admin", "not the password"), status(401));
      await assert.rejects(connect().login("admin", adminPassword, null, "P1W", "somebody-else"), status(400));
    });

    test("an app is added, disabled, enabled and deleted; deleting it again says that it was not there", async () => {
      const added = await client.add_app("SDK", { name: "SDK", command: "sleep 1000", metadata: { from: "sdk" } });
      assert.equal(added.name, "SDK");
      await until(async () => (await client.get_app("SDK")).pid, { what: "the app runs" });
      assert.equal(await client.check_app_health("SDK"), true);
      assert.ok((await client.list_apps()).some(({ name }) => name === "SDK"));
      assert.equal(await client.disable_app("SDK"), true);
      assert.equal((await client.get_app("SDK")).status, 0);
      assert.equal(await client.enable_app("SDK"), true);
      await until(async () => (await client.get_app("SDK")).pid, { what: "the app runs again" });
      assert.equal(await client.delete_app("SDK"), true);
      assert.equal(await client.delete_app("SDK"), false);
    });

    test("a command runs to its end and gives its output and exit code", async () => {
      const outputs: unknown[] = [];
      const code = await client.run_app_sync(
        { command: "echo hello; exit 3", shell: true },
        (output) => outputs.push(output),
        10,
        20,
      );
      assert.equal(code, 3);
      assert.deepEqual(outputs, ["hello\n"]);
    });

    test("a command that outlives its time is killed and has exit code 9", async () => {
      const outputs: unknown[] = [];
      assert.equal(
        await client.run_app_sync(
          { command: "echo begun; sleep 60", shell: true },
          (output) => outputs.push(output),
          1,
          5,
        ),
        9,
      );
      assert.deepEqual(outputs, ["begun\n"]);
    });

    test("a run that is not waited for is followed to its end, and is gone then", async () => {
      const run = await client.run_app_async(
        { command: "for i in 1 2 3; do echo $i; sleep 0.3; done; exit 5", shell: true },
        20,
        30,
      );
      const outputs: string[] = [];
      assert.equal(await run.wait((text) => void outputs.push(text), 20), 5);
      assert.equal(outputs.join(""), "1\n2\n3\n");
      await assert.rejects(client.get_app(run.appName), status(404));
    });

    test("a copy of an app runs with other metadata on its standard input", async () => {
      await client.add_app("reads", { command: "cat", status: 0 });
      const outputs: unknown[] = [];
      assert.equal(
        await client.run_app_sync({ name: "reads", metadata: "given later" }, (output) => outputs.push(output), 10, 20),
        0,
      );
      assert.deepEqual(outputs, ["given later"]);
      await client.delete_app("reads");
    });

    test("files go up and come down with their mode; one that is there is not overwritten", async () => {
      using directory = temporaryDirectory();
      const local = join(directory.path, "local");
      const remote = join(directory.path, "remote ä");
      writeFileSync(local, "some\0bytes", { mode: 0o640 });
      await client.upload_file(local, remote);
      assert.equal(readFileSync(remote, "utf8"), "some\0bytes");
      assert.equal(statSync(remote).mode & 0o777, 0o640);
      await assert.rejects(client.upload_file(local, remote), status(400));
      const back = join(directory.path, "back");
      await client.download_file(remote, back);
      assert.equal(readFileSync(back, "utf8"), "some\0bytes");
      assert.equal(statSync(back).mode & 0o777, 0o640);
      await assert.rejects(client.download_file(join(directory.path, "nowhere"), back), status(404));
    });

    test("a large file that is streamed comes back as it went", async () => {
      using directory = temporaryDirectory();
      const local = join(directory.path, "large");
      writeFileSync(local, Buffer.alloc(24 * 1024 * 1024, "0123456789abcdef!"));
      await client.upload_file(local, `${local}.there`);
      await client.download_file(`${local}.there`, `${local}.back`);
      assert.ok(readFileSync(`${local}.back`).equals(readFileSync(local)));
    });

    test("labels are set, listed and deleted", async () => {
      assert.equal(await client.add_label("rack", "b 7"), true);
      assert.equal((await client.list_labels()).rack, "b 7");
      assert.equal(await client.delete_label("rack"), true);
      assert.equal((await client.list_labels()).rack, undefined);
      assert.ok((await client.list_labels()).arch);
    });

    test("a user is added, may do what the roles allow, is locked, unlocked and deleted", async () => {
      assert.equal(
        await client.add_user("sdk-user", {
          key: "a password",
          group: "sdk",
          roles: ["view"],
          email: "sdk@example.test",
        }),
        true,
      );
      assert.ok("sdk-user" in (await client.list_users()));
      const user = await signIn("sdk-user", "a password");
      assert.equal((await user.get_current_user()).name, "sdk-user");
      assert.ok((await user.get_user_permissions()).includes("app-view"));
      await assert.rejects(user.add_app("forbidden", { command: "true" }), status(400));
      assert.equal(await client.lock_user("sdk-user"), true);
      await assert.rejects(user.list_apps(), status(401));
      await assert.rejects(signIn("sdk-user", "a password"), status(401));
      assert.equal(await client.unlock_user("sdk-user"), true);
      const again = await signIn("sdk-user", "a password");
      assert.ok((await client.list_groups()).includes("sdk"));
      await assert.rejects(again.update_password("a password", "short"), status(400));
      assert.equal(await again.update_password("a password", "another one"), true);
      assert.ok(await signIn("sdk-user", "another one"));
      assert.equal(await client.delete_user("sdk-user"), true);
      await assert.rejects(signIn("sdk-user", "another one"), status(401));
    });

    test("roles are listed, made, changed and deleted, and act at once", async () => {
      const { manage = [] } = await client.list_roles();
      assert.ok(manage.includes("app-reg"));
      assert.equal(await client.update_role("manage", manage), true);
      assert.equal(await client.update_role("sdk-role", ["app-view-all"]), true);
      await client.add_user("role-user", { key: "a password", group: "sdk", roles: ["sdk-role"] });
      const user = await signIn("role-user", "a password");
      assert.ok(Array.isArray(await user.list_apps()));
      await client.update_role("sdk-role", ["label-view"]);
      await assert.rejects(user.list_apps(), status(400));
      assert.ok(await user.list_labels());
      assert.equal(await client.delete_role("sdk-role"), true);
      await assert.rejects(user.list_labels(), status(400));
      assert.ok((await client.list_permissions()).includes("app-reg"));
      await client.delete_user("role-user");
    });

    test("TOTP is set up, asked for at the login, and disabled", async () => {
      await client.add_user("totp-user", { key: "a password", group: "sdk", roles: ["view", "usermgr"] });
      const user = await signIn("totp-user", "a password");
      const generator = URI.parse(await user.get_totp_secret());
      assert.ok(generator instanceof TOTP);
      await user.enable_totp(generator.generate());
      assert.equal((await user.get_current_user()).mfa_enabled, true);

      const challenged = connect();
      const challenge = await challenged.login("totp-user", "a password").then(
        () => assert.fail("the login asked for no code"),
        (error: AppMeshError) => {
          assert.equal(error.statusCode, 428);
          return (error.responseData as { totp_challenge: string }).totp_challenge;
        },
      );
      await assert.rejects(challenged.validate_totp("totp-user", challenge, "000000"), status(401));
      await challenged.validate_totp("totp-user", challenge, generator.generate({ timestamp: Date.now() + 30_000 }));
      assert.equal((await challenged.get_current_user()).name, "totp-user");
      assert.equal(await challenged.disable_totp(), true);
      assert.ok(await signIn("totp-user", "a password"));
      await client.delete_user("totp-user");
    });

    test("the configuration is read and changed while the yard runs", async () => {
      assert.equal(typeof (await client.get_config()).REST.SSL.VerifyServer, "boolean");
      const { LogLevel: level } = (await client.get_config()).BaseConfig;
      assert.equal(await client.set_log_level("DEBUG"), "DEBUG");
      assert.equal((await client.get_config()).BaseConfig.LogLevel, "DEBUG");
      await client.set_log_level(level);
    });

    test("resources and metrics are there", async () => {
      assert.ok(Number((await client.get_host_resources()).cpu_cores) >= 1);
      assert.match(await client.metrics(), /^appmesh_prom_scrape_count/m);
    });

    test("a request for this very server that asks to be forwarded is answered", async () => {
      const forwarded = await signIn();
      forwarded.forwardingHost = "127.0.0.1";
      assert.ok(Array.isArray(await forwarded.list_apps()));
    });

    test("a message to a running program is answered by it", async () => {
      const worker = join(import.meta.dirname, "..", "examples", "nodetask.js");
      await client.add_app("answers", { command: `${process.execPath} ${worker}`, behavior: { exit: "keepalive" } });
      const reply = await until(() => client.run_task("answers", "6 * 7", 10).catch(() => undefined), {
        what: "the program answers",
        timeoutMs: 20_000,
      });
      assert.equal(String(reply).trim(), "42");
      assert.equal(await client.cancel_task("answers").catch(() => false), false);
      await client.delete_app("answers");
    });
  });
}
