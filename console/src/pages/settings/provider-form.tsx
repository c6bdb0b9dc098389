/** A new OpenID provider, or a change of one. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { Check } from "../../components/check.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { Provider } from "./providers.tsx";

const texts = [
  { key: "display_name", title: "Name", isRequired: true },
  { key: "slug", title: "Short name, in addresses", isRequired: true },
  { key: "issuer_url", title: "Issuer", isRequired: true },
  { key: "client_id", title: "Client id", isRequired: true },
  { key: "scopes", title: "Scopes", isRequired: false },
  { key: "group_claim", title: "Claim that names groups", isRequired: false },
  { key: "admin_group", title: "Group of administrators", isRequired: false },
  { key: "operator_group", title: "Group of operators", isRequired: false },
  { key: "default_role", title: "Usual role", isRequired: true },
] as const;

interface ProviderFormProps {
  /** None: a new one. */
  readonly provider: Provider | undefined;
  onDone(): void;
  onClose(): void;
}

export function ProviderForm({ provider, onDone, onClose }: ProviderFormProps) {
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(texts.map(({ key }) => [key, provider?.[key] ?? (key === "default_role" ? "viewer" : "")])),
  );
  const [secret, setSecret] = useState("");
  const [enabled, setEnabled] = useState(provider?.enabled ?? true);
  const [busy, run] = useAction();

  const look = (): void =>
    run("The provider was not found", async () => {
      const body = { issuer_url: draft.issuer_url ?? "" };
      const { ok, error, issuer } = await call("POST /api/v1/oidc/providers/test-discovery", { body });
      if (!ok) throw new Error(error ?? "It does not answer as a provider does.");
      tell("There it is", issuer);
    });
  async function submit(): Promise<void> {
    const { slug = "", display_name = "", issuer_url = "", client_id = "", default_role = "" } = draft;
    const { scopes, group_claim, admin_group, operator_group } = draft;
    const body = {
      ...{ slug, display_name, issuer_url, client_id, default_role, enabled },
      ...{ scopes, group_claim, admin_group, operator_group },
      ...(secret !== "" && { client_secret: secret }),
      default_scope_tags: [...(provider?.default_scope_tags ?? [])],
    };
    if (provider) await call("PUT /api/v1/oidc/providers/{id}", { path: { id: provider.id }, body });
    else await call("POST /api/v1/oidc/providers", { body });
    onDone();
  }

  return (
    <FormDialog
      title={provider ? `Change ${provider.display_name}` : "New provider"}
      action={provider ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      {texts.map(({ key, title, isRequired }) => (
        <Field
          key={key}
          label={title}
          required={isRequired}
          autoComplete="off"
          value={draft[key] ?? ""}
          onChange={(event) => setDraft({ ...draft, [key]: event.target.value })}
        />
      ))}
      <Field
        label="Client secret"
        hint={provider ? "Left empty, it stays." : undefined}
        type="password"
        autoComplete="off"
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      <Check checked={enabled} onChange={setEnabled}>
        Users may sign in by it
      </Check>
      <div>
        <Button busy={busy} onClick={look}>
          Look whether it is there
        </Button>
      </div>
    </FormDialog>
  );
}
