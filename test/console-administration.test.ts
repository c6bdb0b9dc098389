/** What an administrator does in the console, by a real browser, on a yard with a real engine, a machine that joins, a provider to sign in by and somebody to
 *  be told. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as OTPAuth from "otpauth";
import type { Locator, Page } from "playwright-core";
import { startReceiver, type TestReceiver } from "../src/notifications/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { noBrowser, signIn } from "./support/console-browser.ts";
import { useVisitors } from "./support/console-suite.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { joinYard } from "./support/joined-agent.ts";
import { type OpenIdProviderServer, startOpenIdProvider } from "./support/openid-provider.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

/** @param greeting what it prints */
const composeOf = (greeting: string) => `services:
  app:
    image: ${busyboxImage}
    command: ["sh", "-c", "echo ${greeting}; sleep 100000"]
    network_mode: none
    stop_grace_period: 0s
`;

describe("The console of an administrator", { skip: noBrowser || skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({
    "docker-socket": tested.docker.socketPath,
    "listen-agents": "127.0.0.1:0",
    "notifications-allow-networks": "127.0.0.0/8",
    "openid-allow-networks": "127.0.0.0/8",
  }));
  const { open, visit } = useVisitors(() => yard.url);
  let receiver: TestReceiver;
  let provider: OpenIdProviderServer;
  before(async () => {
    receiver = await startReceiver();
    provider = await startOpenIdProvider([`${yard.url}/api/v1/auth/oidc/corp/callback`]);
    provider.people.set("ada", { email: "ada@corp.example", email_verified: true, preferred_username: "ada" });
  });
  after(async () => {
    await receiver?.[Symbol.asyncDispose]();
    await provider?.[Symbol.asyncDispose]();
  });

  const options = { timeout: 60_000 };

  test("a project that runs is adopted as it is", options, async (t) => {
    const id = await tested.containers.run("shop-app-1", ["sleep", "100000"], {
      StopTimeout: 0,
      Labels: {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "app",
        "com.docker.compose.container-number": "1",
      },
    });
    const page = await visit(t, "/adopt-stack");
    await page.getByText("shop").first().waitFor();
    await page.getByRole("button", { name: "Adopt…" }).click();
    await page.getByRole("textbox", { name: "compose.yaml" }).fill(composeOf("hello"));
    await page.getByRole("button", { name: "Adopt shop" }).click();
    await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
    await page.getByRole("row", { name: /shop-app-1/ }).waitFor();
    await page.getByText("running", { exact: true }).first().waitFor();
    const [still] = await yard.admin.expect<readonly { Id: string }[]>(200, "GET", "/containers");
    assert.equal(still?.Id, id, "its container was left alone");
  });

  test("a stack is deployed, changed, replaced in turn, and taken back", options, async (t) => {
    await yard.admin.expect(201, "POST", "/stacks", { name: "greeter", compose: composeOf("one") });
    const page = await visit(t, "/stacks/greeter");
    const dialog = page.getByRole("dialog");
    const deploy = async (): Promise<void> => {
      await page.getByRole("button", { name: "Deploy…" }).click();
      await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
      await page.getByText("done", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Close" }).click();
    };
    await deploy();
    await page.getByRole("link", { name: "Files" }).click();
    await page.getByRole("textbox", { name: "compose.yaml" }).fill(composeOf("two"));
    await page.getByRole("button", { name: "Save" }).click();
    const changes = page.getByRole("region", { name: "Changes of compose.yaml since deployment 1" });
    await changes.getByText(/^- .*echo one/).waitFor();
    await changes.getByText(/^\+ .*echo two/).waitFor();
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByRole("button", { name: "More for greeter-app-1" }).click();
    await page.getByRole("menuitem", { name: "Replace app in turn…" }).click();
    await dialog.getByRole("button", { name: "Replace" }).click();
    await page.getByText("app: 1 of 1 are new").waitFor();
    await deploy();
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("row", { name: /^2 / }).click();
    await dialog
      .getByRole("region", { name: "Changes of compose.yaml" })
      .getByText(/echo two/)
      .waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("row", { name: /^1 / }).click();
    await dialog.getByLabel("Its compose.yaml").selectOption({ label: "What has changed until now" });
    await dialog
      .getByRole("region", { name: "Changes of compose.yaml" })
      .getByText(/^\+ .*echo two/)
      .waitFor();
    await dialog.getByRole("button", { name: "Go back to it…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Go back" }).click();
    await page.getByText("greeter is back at deployment 1").waitFor();
    const { compose } = await yard.admin.expect<{ compose: string }>(200, "GET", "/stacks/greeter");
    assert.equal(compose, composeOf("one"));
  });

  test("a template is made of another one, and a stack of it", options, async (t) => {
    const page = await visit(t, "/stack-templates/new");
    await page.getByLabel("Name", { exact: true }).fill("Greeter");
    await page.getByLabel("Short name").fill("greeter");
    await page.getByRole("textbox", { name: "compose.yaml" }).fill(composeOf("{{ GREETING | default:hi }}"));
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("row", { name: /Greeter/ }).click();
    await page.getByText("else hi").waitFor();
    await page.getByRole("link", { name: "Make a copy" }).click();
    await page.getByLabel("Short name").fill("other");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("button", { name: "Delete Greeter (copy)" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("row", { name: /copy/ }).waitFor({ state: "detached" });
    await page.goto(`${yard.url}/console/new-stack`);
    await page.getByLabel("Begin with").selectOption({ label: "Greeter" });
    await page.getByLabel("Name of the stack").fill("from-template");
    await page.getByLabel("GREETING").fill("servus");
    await page.getByRole("button", { name: "Make and deploy it" }).click();
    await page.getByRole("heading", { level: 1, name: "from-template" }).waitFor();
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByRole("log").getByText("servus").waitFor();
  });

  test("a machine joins by the command that is shown once", options, async (t) => {
    const page = await visit(t, "/hosts");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "Add a host" }).click();
    await dialog.getByLabel("Name").fill("rig");
    await dialog.getByRole("button", { name: "Go on" }).click();
    const command = await dialog.getByRole("region", { name: "Command" }).innerText();
    const script = /^curl -fsSL '([^']+)' \| sh$/.exec(command.trim())?.[1];
    assert.ok(script, command);
    const token = new URL(script).searchParams.get("token") ?? "";
    assert.equal((await fetch(script)).status, 200);
    await dialog.getByRole("button", { name: "Done" }).click();
    await page.getByRole("row", { name: /rig.*pending/ }).waitFor();
    assert.ok(!(await page.content()).includes(token), "the token is shown once");
    const hosts = await yard.admin.expect<readonly { id: string; name: string }[]>(200, "GET", "/agents");
    const { id = "" } = hosts.find(({ name }) => name === "rig") ?? {};
    await using _agent = await joinYard({ url: yard.url, token: yard.admin.token }, { invitation: { id, token } });
    await page.getByRole("row", { name: /rig.*online/ }).click();
    await page.getByRole("heading", { name: "rig" }).waitFor();
    await page.getByRole("button", { name: "Remove…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByRole("heading", { name: "Hosts" }).waitFor();
    await page.getByRole("row", { name: /rig/ }).waitFor({ state: "detached" });
  });

  test("channels of alerts and of a team are made, tried and taken away", options, async (t) => {
    const page = await visit(t, "/alerts/channels");
    const dialog = page.getByRole("dialog");
    const isTold = async (times: number) =>
      until(() => receiver.received.length === times, { what: `the receiver is told ${times} times` });
    await page.getByRole("button", { name: "New channel" }).first().click();
    await dialog.getByLabel("Name").fill("Pager");
    await dialog.getByLabel("Address").fill(receiver.url);
    await dialog.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("button", { name: "More for Pager" }).click();
    await page.getByRole("menuitem", { name: "Send a test" }).click();
    await page.getByText("The test has arrived").waitFor();
    await isTold(1);
    await page.getByRole("button", { name: "More for Pager" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Nobody is told yet").waitFor();

    await page.goto(`${yard.url}/console/teams`);
    await page.getByRole("row", { name: /admin/ }).click();
    await page.getByRole("link", { name: "Channels" }).click();
    await page.getByRole("button", { name: "New channel" }).first().click();
    await dialog.getByLabel("Name").fill("Chat");
    await dialog.getByLabel("Address").fill(receiver.url);
    await dialog.getByRole("button", { name: "Send a test" }).click();
    await isTold(2);
    await dialog.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("region", { name: "The secret of the webhook" }).waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("button", { name: "Remove Chat" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("There are no channels yet").waitFor();
  });

  test("a provider is set up, found, and signed in by", options, async (t) => {
    const page = await visit(t, "/settings/sign-in");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "New provider" }).first().click();
    await dialog.getByLabel("Name", { exact: true }).fill("Corp");
    await dialog.getByLabel("Short name").fill("corp");
    await dialog.getByLabel("Issuer").fill(provider.issuer);
    await dialog.getByLabel("Client id").fill(provider.client.id);
    await dialog.getByLabel("Client secret").fill(provider.client.secret);
    await dialog.getByRole("button", { name: "Look whether it is there" }).click();
    await page.getByText("There it is").waitFor();
    await dialog.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("row", { name: /Corp/ }).waitFor();
    const stranger = await open(t);
    await stranger.goto(`${yard.url}/console`);
    await stranger.getByRole("link", { name: "Sign in by Corp" }).click();
    await stranger.locator("input[name=login]").fill("ada");
    await stranger.keyboard.press("Enter");
    await stranger.getByRole("button", { name: "ada" }).waitFor();
    await page.goto(`${yard.url}/console/users`);
    await page.getByRole("row", { name: /ada.*viewer/ }).waitFor();
  });

  test("who was locked out, or has lost the second factor, gets in again", options, async (t) => {
    const { username } = await yard.makeUser("view");
    const password = "another good password";
    await yard.opened.yard.identity.users.lock(username);
    const page = await visit(t, "/users");
    const act = async (name: string): Promise<void> => {
      await page.getByRole("button", { name: `More for ${username}` }).click();
      await page.getByRole("menuitem", { name }).click();
    };
    await act("Unlock");
    await page.getByText(`${username} can log in again`).waitFor();
    await act("Set a password…");
    await page.getByRole("dialog").getByLabel("Password").fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Set it" }).click();
    await page.getByText(`${username} has a new password`).waitFor();

    const own = await visit(t, "/account", { username, password });
    const dialog = own.getByRole("dialog");
    await own.getByRole("button", { name: "Set it up…" }).click();
    const secret = OTPAuth.Secret.fromBase32(await dialog.getByRole("region", { name: "Secret" }).innerText());
    await dialog.getByLabel("Code that the app shows").fill(new OTPAuth.TOTP({ secret }).generate());
    await dialog.getByRole("button", { name: "It is in the app" }).click();
    const codes = await dialog.getByRole("region", { name: "Your recovery codes" }).innerText();
    const [code = ""] = codes.trim().split("\n");
    await dialog.getByRole("button", { name: "I have it" }).click();
    const signOut = async (): Promise<void> => {
      await own.getByRole("button", { name: username }).click();
      await own.getByRole("menuitem", { name: "Sign out" }).click();
    };
    await signOut();
    await signIn(own, yard.url, password, username);
    await own.getByLabel("Code").fill(code);
    await own.getByRole("button", { name: "Go on" }).click();
    await own.getByRole("heading", { name: "Overview" }).waitFor();
    await signOut();

    await page.reload();
    await act("Take second factor off…");
    await page.getByRole("alertdialog").getByRole("button", { name: "Take it off" }).click();
    await page.getByRole("row", { name: new RegExp(`${username}.*off`) }).waitFor();
    await signIn(own, yard.url, password, username);
    await own.getByRole("heading", { name: "Overview" }).waitFor();
  });

  test("a role permits one thing more, a user gets a second one, and a team a viewer and room", options, async (t) => {
    const { username } = await yard.makeUser("viewer");
    const page = await visit(t, "/roles");
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "More for viewer" }).click();
    await page.getByRole("menuitem", { name: "All permissions…" }).click();
    await dialog.getByLabel("app-view-all").check();
    await dialog.getByRole("button", { name: "Write" }).click();
    await page.getByText("The role viewer is changed").waitFor();
    await page.goto(`${yard.url}/console/users`);
    await page.getByRole("button", { name: `More for ${username}` }).click();
    await page.getByRole("menuitem", { name: "Roles…" }).click();
    await dialog.getByLabel("tasks", { exact: true }).check();
    await dialog.getByRole("button", { name: "Write" }).click();
    await page.getByText(`${username} has viewer, tasks now`).waitFor();
    const { roles, permissions } = await yard.opened.yard.identity.users.get(username).then(async (user) => ({
      roles: user.roles,
      permissions: (await yard.opened.yard.identity.roles.all()).get("viewer"),
    }));
    assert.deepEqual([...roles].sort(), ["tasks", "viewer"]);
    assert.ok(permissions?.includes("apps.list"));

    await page.goto(`${yard.url}/console/teams`);
    await page.getByRole("button", { name: "New team" }).click();
    await dialog.getByLabel("Name").fill("crew");
    await dialog.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("button", { name: "Bring somebody in…" }).click();
    await dialog.getByLabel("User name, or e-mail address").fill(username);
    await dialog.getByLabel("As").selectOption("viewer");
    await dialog.getByRole("button", { name: "Bring in" }).click();
    await page.getByRole("row", { name: new RegExp(`${username}.*viewer`) }).waitFor();
    await page.getByRole("button", { name: "Quota…" }).click();
    await dialog.getByLabel("Size").fill("3 GiB");
    await dialog.getByRole("button", { name: "Write" }).click();
    await page.getByText("0 B of 3.0 GiB").waitFor();
  });

  test(
    "by keyboard alone a stack is made, deployed and taken back, and a user made and given a role",
    options,
    async (t) => {
      const page = await visit(t, "/new-stack");
      const { keyboard } = page;
      const dialog = page.getByRole("dialog");
      await page.getByLabel("Name", { exact: true }).waitFor();
      await keyboard.type("keys"); // the form begins there
      await tabTo(page, page.getByRole("textbox", { name: "compose.yaml" }));
      await keyboard.press("Control+a");
      await keyboard.insertText(composeOf("hello"));
      await keyboard.press("Control+Enter");
      await page.getByRole("heading", { level: 1, name: "keys" }).waitFor();
      await tabTo(page, page.getByRole("button", { name: "Deploy…" }));
      await keyboard.press("Enter");
      await tabTo(page, dialog.getByRole("button", { name: "Deploy", exact: true }));
      await keyboard.press("Enter");
      await page.getByText("done", { exact: true }).waitFor();
      await tabTo(page, page.getByRole("link", { name: "History" }));
      await keyboard.press("Enter");
      await tabTo(page, page.getByRole("row", { name: /busybox/ }));
      await keyboard.press("Enter");
      await tabTo(page, dialog.getByRole("button", { name: "Go back to it…" }));
      await keyboard.press("Enter");
      const question = page.getByRole("alertdialog");
      await tabTo(page, question.getByRole("button", { name: "Go back" }));
      await keyboard.press("Enter");
      await page.getByText(/^keys is back at deployment/).waitFor();

      await tabTo(page, page.getByRole("link", { name: "Users" }));
      await keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
      await tabTo(page, page.getByRole("button", { name: "New user" }));
      await keyboard.press("Enter");
      await dialog.getByLabel("Name", { exact: true }).waitFor();
      await keyboard.type("zoe");
      await keyboard.press("Tab");
      await keyboard.type("a password of some length");
      await keyboard.press("Enter");
      const row = page.getByRole("row", { name: /zoe/ });
      await row.waitFor();
      await tabTo(page, page.getByRole("row").nth(1)); // the first one below the head
      await keyboard.press("End");
      await tabTo(page, row.getByRole("button", { name: "More for zoe" }));
      await keyboard.press("Enter");
      await page.getByRole("menuitem", { name: "Roles…" }).press("Enter");
      await tabTo(page, dialog.getByLabel("tasks", { exact: true }));
      await keyboard.press("Space");
      await keyboard.press("Enter");
      await page.getByText("zoe has viewer, tasks now").waitFor();
    },
  );
});

/** Presses Tab until the focus is there, at most once around the page. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 150; presses++) {
    if ((await target.and(page.locator(":focus")).count()) > 0) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${target}`);
}
